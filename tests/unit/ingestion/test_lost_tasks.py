"""Which jobs are taken up again, and when."""

from __future__ import annotations

from pathlib import Path

from services.ingestion.adapters.sqlite_jobs import SqliteJobs
from services.ingestion.domain.job import Job, JobState
from services.ingestion.lost_tasks import LostTasks


class _Queue:
    def __init__(self) -> None:
        self.idle = True
        self.enqueued: list[str] = []

    def enqueue(self, job_id: str) -> None:
        self.enqueued.append(job_id)

    def is_idle(self) -> bool:
        return self.idle


def jobs(folder: Path, *ids: str) -> SqliteJobs:
    store = SqliteJobs(folder / "jobs.sqlite")
    for id in ids:
        store.create(Job(id, "hotels.jsonl", "", "", JobState.QUEUED, 1.0), "")
    return store


def test_a_job_is_lost_when_nothing_is_queued_or_in_work_twice_in_a_row(tmp_path: Path) -> None:
    queue = _Queue()
    lost = LostTasks(jobs(tmp_path, "a"), queue)
    assert lost.look() == []
    assert lost.look() == ["a"]
    assert queue.enqueued == ["a"]


def test_a_look_that_finds_work_begins_anew(tmp_path: Path) -> None:
    queue = _Queue()
    lost = LostTasks(jobs(tmp_path, "a"), queue)
    lost.look()
    queue.idle = False
    lost.look()
    queue.idle = True
    assert lost.look() == []
    assert lost.look() == ["a"]


def test_a_job_that_has_ended_is_left_alone(tmp_path: Path) -> None:
    queue, store = _Queue(), jobs(tmp_path, "a", "b")
    store.failed("a", "no such file")
    lost = LostTasks(store, queue)
    lost.look()
    assert lost.look() == ["b"]


def test_what_was_taken_up_again_gets_time_to_begin(tmp_path: Path) -> None:
    queue = _Queue()
    lost = LostTasks(jobs(tmp_path, "a"), queue)
    assert [lost.look(), lost.look(), lost.look(), lost.look()] == [[], ["a"], [], ["a"]]
