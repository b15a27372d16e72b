"""Wiring of ranking."""

from __future__ import annotations

from concierge.ranking.v1 import ranking_pb2_grpc

from services.platform.bus import Consumption, EventBus
from services.platform.rpc import RpcServer
from services.ranking import consumer
from services.ranking.domain.features import Weights
from services.ranking.grpc_server import SERVICE_NAME, RankingServicer
from services.ranking.settings import RankingSettings
from services.vocabulary import Vocabulary


async def start(
    settings: RankingSettings, *, bus: EventBus, server: RpcServer, vocabulary: Vocabulary
) -> list[Consumption]:
    """Open both doors."""
    weights = Weights(**settings.weights.model_dump())
    server.add(
        ranking_pb2_grpc.add_RankingServiceServicer_to_server,
        RankingServicer(vocabulary, weights, settings.fusion),
        SERVICE_NAME,
    )
    return await consumer.subscribe(
        bus,
        vocabulary=vocabulary,
        weights=weights,
        fusion=settings.fusion,
        join_budget_s=settings.join_budget_s,
        max_in_flight=settings.max_in_flight,
    )
