"""What every JobStore must do, whatever keeps the jobs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from services.ingestion.domain.job import ChunkCounts, Job, JobState, RefusedRow
from services.ingestion.ports import JobStore
from services.platform.errors import NotFound

NONE = ChunkCounts(0, 0, 0, 0)


def job(id: str, submitted_at: float = 1_700_000_000.25) -> Job:
    return Job(id, f"/data/{id}.jsonl", "id: id", "/data", JobState.QUEUED, submitted_at)


def row(job_id: str, line: int, reason: str = "no price") -> RefusedRow:
    return RefusedRow(f"{job_id}-{line}", job_id, line, "price", reason, '{"name": "北京"}')


def counts(read: int, refused: int = 0) -> ChunkCounts:
    return ChunkCounts(read, read - refused, refused, 0)


class JobStoreContract:
    """Fixture `store`: empty."""

    def test_a_job_comes_back_as_it_was_kept(self, store: JobStore) -> None:
        assert store.create(job("a"), "") == job("a")
        assert store.get("a") == job("a")

    def test_an_unknown_job_is_not_found(self, store: JobStore) -> None:
        with pytest.raises(NotFound):
            store.get("never")
        store.planned("never", row_count=1, chunk_count=1)
        store.failed("never", "whatever")
        with pytest.raises(NotFound):
            store.get("never")
        assert store.jobs(limit=10, offset=0) == []

    def test_a_request_id_makes_one_job(self, store: JobStore) -> None:
        assert store.create(job("a"), "r1").id == "a"
        assert store.create(job("b"), "r1").id == "a"
        assert store.create(job("c"), "r2").id == "c"
        assert {kept.id for kept in store.jobs(limit=10, offset=0)} == {"a", "c"}

    def test_a_request_repeated_at_once_makes_one_job(self, store: JobStore) -> None:
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda n: store.create(job(f"j{n}"), "r").id, range(8)))
        assert len(set(made)) == 1
        assert len(store.jobs(limit=10, offset=0)) == 1

    def test_jobs_are_listed_newest_first_by_pages(self, store: JobStore) -> None:
        for n in range(5):
            store.create(job(f"j{n}", submitted_at=1_000.0 + n), "")
        pages = [store.jobs(limit=2, offset=offset) for offset in (0, 2, 4, 6)]
        assert [[kept.id for kept in page] for page in pages] == [
            ["j4", "j3"], ["j2", "j1"], ["j0"], [],
        ]  # fmt: skip

    def test_a_job_succeeds_with_its_last_chunk(self, store: JobStore) -> None:
        store.create(job("a"), "")
        store.planned("a", row_count=7, chunk_count=2)
        running = store.get("a")
        assert (running.state, running.row_count) == (JobState.RUNNING, 7)
        store.chunk_done("a", 0, counts(4), [], {})
        assert (store.get("a").state, store.get("a").read) == (JobState.RUNNING, 4)
        store.chunk_done("a", 1, ChunkCounts(3, 1, 1, 1), [row("a", 5)], {})
        done = store.get("a")
        assert done.state is JobState.SUCCEEDED
        assert done.ended_at is not None
        assert (done.read, done.published, done.quarantined, done.unchanged) == (7, 5, 1, 1)

    def test_chunks_may_be_done_before_the_job_is_planned(self, store: JobStore) -> None:
        store.create(job("a"), "")
        store.chunk_done("a", -1, NONE, [], {})
        store.planned("a", row_count=0, chunk_count=1)
        assert store.get("a").state is JobState.SUCCEEDED

    def test_a_chunk_done_again_counts_once_and_its_rows_are_replaced(
        self, store: JobStore
    ) -> None:
        store.create(job("a"), "")
        store.planned("a", row_count=4, chunk_count=2)
        store.chunk_done("a", 0, counts(4, refused=1), [row("a", 1)], {"h": b"1"})
        store.chunk_done("a", 0, ChunkCounts(4, 0, 1, 3), [row("a", 1, "later")], {"h": b"2"})
        again = store.get("a")
        assert (again.read, again.published, again.unchanged, again.quarantined) == (4, 3, 0, 1)
        assert [held.reason for held in store.refused(limit=9, offset=0)] == ["later"]
        assert store.digests(["h"]) == {"h": b"2"}

    def test_chunks_done_at_once_end_the_job(self, store: JobStore) -> None:
        store.create(job("a"), "")
        store.planned("a", row_count=40, chunk_count=40)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: store.chunk_done("a", n, counts(1), [], {}), range(40)))
        assert (store.get("a").state, store.get("a").read) == (JobState.SUCCEEDED, 40)

    def test_splitting_again_after_the_end_changes_nothing(self, store: JobStore) -> None:
        store.create(job("a"), "")
        store.planned("a", row_count=1, chunk_count=1)
        store.chunk_done("a", 0, counts(1), [], {})
        ended = store.get("a")
        store.planned("a", row_count=1, chunk_count=1)
        assert store.get("a") == ended

    def test_a_failed_job_stays_failed(self, store: JobStore) -> None:
        store.create(job("a"), "")
        store.planned("a", row_count=1, chunk_count=1)
        store.failed("a", "no such column: preis")
        store.chunk_done("a", 0, counts(1), [], {})
        ended = store.get("a")
        assert (ended.state, ended.failure) == (JobState.FAILED, "no such column: preis")
        assert ended.ended_at is not None

    def test_a_job_that_has_succeeded_cannot_fail(self, store: JobStore) -> None:
        store.create(job("a"), "")
        store.planned("a", row_count=1, chunk_count=1)
        store.chunk_done("a", 0, counts(1), [], {})
        store.failed("a", "a task came twice")
        ended = store.get("a")
        assert (ended.state, ended.failure) == (JobState.SUCCEEDED, "")

    def test_digests_are_known_until_forgotten(self, store: JobStore) -> None:
        store.create(job("a"), "")
        digests = {f"hotel {n} 酒店": bytes([n]) * 16 for n in range(200)}
        store.chunk_done("a", 0, NONE, [], digests)
        assert store.digests([*digests, "unknown"]) == digests
        assert store.digests([]) == {}
        store.forget(["hotel 7 酒店", "unknown"])
        assert store.digests(["hotel 7 酒店", "hotel 8 酒店"]) == {"hotel 8 酒店": b"\x08" * 16}

    def test_refused_rows_are_listed_by_job_and_line_in_pages(self, store: JobStore) -> None:
        for id in ("b", "a"):
            store.create(job(id), "")
            store.chunk_done(id, 0, NONE, [row(id, line) for line in (100, 9, 20)], {})
        everything = [
            (kept.job_id, kept.line_number)
            for offset in (0, 4, 8)
            for kept in store.refused(limit=4, offset=offset)
        ]
        assert everything == [(id, line) for id in ("a", "b") for line in (9, 20, 100)]
        assert store.refused(job_id="b", limit=1, offset=1) == [row("b", 20)]
        assert store.refused(job_id="never", limit=9, offset=0) == []
        assert (store.get("a").quarantined, store.get("b").quarantined) == (3, 3)

    def test_refused_rows_are_found_by_id(self, store: JobStore) -> None:
        store.create(job("a"), "")
        store.chunk_done("a", 0, NONE, [row("a", line) for line in range(1, 5)], {})
        found = store.refused(row_ids=["a-4", "a-2", "a-9"], limit=9, offset=0)
        assert found == [row("a", 2), row("a", 4)]
        assert store.refused(job_id="b", row_ids=["a-2"], limit=9, offset=0) == []
        assert store.refused(row_ids=["a-4", "a-2"], limit=1, offset=1) == [row("a", 4)]

    def test_replayed_rows_leave_and_the_rest_have_their_new_reason(self, store: JobStore) -> None:
        store.create(job("a"), "")
        store.chunk_done("a", 0, NONE, [row("a", 1), row("a", 2)], {})
        store.replayed(["a-1"], [row("a", 2, "still none")], {"h": b"d"})
        assert store.refused(limit=9, offset=0) == [row("a", 2, "still none")]
        assert store.get("a").quarantined == 1
        assert store.digests(["h"]) == {"h": b"d"}
