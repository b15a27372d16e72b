"""The gRPC door of ranking."""

from __future__ import annotations

from concierge.ranking.v1 import ranking_pb2 as pb
from concierge.ranking.v1 import ranking_pb2_grpc

from services.platform.rpc import Context
from services.ranking import handlers, wire
from services.ranking.domain.features import Weights
from services.recall.wire import searchable_plan
from services.vocabulary import Vocabulary

SERVICE_NAME = "concierge.ranking.v1.RankingService"


class RankingServicer(ranking_pb2_grpc.RankingServiceServicer):
    """Ranking over gRPC."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        weights: Weights,
        fusion: str,
        rerank: handlers.Rerank[wire.Hotel] | None = None,
    ) -> None:
        self._vocabulary = vocabulary
        self._weights = weights
        self._fusion = fusion
        self._rerank = rerank

    async def RankHotels(
        self, request: pb.RankHotelsRequest, context: Context
    ) -> pb.RankHotelsResponse:
        """Order what the recall stages found."""
        limit = wire.limit_of(request.page_size)
        plan = searchable_plan(request.plan)
        ranking = await handlers.rank_and_rerank(
            plan,
            wire.stages_from_pb(request.stages, plan),
            points={},
            weights=self._weights,
            fusion=self._fusion,
            limit=limit,
            rerank=self._rerank,
        )
        return pb.RankHotelsResponse(result=wire.result_to_pb(ranking, plan, self._vocabulary))
