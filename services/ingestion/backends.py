"""Which adapters the settings choose, for the service and for its workers alike."""

from __future__ import annotations

from services.ingestion.adapters.celery_app import make_app
from services.ingestion.adapters.celery_queue import CeleryQueue, NoQueue
from services.ingestion.adapters.grpc_publisher import GrpcPublisher
from services.ingestion.adapters.kafka_publisher import KafkaPublisher
from services.ingestion.adapters.redis_jobs import RedisJobs
from services.ingestion.adapters.sqlite_jobs import SqliteJobs
from services.ingestion.ports import CataloguePublisher, JobStore, TaskQueue
from services.ingestion.settings import IngestionSettings
from services.platform.topics import load_topics


def job_store(settings: IngestionSettings) -> JobStore:
    """Return the jobs in Redis where it is configured, else in the SQLite file."""
    if url := settings.jobs_url.get_secret_value():
        return RedisJobs(url, key_prefix=settings.key_prefix, timeout_s=settings.jobs_timeout_s)
    return SqliteJobs(settings.jobs_file)


def publisher(settings: IngestionSettings) -> CataloguePublisher:
    """Return the way onto the bus: the in-memory one of the process that is named, else Kafka."""
    if settings.publish_target:
        return GrpcPublisher(settings.publish_target, timeout_s=settings.publish_timeout_s)
    return KafkaPublisher(settings.kafka, load_topics())


def task_queue(settings: IngestionSettings) -> TaskQueue:
    """Return the queue on the broker; without one, a queue that refuses."""
    return CeleryQueue(make_app(settings)) if settings.broker_url.get_secret_value() else NoQueue()
