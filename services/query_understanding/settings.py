"""Settings of query understanding."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import SettingsConfigDict

from services.platform.settings import LLMSettings, ServiceSettings


class CascadeSettings(BaseModel):
    """How long a model may think about words the rules do not explain, where one is configured."""

    model_config = ConfigDict(frozen=True)

    budget_s: float = Field(default=0.5, gt=0, description="Longest wait for it.")
    share: float = Field(
        default=0.5, gt=0, le=1, description="Most of the time left before the deadline."
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
