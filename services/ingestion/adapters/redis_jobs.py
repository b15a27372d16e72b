"""Jobs and the quarantine in Redis, for a service and workers on several machines.

A Redis with an append-only file that evicts nothing of ours (`maxmemory-policy` noeviction or
volatile-*), with or without replicas; not Redis Cluster, for transactions span keys.

Under `<key_prefix>:ingestion:`
    job:<id>        hash: the job
    chunks:<id>     hash: chunk number to its counts
    jobs            sorted set of job ids, newest first
    request:<id>    the job that a request made
    refused         sorted set by job, line, row id: the order of listing
    rows            hash: row id to the refused row
    digests         hash: hotel id to digest; about 90 bytes each
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import redis
from redis.client import Pipeline

from services.ingestion.domain.job import ChunkCounts, Job, JobState, RefusedRow
from services.platform.errors import NotFound, Unavailable

# Rows per command, so that no command keeps Redis from others for long.
ROWS_AT_ONCE = 1_000


class RedisJobs:
    """`JobStore` in Redis.

    What belongs together is written in one transaction; what depends on what is there (a request
    seen before, the last chunk) is done again when somebody else wrote in between.

    Args:
        url: redis:// or rediss://, with user and password.
        key_prefix: Start of every key.
        timeout_s: For a connection and for one answer.
    """

    def __init__(self, url: str, *, key_prefix: str, timeout_s: float) -> None:
        self._prefix = f"{key_prefix}:ingestion:"
        self._redis = redis.Redis.from_url(
            url, socket_connect_timeout=timeout_s, socket_timeout=timeout_s, protocol=2
        )

    def create(self, job: Job, request_id: str) -> Job:
        """Keep a new job; the same request id again returns the job it made."""
        request = self._key("request", request_id)

        def write(pipe: Pipeline) -> str:
            if request_id and (known := pipe.get(request)):
                pipe.multi()
                return _text(known)
            pipe.multi()
            if request_id:
                pipe.set(request, job.id)
            pipe.hset(self._key("job", job.id), mapping=_fields(job))
            pipe.zadd(self._key("jobs"), {job.id: -job.submitted_at})
            return job.id

        return self.get(self._transaction(write, request))

    def get(self, job_id: str) -> Job:
        """Return a job."""
        found = self._jobs([job_id])
        if not found:
            raise NotFound(
                "there is no such job", reason="JOB_UNKNOWN", metadata={"job_id": job_id}
            )
        return found[0]

    def jobs(self, *, limit: int, offset: int) -> list[Job]:
        """Return jobs, newest first."""
        with _answering():
            ids = self._redis.zrange(self._key("jobs"), offset, offset + limit - 1)
        return self._jobs([_text(id) for id in ids])

    def planned(self, job_id: str, *, row_count: int, chunk_count: int) -> None:
        """Note how many rows and chunks the job has."""
        key = self._key("job", job_id)

        def write(pipe: Pipeline) -> None:
            fields: dict[Any, Any] = {"row_count": row_count, "chunk_count": chunk_count}
            state = pipe.hget(key, "state")
            # Splitting may be repeated when the job has long ended.
            if state == JobState.QUEUED.encode():
                fields["state"] = JobState.RUNNING.value
            pipe.multi()
            if state is not None:
                pipe.hset(key, mapping=fields)

        self._transaction(write, key)
        self._end_if_complete(job_id)

    def failed(self, job_id: str, reason: str) -> None:
        """End the job as failed; one that has ended stays as it is."""
        key = self._key("job", job_id)

        def write(pipe: Pipeline) -> None:
            state, ended_at = pipe.hmget(key, "state", "ended_at")
            pipe.multi()
            if state is not None and ended_at is None:
                pipe.hset(key, mapping=_ended(JobState.FAILED, reason))

        self._transaction(write, key)

    def chunk_done(
        self,
        job_id: str,
        chunk: int,
        counts: ChunkCounts,
        refused: Sequence[RefusedRow],
        digests: Mapping[str, bytes],
    ) -> None:
        """Note a chunk's outcome, replacing an earlier try."""
        outcome = (counts.read, counts.published, counts.quarantined, counts.unchanged)
        with _answering():
            pipe = self._redis.pipeline()
            self._refuse(pipe, refused)
            self._know(pipe, digests)
            # A repeated chunk finds its own work already published: its first counts stand.
            pipe.hsetnx(self._key("chunks", job_id), str(chunk), json.dumps(outcome))
            pipe.execute()
        # A worker killed here has not acknowledged its task: the chunk is done and looked at again.
        self._end_if_complete(job_id)

    def digests(self, hotel_ids: Sequence[str]) -> dict[str, bytes]:
        """Return the digests of records published before."""
        if not hotel_ids:
            return {}
        with _answering():
            found = self._redis.hmget(self._key("digests"), list(hotel_ids))
        return {
            id: digest
            for id, digest in zip(hotel_ids, found, strict=True)
            if isinstance(digest, bytes)
        }

    def forget(self, hotel_ids: Sequence[str]) -> None:
        """Drop digests."""
        if hotel_ids:
            with _answering():
                self._redis.hdel(self._key("digests"), *hotel_ids)

    def refused(
        self, *, job_id: str = "", row_ids: Sequence[str] = (), limit: int, offset: int
    ) -> list[RefusedRow]:
        """Return refused rows in the order of job and line."""
        if row_ids:
            rows = [row for row in self._rows(row_ids) if job_id in ("", row.job_id)]
            rows.sort(key=lambda row: (row.job_id, row.line_number))
            return rows[offset : offset + limit]
        least, above = _places_of(job_id)
        with _answering():
            places = self._redis.zrangebylex(
                self._key("refused"), least, above, start=offset, num=limit
            )
        return self._rows([_text(place).rpartition("\0")[2] for place in places])

    def replayed(
        self,
        accepted: Sequence[str],
        refused: Sequence[RefusedRow],
        digests: Mapping[str, bytes],
    ) -> None:
        """Remove accepted rows from the quarantine and note the rest's new reasons."""
        gone = self._rows(accepted)
        with _answering():
            pipe = self._redis.pipeline()
            for row in gone:
                pipe.zrem(self._key("refused"), _place(row))
                pipe.hdel(self._key("rows"), row.id)
            self._refuse(pipe, refused)
            self._know(pipe, digests)
            pipe.execute()

    def _jobs(self, ids: Sequence[str]) -> list[Job]:
        with _answering():
            pipe = self._redis.pipeline()
            for id in ids:
                pipe.hgetall(self._key("job", id))
                pipe.hvals(self._key("chunks", id))
                pipe.zlexcount(self._key("refused"), *_places_of(id))
            answers = iter(pipe.execute())
        return [
            _job(id, fields, chunks, quarantined)
            for id, fields, chunks, quarantined in zip(ids, answers, answers, answers, strict=True)
            if fields
        ]

    def _end_if_complete(self, job_id: str) -> None:
        key, chunks = self._key("job", job_id), self._key("chunks", job_id)

        def write(pipe: Pipeline) -> None:
            chunk_count, ended_at = pipe.hmget(key, "chunk_count", "ended_at")
            done = pipe.hlen(chunks)
            pipe.multi()
            if ended_at is None and chunk_count is not None and int(chunk_count) == done:
                pipe.hset(key, mapping=_ended(JobState.SUCCEEDED))

        # Chunks only come: whoever adds the last one looks after it.
        self._transaction(write, key)

    def _transaction(self, write: Callable[[Pipeline], Any], *watched: str) -> Any:
        """Run reads, then after `multi` writes, again while somebody changes a watched key."""
        with _answering():
            return self._redis.transaction(write, *watched, value_from_callable=True)

    def _refuse(self, pipe: Pipeline, rows: Sequence[RefusedRow]) -> None:
        for row in rows:
            pipe.zadd(self._key("refused"), {_place(row): 0})
            pipe.hset(
                self._key("rows"),
                row.id,
                json.dumps([row.job_id, row.line_number, row.field, row.reason, row.raw]),
            )

    def _know(self, pipe: Pipeline, digests: Mapping[str, bytes]) -> None:
        if digests:
            known: dict[Any, Any] = dict(digests)
            pipe.hset(self._key("digests"), mapping=known)

    def _rows(self, ids: Sequence[str]) -> list[RefusedRow]:
        rows = []
        for start in range(0, len(ids), ROWS_AT_ONCE):
            some = ids[start : start + ROWS_AT_ONCE]
            with _answering():
                found = self._redis.hmget(self._key("rows"), list(some))
            rows += [
                RefusedRow(id, *json.loads(text))
                for id, text in zip(some, found, strict=True)
                if text is not None
            ]
        return rows

    def _key(self, *parts: str) -> str:
        return self._prefix + ":".join(parts)


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise Unavailable(f"the job store: {error}", reason="JOB_STORE") from error


