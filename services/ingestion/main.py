"""Wiring of ingestion."""

from __future__ import annotations

import asyncio

from concierge.ingestion.v1 import ingestion_pb2_grpc

from services.ingestion import backends
from services.ingestion.grpc_server import SERVICE_NAME, IngestionServicer
from services.ingestion.lost_tasks import LostTasks
from services.ingestion.settings import IngestionSettings
from services.platform.process import ServiceProcess
from services.platform.rpc import RpcServer
from services.vocabulary import Vocabulary


def add_to_server(
    settings: IngestionSettings, *, server: RpcServer, vocabulary: Vocabulary
) -> LostTasks:
    """Open the door on the backends that the settings choose; return who looks after its jobs."""
    store, queue = backends.job_store(settings), backends.task_queue(settings)
    server.add(
        ingestion_pb2_grpc.add_IngestionServiceServicer_to_server,
        IngestionServicer(store, queue, backends.publisher(settings), vocabulary),
        SERVICE_NAME,
    )
    return LostTasks(store, queue)


async def serve(settings: IngestionSettings) -> None:
    """Run ingestion's door as a process of its own; the workers are Celery's."""
    async with ServiceProcess("ingestion", settings) as process:
        lost = add_to_server(settings, server=process.server, vocabulary=Vocabulary.load())
        watching = asyncio.create_task(lost.watch())
        try:
            await process.run()
        finally:
            watching.cancel()
