"""Settings of keyword search."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.platform.settings import ServiceSettings


class KeywordSearchSettings(ServiceSettings):
    """Read from `KEYWORD_SEARCH_*`."""

    model_config = SettingsConfigDict(env_prefix="KEYWORD_SEARCH_")

    candidates: int = Field(default=50, ge=1, le=500, description="Candidates per search.")
    search_budget_s: float = Field(
        default=0.8, gt=0, description="Longest search; below RANKING_JOIN_BUDGET_S."
    )
    batch_size: int = Field(default=1_000, ge=1, description="Hotels indexed at once.")
    max_in_flight: int = Field(default=32, ge=1, description="Searches in work at once.")
