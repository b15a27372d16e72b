"""Groups that keep pace share their records; whoever does not reads the log, and all read all."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.platform.adapters.logged_partition import LoggedPartition
from services.platform.adapters.sqlite_log import Entry, SqliteLog
from services.platform.events import Record

TOPIC = "concierge.test.state.v1"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path / "log.sqlite")
    yield log
    log.close()


def write(log: SqliteLog, partition: LoggedPartition, *keys: str) -> None:
    entries = [Entry(TOPIC, 0, key, {"n": b"1"}, key.encode()) for key in keys]
    for offset, entry in zip(log.append(entries), entries, strict=True):
        partition.written(Record(entry.topic, 0, offset, entry.key, entry.value, entry.headers))


async def test_groups_get_the_same_records_just_written_or_read(log: SqliteLog) -> None:
    partition = LoggedPartition(TOPIC, 0, log)
    write(log, partition, "a", "b")
    first, second = await asyncio.gather(partition.read(0, 10), partition.read(0, 10))
    assert [a is b for a, b in zip(first, second, strict=True)] == [True, True]
    reopened = LoggedPartition(TOPIC, 0, log)
    first, second = await asyncio.gather(reopened.read(0, 10), reopened.read(0, 10))
    assert [a is b for a, b in zip(first, second, strict=True)] == [True, True]
    made: list[list[str]] = [record.made("box", list) for record in first]
    again: list[list[str]] = [record.made("box", list) for record in second]
    assert [a is b for a, b in zip(made, again, strict=True)] == [True, True]


async def test_what_every_group_has_passed_is_read_from_the_log(log: SqliteLog) -> None:
    partition = LoggedPartition(TOPIC, 0, log)
    write(log, partition, "a", "b", "c")
    held = await partition.read(0, 10)
    partition.drop_before(2)
    again = await partition.read(0, 10)
    assert again == held
    assert again[0] is not held[0]
    assert (await partition.read(2, 10))[0] is held[2]


async def test_every_reader_sees_the_newest_record_of_every_key_whatever_its_pace(
    log: SqliteLog,
) -> None:
    chance = random.Random(4)
    partition = LoggedPartition(TOPIC, 0, log, most_kept=8, lead_wait_s=0.001)
    positions, seen = [0, 0, 0], [dict[str, int](), dict[str, int](), dict[str, int]()]

    async def read(reader: int, limit: int) -> None:
        for record in await partition.read(positions[reader], limit):
            assert record.offset >= positions[reader]
            seen[reader][record.key] = record.offset
            positions[reader] = record.offset + 1
        partition.drop_before(min(positions))

    for _ in range(300):
        write(log, partition, *(f"k{chance.randrange(20)}" for _ in range(chance.randrange(4))))
        await asyncio.gather(*(read(n, chance.randrange(1, 5)) for n in chance.sample(range(3), 2)))
    for reader in range(3):
        while positions[reader] < partition.end:
            await read(reader, 50)
    newest = {record.key: record.offset for record in log.read(TOPIC, 0, 0, 1_000)}
    assert seen == [newest, newest, newest]


async def test_who_is_a_window_ahead_waits_for_the_slowest(log: SqliteLog) -> None:
    write(log, LoggedPartition(TOPIC, 0, log), *"abcdefgh")
    partition = LoggedPartition(TOPIC, 0, log, most_kept=4, lead_wait_s=60)
    first = await partition.read(0, 4)
    ahead = asyncio.create_task(partition.read(4, 4))
    await asyncio.sleep(0.01)
    assert not ahead.done()
    assert await partition.read(0, 4) == first
    partition.drop_before(4)
    assert (await partition.read(4, 4))[0] is (await ahead)[0]


async def test_one_that_hangs_holds_the_others_up_for_a_while_only(log: SqliteLog) -> None:
    write(log, LoggedPartition(TOPIC, 0, log), *"abcdefgh")
    partition = LoggedPartition(TOPIC, 0, log, most_kept=4, lead_wait_s=0.01)
    await partition.read(0, 4)
    assert [record.key for record in await partition.read(4, 4)] == list("efgh")
    assert [record.key for record in await partition.read(0, 8)] == list("abcd")
