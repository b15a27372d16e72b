"""The gRPC door of keyword search."""

from __future__ import annotations

from concierge.keyword_search.v1 import keyword_search_pb2 as pb
from concierge.keyword_search.v1 import keyword_search_pb2_grpc
from concierge.recall.v1 import candidate_pb2

from services.keyword_search import handlers, wire
from services.keyword_search.ports import KeywordIndex
from services.platform.rpc import Context
from services.recall import wire as recall_wire

SERVICE_NAME = "concierge.keyword_search.v1.KeywordSearchService"


class KeywordSearchServicer(keyword_search_pb2_grpc.KeywordSearchServiceServicer):
    """Keyword search over gRPC."""

    def __init__(self, index: KeywordIndex) -> None:
        self._index = index

    async def RetrieveByKeyword(
        self, request: pb.RetrieveByKeywordRequest, context: Context
    ) -> pb.RetrieveByKeywordResponse:
        """Find the hotels whose words match best."""
        limit = recall_wire.limit_of(request.page_size)
        plan = recall_wire.searchable_plan(request.plan)
        recalled = await handlers.retrieve(plan, limit=limit, index=self._index)
        return pb.RetrieveByKeywordResponse(
            result=recall_wire.stage_result(
                candidate_pb2.RECALL_STAGE_KEYWORD, recalled, index_version=self._index.version()
            )
        )

    async def GetHotels(
        self, request: pb.GetHotelsRequest, context: Context
    ) -> pb.GetHotelsResponse:
        """Read records by id."""
        found = await handlers.get_hotels(wire.hotel_ids(request), index=self._index)
        return wire.hotels_response(*found)
