"""Settings of vector retrieval."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from services.platform.settings import ServiceSettings, TritonSettings


class EmbedderSettings(TritonSettings):
    """The embedder on Triton; without a URL the one that ships runs in process."""

    model: str = Field(default="embedder", description="The model's name in Triton's repository.")
    dimension: int = Field(default=128, ge=1, description="Length of a vector.")
    version: str = Field(
        default="",
        description="What makes the vectors; another is refused. Empty: the one that ships.",
    )
    max_batch: int = Field(default=256, ge=1, description="Texts the model takes at once.")


class MilvusSettings(BaseModel):
    """Where the vectors of a cluster lie."""

    model_config = ConfigDict(frozen=True)

    uri: str = Field(
        default="", description="http:// or https:// with host and port; empty: faiss, in memory."
    )
    token: SecretStr = Field(
        default=SecretStr(""), description="user:password or an API key; empty: none asked for."
    )
    alias: str = Field(
        default="hotels",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,200}$",
        description="Alias of the collection; the collection itself is called <alias>_<date>.",
    )
    consistency: Literal["Strong", "Bounded", "Eventually"] = Field(
        default="Bounded",
        description="What a search sees: all writes (300 ms slower), those older than the server's "
        "graceful time (5 s), or what the server has read so far.",
    )
    index: Literal["FLAT", "HNSW"] = Field(
        default="FLAT",
        description="Of a new collection. FLAT is exact and costs in proportion to the hotels; "
        "HNSW is for more than about 200,000, and for vectors of a trained model.",
    )
    ef_least: int = Field(
        default=1_000, ge=1, description="HNSW: hotels looked at by an unfiltered search."
    )
    ef_most: int = Field(
        default=4_000, ge=1, le=16_384, description="HNSW: by a search with a narrow filter."
    )
    exact_rows: int = Field(
        default=2_000,
        ge=0,
        le=16_384,
        description="HNSW: when no more hotels pass the filter, all of them are scored.",
    )
    read_timeout_ms: int = Field(default=600, ge=1, description="For one read of a search.")
    write_timeout_s: float = Field(
        default=30.0, gt=0, description="For one write, and for the read that comes before it."
    )
    rows_per_write: int = Field(
        default=500, ge=1, le=1_000, description="Hotels in one request; Milvus takes 64 MB."
    )
    most_failures: int = Field(default=5, ge=1, description="In a row before it is not asked.")
    pause_ms: int = Field(default=1_000, ge=1, description="Not asked so long, then tried again.")
    root_certificates_file: Path | None = Field(
        default=None, description="PEM of the authorities trusted; unset: the system's."
    )
    certificate_file: Path | None = Field(
        default=None, description="PEM of this client's certificate, for mutual TLS."
    )
    key_file: Path | None = Field(
        default=None, description="PEM of the certificate's key, for mutual TLS."
    )


class VectorRetrievalSettings(ServiceSettings):
    """Read from `VECTOR_RETRIEVAL_*`."""

    model_config = SettingsConfigDict(env_prefix="VECTOR_RETRIEVAL_")

    embedder: EmbedderSettings = EmbedderSettings()
    candidates: int = Field(default=50, ge=1, le=500, description="Candidates per search.")
    search_budget_s: float = Field(
        default=0.8, gt=0, description="Longest search; below RANKING_JOIN_BUDGET_S."
    )
    batch_size: int = Field(default=2_000, ge=1, description="Hotels indexed at once.")
    max_in_flight: int = Field(
        default=8,
        ge=1,
        description="Searches in work at once; so many must end within search_budget_s.",
    )
    milvus: MilvusSettings = MilvusSettings()
