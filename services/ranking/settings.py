"""Settings of ranking."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import SettingsConfigDict

from services.platform.settings import ServiceSettings, TritonSettings


class WeightSettings(BaseModel):
    """How much each feature counts; 0 switches one off."""

    model_config = ConfigDict(frozen=True)

    vector: float = Field(default=0.15, ge=0, description="Vector retrieval.")
    keyword: float = Field(default=0.25, ge=0, description="Keyword search.")
    preference: float = Field(default=1.0, ge=0, description="Each wish, times its own weight.")
    distance: float = Field(default=0.3, ge=0, description="Nearness to the plan's places.")
    guest_rating: float = Field(default=0.3, ge=0, description="Guest score, shrunk.")
    popularity: float = Field(default=0.05, ge=0, description="Review count.")


class RerankSettings(BaseModel):
    """How a reranker is used, where one is configured."""

    model_config = ConfigDict(frozen=True)

    depth: int = Field(default=50, ge=1, le=500, description="Best hits that it looks at.")
    weight: float = Field(default=1.0, ge=0, description="How much its probability counts.")
    budget_s: float = Field(default=0.15, gt=0, description="Longest wait for it.")


class RerankerSettings(TritonSettings):
    """The reranker on Triton; off by default, and one has to earn its place."""

    model: str = Field(default="reranker", description="The model's name in Triton's repository.")
    timeout_s: float = Field(
        default=0.12,
        gt=0,
        description="Longest wait; below rerank.budget_s, so that a server that hangs is noticed.",
    )


class RankingSettings(ServiceSettings):
    """Read from `RANKING_*`."""

    model_config = SettingsConfigDict(env_prefix="RANKING_")

    weights: WeightSettings = WeightSettings()
    rerank: RerankSettings = RerankSettings()
    reranker: RerankerSettings = RerankerSettings()
    fusion: str = Field(
        default="normalised", pattern="normalised|rrf", description="How stage scores join."
    )
    join_budget_s: float = Field(
        default=1.0, gt=0, description="Longest wait for the second recall stage."
    )
    max_in_flight: int = Field(default=256, ge=2, description="Events in work at once.")
