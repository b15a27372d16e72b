"""What ingestion does: take jobs, replay refused rows, remove hotels, pass on facts.

Calls block.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from services.ingestion import loading
from services.ingestion.domain.job import Job, JobState, RefusedRow
from services.ingestion.domain.mapping import read_mapping
from services.ingestion.ports import CataloguePublisher, Facts, JobStore, TaskQueue
from services.platform.errors import InvalidArgument, NotFound
from services.vocabulary import Vocabulary


def submit_job(
    path: Path,
    mapping_yaml: str,
    base_path: Path,
    request_id: str,
    *,
    store: JobStore,
    queue: TaskQueue,
) -> Job:
    """Check what can be checked at once, keep the job, hand it to a worker.

    Raises:
        InvalidArgument: The file does not exist or the mapping is malformed.
        Unavailable: The store or the broker is away.
        FailedPrecondition: There are no workers.
    """
    try:
        is_file = path.is_file()
    except OSError as error:
        raise InvalidArgument(f"cannot be read: {error.strerror}", field="path") from error
    if not is_file:
        raise InvalidArgument(f"{path} is no file", field="path")
    if mapping_yaml:
        read_mapping(mapping_yaml)
    job = Job(
        uuid.uuid4().hex[:12],
        str(path),
        mapping_yaml,
        str(base_path),
        JobState.QUEUED,
        time.time(),
    )
    kept = store.create(job, request_id)
    if kept.id == job.id:
        queue.enqueue(job.id)
    return kept


def replay_quarantine(
    row_ids: Sequence[str],
    job_id: str,
    corrections: dict[str, str],
    *,
    store: JobStore,
    vocabulary: Vocabulary,
    publisher: CataloguePublisher,
) -> tuple[int, int]:
    """Try refused rows again; return how many were published and how many are still refused.

    Raises:
        NotFound: A row is not in the quarantine.
        Unavailable: The bus or the store is away.
    """
    wanted = list(dict.fromkeys([*row_ids, *corrections]))
    rows: list[RefusedRow] = store.refused(job_id=job_id, row_ids=wanted, limit=1_000_000, offset=0)
    missing = set(wanted) - {row.id for row in rows}
    if missing:
        raise NotFound(
            "not in the quarantine", metadata={"row_ids": ", ".join(sorted(missing)[:5])}
        )
    return loading.replay(
        rows,
        corrections,
        jobs={id: store.get(id) for id in {row.job_id for row in rows}},
        vocabulary=vocabulary,
        store=store,
        publisher=publisher,
        now_s=time.time(),
    )


def remove_hotels(
    hotel_ids: Sequence[str], *, store: JobStore, publisher: CataloguePublisher
) -> int:
    """Take hotels out of the catalogue; return how many.

    Raises:
        Unavailable: The bus or the store is away; some may be removed.
    """
    ids = list(dict.fromkeys(hotel_ids))
    # First: a record loaded again after its removal is a change, also when we are killed between.
    store.forget(ids)
    publisher.remove(ids)
    return len(ids)


def change_facts(
    changes: Sequence[Facts], *, store: JobStore, publisher: CataloguePublisher
) -> int:
    """Pass on fast facts; return how many.

    A later load of a hotel counts as a change even if its row is as before: it is newer than
    these facts.

    Raises:
        Unavailable: The bus or the store is away; some may be published.
    """
    store.forget([change.hotel_id for change in changes])
    publisher.change_facts(changes)
    return len(changes)
