"""Wiring of keyword search."""

from __future__ import annotations

from concierge.keyword_search.v1 import keyword_search_pb2_grpc

from services.keyword_search import consumer
from services.keyword_search.grpc_server import SERVICE_NAME, KeywordSearchServicer
from services.keyword_search.ports import KeywordIndex
from services.keyword_search.settings import KeywordSearchSettings
from services.platform.bus import Consumption, EventBus
from services.platform.rpc import RpcServer


async def start(
    settings: KeywordSearchSettings, *, bus: EventBus, server: RpcServer, index: KeywordIndex
) -> list[Consumption]:
    """Open both doors on an index."""
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
    )
