"""Settings of geocoding."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from services.platform.settings import RedisSettings, ServiceSettings


class KeyedProviderSettings(BaseModel):
    """A provider that knows us by a key."""

    model_config = ConfigDict(frozen=True)

    key: SecretStr = Field(default=SecretStr(""), description="Our key; empty: not asked.")
    url: str = Field(default="", description="Instead of the provider's own address.")
    per_second: float = Field(
        default=3.0, gt=0, description="Calls of one replica; share the quota among replicas."
    )
    per_day: int = Field(default=5_000, ge=1, description="Calls of one replica, from 0:00 UTC+8.")


class NominatimSettings(BaseModel):
    """A Nominatim server."""

    model_config = ConfigDict(frozen=True)

    url: str = Field(default="", description="Its address; empty: not asked.")
    user_agent: str = Field(
        default="concierge", description="Who we are; a public server asks for a contact in it."
    )
    per_second: float = Field(default=1.0, gt=0, description="Calls of one replica.")
    per_day: int = Field(default=10_000, ge=1, description="Calls of one replica.")


class GeocodingSettings(ServiceSettings):
    """Read from `GEOCODING_*`."""

    model_config = SettingsConfigDict(env_prefix="GEOCODING_")

    gazetteer_files: tuple[Path, ...] = Field(
        default=(),
        description="Places, JSON Lines; each replaces a shipped one of its name.",
    )
    amap: KeyedProviderSettings = KeyedProviderSettings()
    baidu: KeyedProviderSettings = KeyedProviderSettings()
    nominatim: NominatimSettings = NominatimSettings()
    provider_timeout_ms: int = Field(
        default=1_500, ge=1, description="For all providers together, per place."
    )
    provider_failures: int = Field(default=3, ge=1, description="In a row before it is not asked.")
    provider_pause_ms: int = Field(
        default=10_000, ge=1, description="Not asked so long, then tried again."
    )
    found_ttl_s: float = Field(
        default=30 * 86_400, gt=0, description="Providers' places are kept; mind their terms."
    )
    nothing_ttl_s: float = Field(
        default=86_400, gt=0, description="That a provider knows nothing is kept."
    )
    most_cached: int = Field(default=50_000, ge=1, description="Answers kept in memory.")
    redis: RedisSettings = RedisSettings()
    max_in_flight: int = Field(default=64, ge=1, description="Searches in work at once.")
