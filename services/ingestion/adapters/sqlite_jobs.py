"""Jobs and the quarantine in SQLite, shared by the service and its workers."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from services.ingestion.domain.job import ChunkCounts, Job, JobState, RefusedRow
from services.platform.errors import NotFound, Unavailable

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, request_id TEXT UNIQUE, path TEXT, mapping TEXT, base_path TEXT,
    state TEXT, submitted_at REAL, row_count INTEGER, chunk_count INTEGER, ended_at REAL,
    failure TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS chunks (
    job_id TEXT, chunk INTEGER, read INTEGER, published INTEGER, quarantined INTEGER,
    unchanged INTEGER, PRIMARY KEY (job_id, chunk)
);
CREATE TABLE IF NOT EXISTS refused (
    id TEXT PRIMARY KEY, job_id TEXT, line INTEGER, field TEXT, reason TEXT, raw TEXT
);
CREATE INDEX IF NOT EXISTS refused_by_job ON refused (job_id, line);
CREATE TABLE IF NOT EXISTS digests (hotel_id TEXT PRIMARY KEY, digest BLOB) WITHOUT ROWID;
"""

_JOB = """
SELECT id, path, mapping, base_path, state, submitted_at, row_count,
    (SELECT COALESCE(SUM(read), 0) FROM chunks WHERE job_id = jobs.id),
    (SELECT COALESCE(SUM(published), 0) FROM chunks WHERE job_id = jobs.id),
    (SELECT COUNT(*) FROM refused WHERE job_id = jobs.id),
    (SELECT COALESCE(SUM(unchanged), 0) FROM chunks WHERE job_id = jobs.id),
    ended_at, failure
FROM jobs
"""


