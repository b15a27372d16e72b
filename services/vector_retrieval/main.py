"""Wiring of vector retrieval."""

from __future__ import annotations

from concierge.vector_retrieval.v1 import vector_retrieval_pb2_grpc

from services.platform.bus import Consumption, EventBus
from services.platform.process import ServiceProcess
from services.platform.rpc import RpcServer
from services.vector_retrieval import consumer
from services.vector_retrieval.adapters.hashed_embedder import HashedEmbedder
from services.vector_retrieval.grpc_server import SERVICE_NAME, VectorRetrievalServicer
from services.vector_retrieval.ports import Embedder, VectorIndex
from services.vector_retrieval.settings import EmbedderSettings, VectorRetrievalSettings
from services.vocabulary import Vocabulary


async def start(
    settings: VectorRetrievalSettings,
    *,
    bus: EventBus,
    server: RpcServer,
    index: VectorIndex,
    embedder: Embedder,
    in_memory: bool = False,
) -> list[Consumption]:
    """Open both doors on an index; one in memory reads the whole catalogue in every process."""
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
        in_memory=in_memory,
    )


async def serve(settings: VectorRetrievalSettings) -> None:
    """Run vector retrieval as a process of its own.

    Without a Milvus every process holds the whole catalogue in memory and reads it at start.
    """
    async with ServiceProcess("vector_retrieval", settings) as process:
        embedder = _embedder(settings.embedder, process)
        index: VectorIndex
        # Imported here: either engine takes long to import and has no need of the other.
        if settings.milvus.uri:
            from services.vector_retrieval.adapters.milvus_index import MilvusIndex

            milvus = index = MilvusIndex.connected(
                settings.milvus, dimension=embedder.dimension, embedder_version=embedder.version
            )
            process.closes(milvus.close)
            process.ready_when("milvus", milvus.ready)
        else:
            from services.vector_retrieval.adapters.faiss_index import FaissIndex

            index = FaissIndex(embedder.dimension)
        consumptions = await start(
            settings,
            bus=await process.open_bus(),
            server=process.server,
            index=index,
            embedder=embedder,
            in_memory=not settings.milvus.uri,
        )
        process.reads(consumptions)
        if not settings.milvus.uri:
            process.ready_once_caught_up("catalogue", consumptions[1])
        await process.run()


def _embedder(settings: EmbedderSettings, process: ServiceProcess) -> Embedder:
    shipped = HashedEmbedder(Vocabulary.load(), dimension=settings.dimension)
    if not settings.url:
        return shipped
    from services.vector_retrieval.adapters.triton_embedder import TritonEmbedder

    embedder = TritonEmbedder(
        settings, dimension=settings.dimension, version=settings.version or shipped.version
    )
    process.closes(embedder.close)
    return embedder
