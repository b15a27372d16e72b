"""Settings of ingestion and its workers."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from services.platform.settings import ServiceSettings


class IngestionSettings(ServiceSettings):
    """Read from `INGESTION_*`; workers read the same."""

    model_config = SettingsConfigDict(env_prefix="INGESTION_")

    broker_url: SecretStr = Field(
        default=SecretStr(""), description="Redis URL of Celery; empty: no workers."
    )
    jobs_url: SecretStr = Field(
        default=SecretStr(""),
        description="Redis URL of jobs and quarantine; empty: SQLite, for one machine.",
    )
    jobs_timeout_s: float = Field(default=10.0, gt=0, description="For one answer of that Redis.")
    key_prefix: str = Field(default="concierge", description="Start of keys and queues in Redis.")
    jobs_file: Path = Field(
        default=Path(".data/ingestion.sqlite"), description="Jobs and quarantine (SQLite)."
    )
    spool_dir: Path = Field(
        default=Path(".data/spool"),
        description="Rows of running loads; a folder that all workers share.",
    )
    publish_target: str = Field(
        default="", description="gRPC address of the process that has the bus; empty: Kafka."
    )
    publish_timeout_s: float = Field(
        default=30.0, gt=0, description="For one batch over publish_target."
    )
    task_limit_s: int = Field(default=120, ge=1, description="Longest task expected.")
