"""Wiring of keyword search."""

from __future__ import annotations

from concierge.keyword_search.v1 import keyword_search_pb2_grpc

from services.keyword_search import consumer
from services.keyword_search.grpc_server import SERVICE_NAME, KeywordSearchServicer
from services.keyword_search.ports import KeywordIndex
from services.keyword_search.settings import KeywordSearchSettings
from services.platform.bus import Consumption, EventBus
from services.platform.process import ServiceProcess
from services.platform.rpc import RpcServer


async def start(
    settings: KeywordSearchSettings,
    *,
    bus: EventBus,
    server: RpcServer,
    index: KeywordIndex,
    in_memory: bool = False,
    counted: bool = True,
) -> list[Consumption]:
    """Open both doors on an index; one in memory reads the whole catalogue in every process.

    Without `counted` the event door leaves matches to be counted by the other stage.
    """
    server.add(
        keyword_search_pb2_grpc.add_KeywordSearchServiceServicer_to_server,
        KeywordSearchServicer(index),
        SERVICE_NAME,
    )
    return await consumer.subscribe(
        bus,
        index,
        limit=settings.candidates,
        budget_s=settings.search_budget_s,
        batch_size=settings.batch_size,
        max_in_flight=settings.max_in_flight,
        in_memory=in_memory,
        counted=counted,
    )


async def serve(settings: KeywordSearchSettings) -> None:
    """Run keyword search as a process of its own.

    Without an Elasticsearch every process holds the whole catalogue in memory and reads it at
    start.
    """
    async with ServiceProcess("keyword_search", settings) as process:
        index: KeywordIndex
        # Imported here: either engine takes long to import and has no need of the other.
        if settings.elasticsearch.hosts:
            from services.keyword_search.adapters.elasticsearch_index import open_index

            elasticsearch = index = open_index(settings.elasticsearch)
            process.closes(elasticsearch.close)
            process.ready_when("elasticsearch", elasticsearch.ping)
        else:
            from services.keyword_search.adapters.tantivy_index import TantivyIndex

            index = TantivyIndex()
        in_memory = not settings.elasticsearch.hosts
        consumptions = await start(
            settings,
            bus=await process.open_bus(),
            server=process.server,
            index=index,
            in_memory=in_memory,
        )
        process.reads(consumptions)
        if in_memory:
            process.ready_once_caught_up("catalogue", consumptions[1])
        await process.run()
