"""The gRPC door of the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import structlog
from concierge.search.v1 import search_pb2, search_pb2_grpc

from services.gateway import wire
from services.gateway.domain.paging import PagePosition
from services.gateway.handlers import SEARCH_SHARE, Gateway
from services.platform.deadline import Deadline
from services.platform.errors import ConciergeError
from services.platform.rpc import Context, deadline_of

SERVICE_NAME = "concierge.search.v1.SearchService"

log = structlog.get_logger(__name__)


class SearchServicer(search_pb2_grpc.SearchServiceServicer):
    """The product over gRPC."""

    def __init__(self, gateway: Gateway, versions: Mapping[str, str]) -> None:
        self._gateway = gateway
        self._versions = versions

    async def SearchHotels(
        self, request: search_pb2.SearchHotelsRequest, context: Context
    ) -> search_pb2.SearchHotelsResponse:
        """Find hotels for one turn of a conversation."""
        command = wire.command(request.turn)
        if isinstance(command, PagePosition):
            return wire.response(await self._gateway.next_page(command))
        return wire.response(
            await self._gateway.search_hotels(command, deadline=deadline_of(context))
        )

    async def Recommend(
        self, request: search_pb2.RecommendRequest, context: Context
    ) -> AsyncIterator[search_pb2.RecommendResponse]:
        """Find hotels and answer in words."""
        deadline = deadline_of(context)
        turn = wire.turn_only(wire.command(request.turn))
        page = await self._gateway.search_hotels(
            turn, deadline=Deadline.after(deadline.budget_s(SEARCH_SHARE))
        )
        yield search_pb2.RecommendResponse(plan=page.completed.plan)
        yield search_pb2.RecommendResponse(result=wire.response(page))
        end = search_pb2.AnswerEnd(search_id=page.completed.context.search_id)
        try:
            async for part in self._gateway.answer(turn, page, deadline=deadline):
                if part.HasField("sentence"):
                    yield search_pb2.RecommendResponse(sentence=part.sentence)
                else:
                    end.writer = part.summary.writer
                    end.dropped_sentences = part.summary.dropped_sentences
                    end.degraded = part.summary.degraded
        except ConciergeError as error:
            # The guest keeps the hits; the missing answer is said, not hidden.
            log.warning("answer_not_written", reason=error.reason)
            end.degraded = True
        yield search_pb2.RecommendResponse(end=end)

    async def Explain(
        self, request: search_pb2.ExplainRequest, context: Context
    ) -> search_pb2.ExplainResponse:
        """Show how an earlier search came to its result."""
        completed = await self._gateway.explain(wire.search_id(request))
        return wire.explanation(completed, versions=self._versions)
