"""The Celery door of ingestion: split a job, load a chunk.

Clients are made on first use, after the worker has forked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
from celery import Task
from kombu.exceptions import OperationalError

from services.ingestion import backends, loading
from services.ingestion.adapters.celery_app import make_app
from services.ingestion.domain.job import JobState
from services.ingestion.ports import CataloguePublisher, JobStore
from services.ingestion.settings import IngestionSettings
from services.ingestion.spool import Chunk, Spool
from services.platform.errors import ConciergeError, Unavailable
from services.vocabulary import Vocabulary

settings = IngestionSettings()
app = make_app(settings)

RETRY_S = 1.0

log = structlog.get_logger(__name__)


class _JobTask(Task):  # type: ignore[type-arg]
    """A task of one job, its first argument."""

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """End the job with an error that nobody expected, instead of leaving it without end."""
        log.error("task_failed", task=self.name, job_id=args[0], exc_info=exc)
        _store().failed(args[0], f"internal error: {type(exc).__name__}")


@app.task(name="concierge.split", base=_JobTask, bind=True, max_retries=None)
def split(task: Any, job_id: str) -> None:
    """Split a job and enqueue its chunks."""
    store = _store()
    with _retrying(task, job_id):
        job = store.get(job_id)
        if job.ended_at is not None:  # the task came twice
            return
        chunks = loading.split(job, spool=_spool(job_id), vocabulary=Vocabulary.load(), store=store)
        for chunk in chunks:
            load.delay(job_id, chunk.number, chunk.start, chunk.end)


@app.task(name="concierge.load", base=_JobTask, bind=True, max_retries=None)
def load(task: Any, job_id: str, number: int, start: int, end: int) -> None:
    """Load one chunk; after the last one its rows are no longer needed."""
    store = _store()
    with _retrying(task, job_id):
        job = store.get(job_id)
        if job.ended_at is not None:  # the task came twice, or another chunk failed the job
            return
        loading.load_chunk(
            job,
            Chunk(number, start, end),
            spool=_spool(job_id),
            reader=_reader(job_id),
            superseded=_superseded(job_id),
            store=store,
            publisher=_publisher(),
        )
        if store.get(job_id).state is JobState.SUCCEEDED:
            _spool(job_id).remove()


@contextmanager
def _retrying(task: Any, job_id: str) -> Iterator[None]:
    """Try again later what is temporary; end the job with what is not."""
    try:
        try:
            yield
        except ConciergeError as error:
            if error.retryable:
                raise
            _store().failed(job_id, error.message)
            _spool(job_id).remove()
        except OperationalError as error:
            raise Unavailable("the task broker is away", reason="BROKER_AWAY") from error
    except ConciergeError as error:
        raise task.retry(exc=error, countdown=RETRY_S) from error


@lru_cache(maxsize=1)
def _store() -> JobStore:
    return backends.job_store(settings)


@lru_cache(maxsize=1)
def _publisher() -> CataloguePublisher:
    return backends.publisher(settings)


@lru_cache(maxsize=8)
def _reader(job_id: str) -> loading.RowReader:
    job = _store().get(job_id)
    return loading.RowReader(job.mapping_yaml, Path(job.base_path), Vocabulary.load())


@lru_cache(maxsize=8)
def _superseded(job_id: str) -> frozenset[int]:
    return _spool(job_id).read_superseded()


def _spool(job_id: str) -> Spool:
    return Spool.of(settings.spool_dir, job_id)