class SqliteJobs:
    """`JobStore` in one SQLite file. Opened per call: safe across processes and forks."""

    def __init__(self, file: Path) -> None:
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        with self._db() as db:
            db.executescript(_SCHEMA)

    @contextmanager
    def _db(self) -> Iterator[sqlite3.Connection]:
        try:
            db = sqlite3.connect(self._file, timeout=30.0)
            try:
                db.execute("PRAGMA journal_mode=WAL")
                db.execute("PRAGMA synchronous=NORMAL")
                with db:
                    yield db
            finally:
                db.close()
        except sqlite3.OperationalError as error:
            raise Unavailable(f"the job store: {error}", reason="JOB_STORE") from error

    def create(self, job: Job, request_id: str) -> Job:
        """Keep a new job; the same request id again returns the job it made."""
        with self._db() as db:
            db.execute(
                "INSERT OR IGNORE INTO jobs (id, request_id, path, mapping, base_path, state, "
                "submitted_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    job.id, request_id or None, job.path, job.mapping_yaml, job.base_path,
                    job.state.value, job.submitted_at,
                ),
            )  # fmt: skip
            row = db.execute(
                f"{_JOB} WHERE id = ? OR request_id = ?", (job.id, request_id or None)
            ).fetchone()
        return _job(row)

    def get(self, job_id: str) -> Job:
        """Return a job."""
        with self._db() as db:
            row = db.execute(f"{_JOB} WHERE id = ?", (job_id,)).fetchone()
        if row is None:
            raise NotFound(
                "there is no such job", reason="JOB_UNKNOWN", metadata={"job_id": job_id}
            )
        return _job(row)

    def jobs(self, *, limit: int, offset: int) -> list[Job]:
        """Return jobs, newest first."""
        with self._db() as db:
            rows = db.execute(
                f"{_JOB} ORDER BY submitted_at DESC, id LIMIT ? OFFSET ?", (limit, offset)
            ).fetchall()
        return [_job(row) for row in rows]

    def planned(self, job_id: str, *, row_count: int, chunk_count: int) -> None:
        """Note how many rows and chunks the job has."""
        with self._db() as db:
            db.execute(
                "UPDATE jobs SET row_count = ?, chunk_count = ? WHERE id = ?",
                (row_count, chunk_count, job_id),
            )
            # Splitting may be repeated when the job has long ended.
            db.execute(
                "UPDATE jobs SET state = ? WHERE id = ? AND state = ?",
                (JobState.RUNNING.value, job_id, JobState.QUEUED.value),
            )
            self._end_if_complete(db, job_id)

    def failed(self, job_id: str, reason: str) -> None:
        """End the job as failed; one that has ended stays as it is."""
        with self._db() as db:
            db.execute(
                "UPDATE jobs SET state = ?, failure = ?, ended_at = ? "
                "WHERE id = ? AND ended_at IS NULL",
                (JobState.FAILED.value, reason, time.time(), job_id),
            )

    def chunk_done(
        self,
        job_id: str,
        chunk: int,
        counts: ChunkCounts,
        refused: Sequence[RefusedRow],
        digests: Mapping[str, bytes],
    ) -> None:
        """Note a chunk's outcome, replacing an earlier try."""
        with self._db() as db:
            _refuse(db, refused)
            db.executemany("INSERT OR REPLACE INTO digests VALUES (?, ?)", digests.items())
            # A repeated chunk finds its own work already published: its first counts stand.
            db.execute(
                "INSERT OR IGNORE INTO chunks VALUES (?, ?, ?, ?, ?, ?)",
                (
                    job_id, chunk, counts.read, counts.published, counts.quarantined,
                    counts.unchanged,
                ),
            )  # fmt: skip
            self._end_if_complete(db, job_id)

    @staticmethod
    def _end_if_complete(db: sqlite3.Connection, job_id: str) -> None:
        db.execute(
            "UPDATE jobs SET state = ?, ended_at = ? WHERE id = ? AND ended_at IS NULL AND "
            "chunk_count = (SELECT COUNT(*) FROM chunks WHERE job_id = jobs.id)",
            (JobState.SUCCEEDED.value, time.time(), job_id),
        )

    def digests(self, hotel_ids: Sequence[str]) -> dict[str, bytes]:
        """Return the digests of records published before."""
        marks = ",".join("?" * len(hotel_ids))
        with self._db() as db:
            return dict(
                db.execute(
                    f"SELECT hotel_id, digest FROM digests WHERE hotel_id IN ({marks})",
                    list(hotel_ids),
                ).fetchall()
            )

    def forget(self, hotel_ids: Sequence[str]) -> None:
        """Drop digests."""
        with self._db() as db:
            db.executemany("DELETE FROM digests WHERE hotel_id = ?", [(id,) for id in hotel_ids])

    def refused(
        self, *, job_id: str = "", row_ids: Sequence[str] = (), limit: int, offset: int
    ) -> list[RefusedRow]:
        """Return refused rows in the order of job and line."""
        where, values = [], []
        if job_id:
            where.append("job_id = ?")
            values.append(job_id)
        if row_ids:
            where.append(f"id IN ({','.join('?' * len(row_ids))})")
            values.extend(row_ids)
        clause = f"WHERE {' AND '.join(where)}" if where else ""
        with self._db() as db:
            rows = db.execute(
                f"SELECT id, job_id, line, field, reason, raw FROM refused {clause} "
                "ORDER BY job_id, line LIMIT ? OFFSET ?",
                (*values, limit, offset),
            ).fetchall()
        return [RefusedRow(*row) for row in rows]

    def replayed(
        self,
        accepted: Sequence[str],
        refused: Sequence[RefusedRow],
        digests: Mapping[str, bytes],
    ) -> None:
        """Remove accepted rows from the quarantine and note the rest's new reasons."""
        with self._db() as db:
            db.executemany("DELETE FROM refused WHERE id = ?", [(id,) for id in accepted])
            _refuse(db, refused)
            db.executemany("INSERT OR REPLACE INTO digests VALUES (?, ?)", digests.items())


def _refuse(db: sqlite3.Connection, rows: Sequence[RefusedRow]) -> None:
    db.executemany(
        "INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?, ?, ?)",
        [(r.id, r.job_id, r.line_number, r.field, r.reason, r.raw) for r in rows],
    )


def _job(row: tuple[object, ...]) -> Job:
    (id, path, mapping, base, state, submitted, rows, read, published, quarantined, unchanged,
     ended, failure) = row  # fmt: skip
    return Job(
        id=str(id),
        path=str(path),
        mapping_yaml=str(mapping),
        base_path=str(base),
        state=JobState(str(state)),
        submitted_at=float(str(submitted)),
        row_count=None if rows is None else int(str(rows)),
        read=int(str(read)),
        published=int(str(published)),
        quarantined=int(str(quarantined)),
        unchanged=int(str(unchanged)),
        ended_at=None if ended is None else float(str(ended)),
        failure=str(failure),
    )
