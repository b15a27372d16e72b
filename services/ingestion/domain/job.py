"""A load and what became of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class JobState(StrEnum):
    """Where a load stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """One load.

    Attributes:
        id: Id.
        path: The file.
        mapping_yaml: The mapping's text, "" for rows that are hotels already.
        base_path: Where relative paths of the mapping start.
        state: Where it stands.
        submitted_at: Unix seconds.
        row_count: Rows in the file, `None` until counted.
        read, published, quarantined, unchanged: Rows so far.
        ended_at: Unix seconds, `None` while it runs.
        failure: Why it failed.
    """

    id: str
    path: str
    mapping_yaml: str
    base_path: str
    state: JobState
    submitted_at: float
    row_count: int | None = None
    read: int = 0
    published: int = 0
    quarantined: int = 0
    unchanged: int = 0
    ended_at: float | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row in the quarantine: its line (from 1), the field at fault, why, and how it stood."""

    id: str
    job_id: str
    line_number: int
    field: str
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class ChunkCounts:
    """What became of the rows of one chunk."""

    read: int
    published: int
    quarantined: int
    unchanged: int
