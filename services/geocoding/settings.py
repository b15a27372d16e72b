"""Settings of geocoding."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.platform.settings import ServiceSettings


class GeocodingSettings(ServiceSettings):
    """Read from `GEOCODING_*`."""

    model_config = SettingsConfigDict(env_prefix="GEOCODING_")

    gazetteer_files: tuple[Path, ...] = Field(
        default=(), description="Places beside the shipped ones, JSON Lines."
    )
    max_in_flight: int = Field(default=64, ge=1, description="Searches in work at once.")