def _place(row: RefusedRow) -> str:
    """Return where a row stands in the sorted set: by job, then line."""
    return f"{row.job_id}\0{row.line_number:012d}\0{row.id}"


def _places_of(job_id: str) -> tuple[str, str]:
    """Return the bounds of a job's places; of all places for ""."""
    return (f"[{job_id}\0", f"({job_id}\1") if job_id else ("-", "+")


def _text(raw: Any) -> str:
    return str(raw, "utf-8")


def _fields(job: Job) -> dict[Any, Any]:
    return {
        "path": job.path,
        "mapping": job.mapping_yaml,
        "base_path": job.base_path,
        "state": job.state.value,
        "submitted_at": repr(job.submitted_at),
    }


def _ended(state: JobState, failure: str = "") -> dict[Any, Any]:
    return {"state": state.value, "failure": failure, "ended_at": repr(time.time())}


def _job(id: str, raw: Mapping[bytes, bytes], chunks: Sequence[bytes], quarantined: int) -> Job:
    fields = {_text(name): _text(value) for name, value in raw.items()}
    read, published, _, unchanged = (
        sum(column) for column in zip((0, 0, 0, 0), *map(json.loads, chunks), strict=True)
    )
    return Job(
        id=id,
        path=fields["path"],
        mapping_yaml=fields["mapping"],
        base_path=fields["base_path"],
        state=JobState(fields["state"]),
        submitted_at=float(fields["submitted_at"]),
        row_count=int(fields["row_count"]) if "row_count" in fields else None,
        read=read,
        published=published,
        quarantined=quarantined,
        unchanged=unchanged,
        ended_at=float(fields["ended_at"]) if "ended_at" in fields else None,
        failure=fields.get("failure", ""),
    )
