"""The gRPC door of query understanding."""

from __future__ import annotations

from concierge.query_understanding.v1 import query_understanding_pb2 as pb
from concierge.query_understanding.v1 import query_understanding_pb2_grpc

from services.platform.rpc import Context, deadline_of
from services.query_understanding import handlers, metrics, wire
from services.query_understanding.domain.catalog_names import CatalogLexicon
from services.query_understanding.domain.explanation import explain
from services.query_understanding.domain.lexemes import Lexemes
from services.query_understanding.handlers import Readers

SERVICE_NAME = "concierge.query_understanding.v1.QueryUnderstandingService"


class QueryUnderstandingServicer(query_understanding_pb2_grpc.QueryUnderstandingServiceServicer):
    """Query understanding over gRPC."""

    def __init__(self, lexemes: Lexemes, lexicon: CatalogLexicon, readers: Readers) -> None:
        self._lexemes = lexemes
        self._lexicon = lexicon
        self._readers = readers

    async def PlanQuery(
        self, request: pb.PlanQueryRequest, context: Context
    ) -> pb.PlanQueryResponse:
        """Read one turn into a plan."""
        text, state, history, locale, city = wire.command(request)
        planned = await handlers.plan_query(
            text, state, history, locale=locale, city=city,
            lexemes=self._lexemes, lexicon=self._lexicon, readers=self._readers,
            deadline=deadline_of(context),
        )  # fmt: skip
        metrics.observe(planned.plan)
        explained = explain(planned.turn, planned.reading) if request.explain else None
        return wire.response(planned.plan, planned.state, explained)
