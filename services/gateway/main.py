"""Wiring of the gateway."""

from __future__ import annotations

import socket
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import grpc
from concierge.search.v1 import search_pb2_grpc

from services.gateway.adapters.grpc_backends import GrpcAnswerer, GrpcRecords
from services.gateway.adapters.memory_store import MemoryArchive, MemoryConversations
from services.gateway.adapters.redis_store import RedisArchive, RedisConversations
from services.gateway.domain.admission import AdmissionGate
from services.gateway.grpc_server import SERVICE_NAME, SearchServicer
from services.gateway.handlers import Gateway
from services.gateway.ports import ConversationStore, SearchArchive
from services.gateway.replies import COMPLETED_TOPIC, ReplyLane
from services.gateway.settings import GatewaySettings
from services.platform.adapters.guarded_redis import GuardedRedis
from services.platform.bus import EventBus
from services.platform.process import ServiceProcess
from services.platform.rpc import RpcServer
from services.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Stores:
    """Where conversations and finished searches are kept."""

    conversations: ConversationStore
    archive: SearchArchive
    redis: GuardedRedis | None = None


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """What `start` opened."""

    replies: ReplyLane
    stores: Stores

    async def stop(self) -> None:
        """Stop the reply lane and close what is kept open."""
        await self.replies.stop()
        if self.stores.redis is not None:
            await self.stores.redis.close()


def stores(settings: GatewaySettings) -> Stores:
    """Return the stores in Redis where it is configured, else in memory."""
    if not settings.redis.url.get_secret_value():
        return Stores(
            MemoryConversations(
                ttl_s=settings.conversation_ttl_s, most=settings.most_conversations
            ),
            MemoryArchive(ttl_s=settings.archive_ttl_s, most=settings.most_archived),
        )
    redis = GuardedRedis(settings.redis)
    return Stores(
        RedisConversations(
            redis,
            key_prefix=settings.redis.key_prefix,
            ttl_s=settings.conversation_ttl_s,
            most_bytes=settings.most_conversation_bytes,
        ),
        RedisArchive(
            redis,
            key_prefix=settings.redis.key_prefix,
            ttl_s=settings.archive_ttl_s,
            most_bytes=settings.most_archived_bytes,
        ),
        redis,
    )


async def start(
    settings: GatewaySettings,
    *,
    bus: EventBus,
    server: RpcServer,
    answering: grpc.aio.Channel,
    keyword_search: grpc.aio.Channel,
    versions: Mapping[str, str],
) -> RunningGateway:
    """Open the door and the reply lane; return what has to be stopped at the end."""
    instance = settings.instance or socket.gethostname()
    lane = zlib.crc32(instance.encode()) % bus.partitions(COMPLETED_TOPIC)
    replies = ReplyLane(bus, lane)
    kept = stores(settings)
    gateway = Gateway(
        bus=bus,
        replies=replies,
        conversations=kept.conversations,
        archive=kept.archive,
        records=GrpcRecords(keyword_search),
        answerer=GrpcAnswerer(answering),
        gate=AdmissionGate(
            settings.max_searches,
            first_in_flight=settings.first_searches,
            least_in_flight=settings.min_searches,
            queue_target_s=settings.queue_target_s,
            stalled_after_s=settings.stalled_after_s,
            retry_after_s=settings.retry_after_s,
        ),
        rank_depth=settings.rank_depth,
    )
    server.add(
        search_pb2_grpc.add_SearchServiceServicer_to_server,
        SearchServicer(gateway, versions),
        SERVICE_NAME,
    )
    await replies.start()
    return RunningGateway(replies, kept)


async def serve(settings: GatewaySettings) -> None:
    """Run the gateway as a process of its own."""
    async with ServiceProcess("gateway", settings) as process:
        running = await start(
            settings,
            bus=await process.open_bus(),
            server=process.server,
            answering=process.calls(settings.answering_target),
            keyword_search=process.calls(settings.keyword_search_target),
            versions={"vocabulary": Vocabulary.load().version},
        )
        process.closes(running.stop)
        await process.run()
