"""Settings of vector retrieval."""

from __future__ import annotations

from pydantic import Field
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


class VectorRetrievalSettings(ServiceSettings):
    """Read from `VECTOR_RETRIEVAL_*`."""

    model_config = SettingsConfigDict(env_prefix="VECTOR_RETRIEVAL_")

    embedder: EmbedderSettings = EmbedderSettings()
    candidates: int = Field(default=50, ge=1, le=500, description="Candidates per search.")
    search_budget_s: float = Field(
        default=0.8, gt=0, description="Longest search; below RANKING_JOIN_BUDGET_S."
    )
    batch_size: int = Field(default=1_000, ge=1, description="Hotels indexed at once.")
    max_in_flight: int = Field(default=32, ge=1, description="Searches in work at once.")
