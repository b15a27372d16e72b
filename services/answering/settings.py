"""Settings of answering."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import SettingsConfigDict

from services.platform.settings import LLMSettings, ServiceSettings


class WriterSettings(BaseModel):
    """How long a model may write, where one is configured."""

    model_config = ConfigDict(frozen=True)

    max_tokens: int = Field(default=400, ge=1, description="Longest answer.")
    budget_s: float = Field(default=8.0, gt=0, description="Longest wait for its last sentence.")
    rewrite_budget_s: float = Field(
        default=2.0, gt=0, description="Longest wait for a sentence that is written again."
    )


class AnsweringSettings(ServiceSettings):
    """Read from `ANSWERING_*`; the template writer needs no setting of its own."""

    model_config = SettingsConfigDict(env_prefix="ANSWERING_")

    llm: LLMSettings = LLMSettings()
    writer: WriterSettings = WriterSettings()
