"""The gRPC door of query understanding."""

from __future__ import annotations

from concierge.query_understanding.v1 import query_understanding_pb2 as pb
from concierge.query_understanding.v1 import query_understanding_pb2_grpc
from services.plan.wire import plan_to_pb
from services.platform.errors import InvalidArgument
from services.platform.rpc import Context
from services.query_understanding import handlers, wire
from services.query_understanding.domain.lexemes import Lexemes
from services.query_understanding.ports import CatalogLexicon

SERVICE_NAME = "concierge.query_understanding.v1.QueryUnderstandingService"


class QueryUnderstandingServicer(query_understanding_pb2_grpc.QueryUnderstandingServiceServicer):
    """Query understanding over gRPC."""

    def __init__(self, lexemes: Lexemes, lexicon: CatalogLexicon) -> None:
        self._lexemes = lexemes
        self._lexicon = lexicon

    async def PlanQuery(
        self, request: pb.PlanQueryRequest, context: Context
    ) -> pb.PlanQueryResponse:
        """Read one turn into a plan."""
        if request.HasField("state") and request.history:
            raise InvalidArgument("cannot be given together with state", field="history")
        plan, state = handlers.plan_query(
            request.text,
            wire.state_from_pb(request.state),
            wire.history_from_pb(request.history),
            locale=request.locale,
            city=request.city,
            lexemes=self._lexemes,
            lexicon=self._lexicon,
        )
        return pb.PlanQueryResponse(plan=plan_to_pb(plan), state=wire.state_to_pb(state))
