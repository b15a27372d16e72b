"""Wiring of ranking."""

from __future__ import annotations

from concierge.ranking.v1 import ranking_pb2_grpc

from services.platform.bus import Consumption, EventBus
from services.platform.process import ServiceProcess
from services.platform.rpc import RpcServer
from services.ranking import consumer, wire
from services.ranking.adapters.triton_reranker import TritonReranker
from services.ranking.domain.features import Weights
from services.ranking.grpc_server import SERVICE_NAME, RankingServicer
from services.ranking.handlers import Rerank
from services.ranking.ports import Reranker
from services.ranking.settings import RankingSettings
from services.vocabulary import Vocabulary


async def start(
    settings: RankingSettings,
    *,
    bus: EventBus,
    server: RpcServer,
    vocabulary: Vocabulary,
    reranker: Reranker | None = None,
) -> list[Consumption]:
    """Open both doors; without a reranker the fused order stands."""
    rerank = None
    if reranker is not None:
        rerank = Rerank(
            reranker,
            wire.passage_of,
            settings.rerank.depth,
            settings.rerank.weight,
            settings.rerank.budget_s,
        )
    weights = Weights(**settings.weights.model_dump())
    server.add(
        ranking_pb2_grpc.add_RankingServiceServicer_to_server,
        RankingServicer(vocabulary, weights, settings.fusion, rerank),
        SERVICE_NAME,
    )
    return await consumer.subscribe(
        bus,
        vocabulary=vocabulary,
        weights=weights,
        fusion=settings.fusion,
        rerank=rerank,
        join_budget_s=settings.join_budget_s,
        max_in_flight=settings.max_in_flight,
    )


async def serve(settings: RankingSettings) -> None:
    """Run ranking as a process of its own."""
    async with ServiceProcess("ranking", settings) as process:
        reranker = None
        if settings.reranker.url:
            reranker = TritonReranker(settings.reranker)
            process.closes(reranker.close)
        consumptions = await start(
            settings,
            bus=await process.open_bus(),
            server=process.server,
            vocabulary=Vocabulary.load(),
            reranker=reranker,
        )
        process.reads(consumptions)
        await process.run()
