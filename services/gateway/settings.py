"""Settings of the gateway."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.platform.settings import RedisSettings, ServiceSettings


class GatewaySettings(ServiceSettings):
    """Read from `GATEWAY_*`."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_")

    instance: str = Field(
        default="", description="Name of this instance, picks its lane; empty: the host's name."
    )
    answering_target: str = Field(
        default="answering:50051", description="gRPC address of answering."
    )
    keyword_search_target: str = Field(
        default="keyword-search:50051", description="gRPC address of keyword search."
    )
    rank_depth: int = Field(
        default=30, ge=1, le=500, description="Most hits a search ranks and keeps for paging."
    )
    max_searches: int = Field(
        default=64, ge=1, description="Searches in flight before new ones are refused."
    )
    first_searches: int = Field(
        default=16, ge=1, description="Searches in flight before it is known how many are too many."
    )
    min_searches: int = Field(
        default=4, ge=1, description="Searches in flight that are never refused."
    )
    queue_target_s: float = Field(
        default=0.1,
        gt=0,
        description="Time in queues above which fewer searches are admitted; see admission.py.",
    )
    stalled_after_s: float = Field(
        default=1.0,
        gt=0,
        description="A search in flight for longer waits for what is away; see admission.py.",
    )
    retry_after_s: float = Field(default=0.5, gt=0, description="What a refused client waits.")
    conversation_ttl_s: float = Field(default=3600, gt=0, description="Since the last turn.")
    most_conversations: int = Field(default=100_000, ge=1, description="Kept at once in memory.")
    most_conversation_bytes: int = Field(
        default=256 << 10, ge=1, description="Larger states are not kept in Redis."
    )
    archive_ttl_s: float = Field(default=900, gt=0, description="For paging and Explain.")
    most_archived: int = Field(default=2_000, ge=1, description="Searches kept at once in memory.")
    most_archived_bytes: int = Field(
        default=4 << 20, ge=1, description="Larger searches are not kept in Redis."
    )
    redis: RedisSettings = RedisSettings()
