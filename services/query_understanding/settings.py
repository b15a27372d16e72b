"""Settings of query understanding."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import SettingsConfigDict

from services.platform.settings import LLMSettings, ServiceSettings


class CascadeSettings(BaseModel):
    """Who is asked about words that the rules do not explain, besides `llm` where that has a url."""

    model_config = ConfigDict(frozen=True)

    budget_s: float = Field(default=0.5, gt=0, description="Longest wait for the language model.")
    share: float = Field(
        default=0.5, gt=0, le=1, description="Most of the time left that it may take."
    )
    concepts_file: Path | None = Field(
        default=None,
        description="Model that `make train-planner` wrote, run in process; unset: none.",
    )
    concepts_confidence: float = Field(
        default=0.7, ge=0, le=1, description="Least confidence of what that model proposes."
    )


class QueryUnderstandingSettings(ServiceSettings):
    """Read from `QUERY_UNDERSTANDING_*`."""

    model_config = SettingsConfigDict(env_prefix="QUERY_UNDERSTANDING_")

    llm: LLMSettings = LLMSettings()
    cascade: CascadeSettings = CascadeSettings()
    place_files: tuple[Path, ...] = Field(
        default=(),
        description="Places guests may name that no hotel need list, JSON Lines: name, names, "
        "name_en, category. Gazetteer files will do.",
    )
    batch_size: int = Field(default=2_000, ge=1, description="Hotels learnt at once.")
    max_in_flight: int = Field(default=16, ge=1, description="Searches in work at once.")
