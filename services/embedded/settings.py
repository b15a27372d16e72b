"""Settings of the embedded deployment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.platform.settings import ServiceSettings


class EmbeddedSettings(ServiceSettings):
    """Read from `CONCIERGE_*`; the services' own settings from their own prefixes."""

    model_config = SettingsConfigDict(env_prefix="CONCIERGE_")

    data_dir: Path = Field(default=Path(".data/concierge"), description="What outlives us.")
    port: int = Field(default=50051, ge=0, le=65535, description="gRPC port; 0: any free one.")
    with_workers: bool = Field(default=True, description="Start the ingestion workers.")
    worker_processes: int = Field(default=2, ge=1, description="Celery processes.")
    gazetteer_files: tuple[Path, ...] = Field(
        default=(),
        description="Places, JSON Lines; each replaces a shipped one of its name.",
    )
    place_files: tuple[Path, ...] = Field(
        default=(),
        description="Places guests may name whose position nobody knows, JSON Lines.",
    )
    warm_up_s: float = Field(
        default=1_800.0, gt=0, description="Longest time to fill the indexes at start."
    )
