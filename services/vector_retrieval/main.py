"""Wiring of vector retrieval."""

from __future__ import annotations

from concierge.vector_retrieval.v1 import vector_retrieval_pb2_grpc

from services.platform.bus import Consumption, EventBus
from services.platform.rpc import RpcServer
from services.vector_retrieval import consumer
from services.vector_retrieval.grpc_server import SERVICE_NAME, VectorRetrievalServicer
from services.vector_retrieval.ports import Embedder, VectorIndex
from services.vector_retrieval.settings import VectorRetrievalSettings


async def start(
    settings: VectorRetrievalSettings,
    *,
    bus: EventBus,
    server: RpcServer,
    index: VectorIndex,
    embedder: Embedder,
) -> list[Consumption]:
    """Open both doors on an index."""
    server.add(
        vector_retrieval_pb2_grpc.add_VectorRetrievalServiceServicer_to_server,
        VectorRetrievalServicer(index, embedder),
        SERVICE_NAME,
    )
    return await consumer.subscribe(
        bus,
        index,
        embedder,
        limit=settings.candidates,
        budget_s=settings.search_budget_s,
        batch_size=settings.batch_size,
        max_in_flight=settings.max_in_flight,
    )
