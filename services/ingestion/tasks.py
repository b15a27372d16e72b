"""The Celery door of ingestion: split a job, load a chunk.

Clients are made on first use, after the worker has forked.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from services.ingestion import loading
from services.ingestion.adapters.celery_app import make_app
from services.ingestion.adapters.grpc_publisher import GrpcPublisher
from services.ingestion.adapters.sqlite_jobs import SqliteJobs
from services.ingestion.settings import IngestionSettings
from services.platform.errors import ConciergeError
from services.vocabulary import Vocabulary

settings = IngestionSettings()
app = make_app(settings)

RETRY_S = 1.0


@app.task(name="concierge.split", bind=True, max_retries=None)
def split(task: Any, job_id: str) -> None:
    """Split a job and enqueue its chunks."""
    store = _store()
    try:
        job = store.get(job_id)
        chunks = loading.split(job, spool=_spool(job_id), vocabulary=Vocabulary.load(), store=store)
    except ConciergeError as error:
        if error.retryable:
            raise task.retry(exc=error, countdown=RETRY_S) from error
        store.failed(job_id, error.message)
        return
    for chunk in chunks:
        load.delay(job_id, chunk.number, chunk.start, chunk.end)


@app.task(name="concierge.load", bind=True, max_retries=None)
def load(task: Any, job_id: str, number: int, start: int, end: int) -> None:
    """Load one chunk."""
    store = _store()
    try:
        loading.load_chunk(
            store.get(job_id),
            loading.Chunk(number, start, end),
            spool=_spool(job_id),
            reader=_reader(job_id),
            superseded=_superseded(job_id),
            store=store,
            publisher=_publisher(),
        )
    except ConciergeError as error:
        if error.retryable:
            raise task.retry(exc=error, countdown=RETRY_S) from error
        store.failed(job_id, error.message)


@lru_cache(maxsize=1)
def _store() -> SqliteJobs:
    return SqliteJobs(settings.jobs_file)


@lru_cache(maxsize=1)
def _publisher() -> GrpcPublisher:
    return GrpcPublisher(settings.publish_target, timeout_s=settings.publish_timeout_s)


@lru_cache(maxsize=8)
def _reader(job_id: str) -> loading.RowReader:
    job = _store().get(job_id)
    return loading.RowReader(job.mapping_yaml, Path(job.base_path), Vocabulary.load())


@lru_cache(maxsize=8)
def _superseded(job_id: str) -> frozenset[int]:
    return frozenset(json.loads(_spool(job_id).with_suffix(".superseded").read_text()))


def _spool(job_id: str) -> Path:
    return settings.spool_dir / f"{job_id}.rows"
