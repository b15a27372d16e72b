"""Settings of answering."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from services.platform.settings import ServiceSettings


class AnsweringSettings(ServiceSettings):
    """Read from `ANSWERING_*`; the template writer needs no setting of its own."""

    model_config = SettingsConfigDict(env_prefix="ANSWERING_")
