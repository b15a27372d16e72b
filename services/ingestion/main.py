"""Wiring of ingestion."""

from __future__ import annotations

from concierge.ingestion.v1 import ingestion_pb2_grpc

from services.ingestion import backends
from services.ingestion.grpc_server import SERVICE_NAME, IngestionServicer
from services.ingestion.settings import IngestionSettings
from services.platform.process import ServiceProcess
from services.platform.rpc import RpcServer
from services.vocabulary import Vocabulary


def add_to_server(
    settings: IngestionSettings, *, server: RpcServer, vocabulary: Vocabulary
) -> None:
    """Open the door on the backends that the settings choose."""
    server.add(
        ingestion_pb2_grpc.add_IngestionServiceServicer_to_server,
        IngestionServicer(
            backends.job_store(settings),
            backends.task_queue(settings),
            backends.publisher(settings),
            vocabulary,
        ),
        SERVICE_NAME,
    )


async def serve(settings: IngestionSettings) -> None:
    """Run ingestion's door as a process of its own; the workers are Celery's."""
    async with ServiceProcess("ingestion", settings) as process:
        add_to_server(settings, server=process.server, vocabulary=Vocabulary.load())
        await process.run()
