"""Settings of keyword search."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from services.platform.settings import ServiceSettings


class ElasticsearchSettings(BaseModel):
    """The cluster that holds the hotels; without hosts they are held in this process."""

    model_config = ConfigDict(frozen=True)

    hosts: tuple[str, ...] = Field(
        default=(), description="Addresses, https://host:port, as a JSON list; empty: not used."
    )
    username: str = Field(default="", description="For basic authentication; empty: none.")
    password: SecretStr = Field(default=SecretStr(""), description="Of that user.")
    api_key: SecretStr = Field(
        default=SecretStr(""), description="Instead of user and password; empty: none."
    )
    ca_certs: Path | None = Field(
        default=None, description="PEM file of who signs its certificate; empty: the system's."
    )
    alias: str = Field(
        default="hotels",
        pattern=r"[a-z0-9][a-z0-9_.-]*",
        description="What the index is found under; indexes are named <alias>-<date>.",
    )
    shards: int = Field(
        default=1, ge=1, description="Of a new index; scores are of one shard each, so one is best."
    )
    replicas: int = Field(default=1, ge=0, description="Copies beside the first, of a new index.")
    request_timeout_s: float = Field(
        default=0.7, gt=0, description="Longest search; below KEYWORD_SEARCH_SEARCH_BUDGET_S."
    )
    bulk_timeout_s: float = Field(default=30.0, gt=0, description="Longest batch of writes.")
    most_connections: int = Field(default=32, ge=1, description="Connections at once, per host.")
    most_failures: int = Field(default=3, ge=1, description="In a row before it is not asked.")
    pause_ms: int = Field(default=1_000, ge=1, description="Not asked so long, then tried again.")


class KeywordSearchSettings(ServiceSettings):
    """Read from `KEYWORD_SEARCH_*`."""

    model_config = SettingsConfigDict(env_prefix="KEYWORD_SEARCH_")

    candidates: int = Field(default=50, ge=1, le=500, description="Candidates per search.")
    search_budget_s: float = Field(
        default=0.8, gt=0, description="Longest search; below RANKING_JOIN_BUDGET_S."
    )
    elasticsearch: ElasticsearchSettings = ElasticsearchSettings()
    batch_size: int = Field(default=2_000, ge=1, description="Hotels indexed at once.")
    max_in_flight: int = Field(
        default=8,
        ge=1,
        description="Searches in work at once; so many must end within search_budget_s.",
    )
