"""Wiring of the gateway."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import grpc
from concierge.search.v1 import search_pb2_grpc

from services.gateway.adapters.grpc_backends import GrpcAnswerer, GrpcRecords
from services.gateway.adapters.memory_store import MemoryArchive, MemoryConversations
from services.gateway.domain.admission import AdmissionGate
from services.gateway.grpc_server import SERVICE_NAME, SearchServicer
from services.gateway.handlers import Gateway
from services.gateway.replies import COMPLETED_TOPIC, ReplyLane
from services.gateway.settings import GatewaySettings
from services.platform.bus import EventBus
from services.platform.rpc import RpcServer


async def start(
    settings: GatewaySettings,
    *,
    bus: EventBus,
    server: RpcServer,
    backends: grpc.aio.Channel,
    versions: Mapping[str, str],
) -> ReplyLane:
    """Open the door and the reply lane; return the lane, to be stopped at the end."""
    lane = zlib.crc32(settings.instance.encode()) % bus.partitions(COMPLETED_TOPIC)
    replies = ReplyLane(bus, lane)
    gateway = Gateway(
        bus=bus,
        replies=replies,
        conversations=MemoryConversations(
            ttl_s=settings.conversation_ttl_s, most=settings.most_conversations
        ),
        archive=MemoryArchive(ttl_s=settings.archive_ttl_s, most=settings.most_archived),
        records=GrpcRecords(backends),
        answerer=GrpcAnswerer(backends),
        gate=AdmissionGate(settings.max_searches, settings.retry_after_s),
        rank_depth=settings.rank_depth,
    )
    server.add(
        search_pb2_grpc.add_SearchServiceServicer_to_server,
        SearchServicer(gateway, versions),
        SERVICE_NAME,
    )
    await replies.start()
    return replies
