"""Settings of ingestion and its workers."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.platform.settings import ServiceSettings


class IngestionSettings(ServiceSettings):
    """Read from `INGESTION_*`; workers read the same."""

    model_config = SettingsConfigDict(env_prefix="INGESTION_")

    broker_url: str = Field(default="", description="Redis URL of Celery; empty: no workers.")
    jobs_file: Path = Field(
        default=Path(".data/ingestion.sqlite"), description="Jobs and quarantine (SQLite)."
    )
    spool_dir: Path = Field(default=Path(".data/spool"), description="Rows of running loads.")
    publish_target: str = Field(
        default="", description="gRPC address of the process that has the bus."
    )
    publish_timeout_s: float = Field(default=30.0, gt=0, description="For one batch.")
    task_limit_s: int = Field(default=120, ge=1, description="Longest task expected.")
