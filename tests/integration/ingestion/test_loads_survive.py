"""Loads on real Kafka, Redis and Celery workers go on when one of them is killed in the middle."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import redis
from concierge.catalog.v1 import catalog_events_pb2
from pydantic import SecretStr

from infra.local import process
from infra.local.server import Places
from infra.local.services import IngestionWorkers
from services.ingestion import backends, handlers, loading
from services.ingestion.adapters.event_publisher import FACTS_TOPIC, HOTEL_TOPIC
from services.ingestion.domain.job import Job, JobState
from services.ingestion.lost_tasks import LostTasks
from services.ingestion.settings import IngestionSettings
from services.platform.adapters.kafka_bus import KafkaBus
from services.platform.adapters.kafka_topics import KafkaTopics, admin_client
from services.platform.bus import Subscription
from services.platform.envelope import decode
from services.platform.events import Record
from services.platform.settings import KafkaSettings, environment_of
from services.platform.topics import load_topics
from tests.integration.private_redis import PrivateRedis, private_redis
from tests.kafka_topics import settings_for_tests
from tests.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.slow]

TOPICS = {name: load_topics()[name] for name in (HOTEL_TOPIC, FACTS_TOPIC)}
HOTELS = 15_000
WITHIN_S = 180.0


class _Workers(IngestionWorkers):
    """Workers that nobody waits for: the queue does."""

    def is_ready(self) -> bool:
        return True


class Load:
    """A load in the middle, and what it runs on."""

    def __init__(self, folder: Path, redis: PrivateRedis, kafka: KafkaSettings) -> None:
        self.redis = redis
        self.settings = IngestionSettings(
            broker_url=SecretStr(redis.url),
            jobs_url=SecretStr(redis.url),
            spool_dir=folder / "spool",
            kafka=kafka,
            # What a dead worker held comes back after twice this.
            task_limit_s=3,
        )
        self.store = backends.job_store(self.settings)
        self.workers = [self._workers(folder, name) for name in ("a", "b")]
        for workers in self.workers:
            process.start(workers)
        self.queue = backends.task_queue(self.settings)
        self.lost = LostTasks(self.store, self.queue)
        self.job = self._submit(folder / "hotels.jsonl")

    def _workers(self, folder: Path, name: str) -> IngestionWorkers:
        places = Places(folder / f"workers-{name}", folder)
        return _Workers(f"workers-{name}", "ingestion", 0, places, environment_of(self.settings))

    def _submit(self, file: Path) -> Job:
        rows = ({"id": f"h{n}", "names": [{"text": f"酒店 {n}"}]} for n in range(HOTELS))
        file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
        return handlers.submit_job(file, "", file.parent, "", store=self.store, queue=self.queue)

    def now(self) -> Job:
        return self.store.get(self.job.id)

    async def until_read(self, share: float) -> None:
        async def is_read() -> bool:
            return self.now().read >= HOTELS * share

        await eventually(is_read, within_s=WITHIN_S)
        assert self.now().state is JobState.RUNNING, "the load was over before anything was killed"

    async def until_ended(self) -> Job:
        async def has_ended() -> bool:
            return self.now().ended_at is not None

        watching = asyncio.create_task(self.lost.watch(every_s=1.0))
        await eventually(has_ended, within_s=WITHIN_S)
        watching.cancel()
        return self.now()


@contextmanager
def _topics() -> Iterator[KafkaSettings]:
    settings = settings_for_tests(prefix=f"test{uuid.uuid4().hex[:10]}.")
    KafkaTopics(settings, TOPICS).apply()
    yield settings
    with admin_client(settings) as admin:
        admin.delete_topics([settings.prefix + name for name in TOPICS])


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    with ExitStack() as stack:
        kafka = stack.enter_context(_topics())
        redis = stack.enter_context(private_redis(tmp_path))
        running = Load(tmp_path, redis, kafka)
        for workers in running.workers:
            stack.callback(process.stop, workers)
        yield running


async def _published(kafka: KafkaSettings, job: Job) -> list[Record]:
    """Return everything on the hotels' topic, oldest first per hotel."""
    bus = KafkaBus(kafka, TOPICS, client_id="test")
    records: list[Record] = []

    async def keep(record: Record) -> None:
        records.append(record)

    consumption = await bus.subscribe(
        Subscription("concierge.test", (HOTEL_TOPIC,), keep, max_in_flight=1, whole=True)
    )

    async def are_all_read() -> bool:
        return len(records) >= HOTELS and consumption.lag() == 0

    await eventually(are_all_read)
    await bus.close()
    return records


async def _nothing_is_lost_or_doubled(load: Load) -> None:
    job = await load.until_ended()
    assert (job.state, job.row_count, job.read) == (JobState.SUCCEEDED, HOTELS, HOTELS)
    assert (job.published + job.unchanged, job.quarantined) == (HOTELS, 0)
    compacted = {record.key: record for record in await _published(load.settings.kafka, job)}
    assert set(compacted) == {f"h{n}" for n in range(HOTELS)}
    for n in range(HOTELS):
        hotel = decode(compacted[f"h{n}"], catalog_events_pb2.HotelUpserted).hotel
        assert (hotel.id, hotel.revision) == (f"h{n}", loading.revision(job, n + 1))
    assert not list(load.settings.spool_dir.glob("*.rows"))


async def test_workers_killed_one_after_the_other_until_none_is_left(load: Load) -> None:
    first, second = load.workers
    await load.until_read(0.1)
    process.kill(first)
    await load.until_read(0.3)
    process.kill(second)
    process.start(first)
    await _nothing_is_lost_or_doubled(load)


async def test_redis_killed_and_started_again(load: Load) -> None:
    await load.until_read(0.1)
    load.redis.kill()
    load.redis.start()
    await _nothing_is_lost_or_doubled(load)


async def test_a_chunk_that_the_broker_lost_is_loaded_all_the_same(load: Load) -> None:
    await load.until_read(0.1)
    # What is left when the broker dies between handing a task out and noting that it did.
    with redis.Redis.from_url(load.redis.url) as broker:
        assert broker.rpop(f"{load.settings.key_prefix}.ingestion") is not None
    await _nothing_is_lost_or_doubled(load)


async def test_a_queue_is_idle_when_all_that_was_taken_is_acknowledged(load: Load) -> None:
    assert not load.queue.is_idle()
    await load.until_ended()
    await eventually(_idle(load), within_s=WITHIN_S)


def _idle(load: Load) -> Callable[[], Awaitable[bool]]:
    async def is_idle() -> bool:
        return load.queue.is_idle()

    return is_idle
