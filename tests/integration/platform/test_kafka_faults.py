"""What the Kafka bus does when brokers and members go away, on a broker of its own."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from infra.local.kafka import SASL_PASSWORD, SASL_USER
from services.platform.adapters.kafka_bus import KafkaBus
from services.platform.adapters.kafka_producer import Message, Producer
from services.platform.bus import Handler, Subscription
from services.platform.errors import (
    FailedPrecondition,
    InvalidArgument,
    ResourceExhausted,
    Unavailable,
)
from services.platform.events import Record
from services.platform.topics import Topic
from tests.contract.platform.event_bus_contract import event, text_of, until
from tests.integration.platform.load import KEYS, steady_load
from tests.integration.private_kafka import PrivateKafka, private_kafka
from tests.kafka_topics import fresh_topics, settings_for_tests

pytestmark = [pytest.mark.integration, pytest.mark.slow]

BACK_S = 60.0
FROZEN_S = 10.0


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateKafka]:
    with private_kafka(tmp_path_factory.mktemp("faults")) as broker:
        yield broker


@pytest.fixture
def topics(broker: PrivateKafka) -> Iterator[Mapping[str, Topic]]:
    with fresh_topics(settings_for_tests(broker.address)) as topics:
        yield topics


@pytest.fixture
def topic(topics: Mapping[str, Topic]) -> str:
    return next(iter(topics))


@asynccontextmanager
async def started(
    broker: PrivateKafka, topics: Mapping[str, Topic], **settings: Any
) -> AsyncIterator[KafkaBus]:
    bus = KafkaBus(settings_for_tests(broker.address, **settings), topics, client_id="faults")
    await bus.start()
    try:
        yield bus
    finally:
        await bus.close()


def collecting(seen: list[str]) -> Handler:
    async def handler(record: Record) -> None:
        seen.append(text_of(record))

    return handler


async def test_a_broker_killed_in_mid_load_loses_nothing_it_acknowledged(
    broker: PrivateKafka, topics: Mapping[str, Topic], topic: str
) -> None:
    seen: list[str] = []
    replies: list[str] = []
    async with started(broker, topics) as bus:
        await bus.subscribe(Subscription("concierge.test", (topic,), collecting(seen)))
        await bus.read_lane(topic, 0, collecting(replies))
        async with steady_load(bus, topic) as load:
            await until(lambda: len(load.acknowledged) > 100)
            broker.kill()
            await asyncio.to_thread(broker.start)
            back = len(load.acknowledged)
            await until(lambda: len(load.acknowledged) > back + 100, BACK_S)
        await until(lambda: set(load.acknowledged) <= set(seen), BACK_S)
        await bus.publish(event(topic, "k", "after", lane=0))
        await until(lambda: replies[-1:] == ["after"], BACK_S)
        firsts = dict.fromkeys(text for text in seen if text.isdigit())
        for key in range(KEYS):
            of_key = [int(text) for text in firsts if int(text) % KEYS == key]
            assert of_key == sorted(of_key)


async def test_a_frozen_broker_fails_publishing_in_time_and_works_again(
    broker: PrivateKafka, topics: Mapping[str, Topic], topic: str
) -> None:
    seen: list[str] = []
    loop = asyncio.get_running_loop()
    async with started(broker, topics, publish_timeout_s=1.0) as bus:
        await bus.subscribe(Subscription("concierge.test", (topic,), collecting(seen)))
        async with steady_load(bus, topic) as load:
            await until(lambda: len(load.acknowledged) > 50)
            broker.freeze()
            frozen_at = loop.time()
            try:
                await until(lambda: loop.time() - frozen_at > FROZEN_S)
            finally:
                broker.thaw()
            assert len(load.failures) >= 3
            assert all(isinstance(error, Unavailable) for error in load.failures)
            back = len(load.acknowledged)
            await until(lambda: len(load.acknowledged) > back + 50, BACK_S)
        await until(lambda: set(load.acknowledged) <= set(seen), BACK_S)


async def test_what_waits_for_a_broker_is_bounded_and_refused_at_once_beyond(
    broker: PrivateKafka, topics: Mapping[str, Topic], topic: str
) -> None:
    async with started(broker, topics, max_unacknowledged=5, publish_timeout_s=1.0) as bus:
        await bus.publish(event(topic, "k", "warm"))
        broker.freeze()
        try:
            waiting = [
                asyncio.create_task(bus.publish(event(topic, "k", str(n)))) for n in range(5)
            ]
            await asyncio.sleep(0)
            with pytest.raises(ResourceExhausted):
                await bus.publish(event(topic, "k", "too much"))
            assert not any(task.done() for task in waiting)
            results = await asyncio.gather(*waiting, return_exceptions=True)
            assert all(isinstance(result, Unavailable) for result in results)
            await until(lambda: not bus.is_working())
            with pytest.raises(Unavailable):
                await bus.publish(event(topic, "k", "still too much"))
        finally:
            broker.thaw()
        await until(bus.is_working, BACK_S)
        await bus.publish(event(topic, "k", "again"))


async def test_a_killed_member_s_events_go_to_the_others(
    broker: PrivateKafka, topics: Mapping[str, Topic], topic: str
) -> None:
    seen: list[str] = []
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.platform.member",
        broker.address,
        topic,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"joined\n"
        async with started(broker, topics) as bus:
            await bus.publish_many([event(topic, f"k{n}", str(n)) for n in range(200)])
            # It has begun with some, and finishes none.
            assert await process.stdout.readline() == b"begun\n"
            process.send_signal(signal.SIGKILL)
            await bus.subscribe(
                Subscription("concierge.test", (topic,), collecting(seen), from_beginning=True)
            )
            await until(lambda: {str(n) for n in range(200)} <= set(seen), BACK_S)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_slow_work_pauses_reading_and_keeps_its_place(
    broker: PrivateKafka, topics: Mapping[str, Topic], topic: str
) -> None:
    """Far more waits than is taken ahead, for longer than a member may be silent."""
    seen: list[str] = []
    loop = asyncio.get_running_loop()
    begun: list[float] = []

    async def handler(record: Record) -> None:
        begun.append(loop.time())
        if len(begun) == 1:
            await until(lambda: loop.time() - begun[0] > 3.0)
        seen.append(text_of(record))

    async with started(broker, topics, session_timeout_s=1.0) as bus:
        member = await bus.subscribe(
            Subscription("concierge.test", (topic,), handler, max_in_flight=1)
        )
        sent = [str(n) for n in range(1_000)]
        await bus.publish_many([event(topic, "same key", text) for text in sent])
        await until(lambda: member.lag() == 1_000)
        await until(lambda: len(seen) >= 1_000, BACK_S)
        assert seen == sent
        await until(lambda: member.lag() == 0)


async def test_a_producer_whose_message_failed_is_replaced(
    broker: PrivateKafka, topics: Mapping[str, Topic], topic: str
) -> None:
    settings = settings_for_tests(broker.address, request_timeout_s=1.0)
    producer = Producer(
        settings,
        client_id="faults",
        lane="interactive",
        topics=[topic],
        delivery_timeout_ms=1_500,
    )
    message = Message(topic, None, b"k", b"x", [])
    await producer.start()
    await producer.send([message], timeout_s=5.0)
    broker.freeze()
    try:
        with pytest.raises(Unavailable):
            await producer.send([message], timeout_s=30.0)
    finally:
        broker.thaw()
    # The one that failed would hang here for ever.
    await producer.send([message], timeout_s=BACK_S)
    await producer.close()


async def test_a_message_too_large_is_refused_and_others_pass(
    broker: PrivateKafka, topics: Mapping[str, Topic], topic: str
) -> None:
    seen: list[int] = []

    async def handler(record: Record) -> None:
        seen.append(len(text_of(record)))

    async with started(broker, topics) as bus:
        await bus.subscribe(Subscription("concierge.test", (topic,), handler))
        with pytest.raises(InvalidArgument):
            await bus.publish(event(topic, "k", "x" * (9 << 20)))
        await bus.publish(event(topic, "k", "x" * (5 << 20)))
        await until(lambda: seen == [5 << 20])


async def test_a_bus_does_not_start_without_brokers_or_topics(
    broker: PrivateKafka, topics: Mapping[str, Topic]
) -> None:
    away = settings_for_tests("127.0.0.1:1", start_timeout_s=0.2)
    with pytest.raises(Unavailable):
        await KafkaBus(away, topics, client_id="faults").start()
    missing = {"concierge.no.such.v1": Topic("concierge.no.such.v1", "", "", (), 1)}
    with pytest.raises(FailedPrecondition, match=r"no\.such\.v1 .*concierge admin setup"):
        await KafkaBus(settings_for_tests(broker.address), missing, client_id="faults").start()


@pytest.mark.parametrize("password", [SASL_PASSWORD, "wrong-secret"])
async def test_sasl_lets_in_who_knows_the_password(
    broker: PrivateKafka, topics: Mapping[str, Topic], topic: str, password: str
) -> None:
    seen: list[str] = []
    settings = settings_for_tests(
        broker.sasl_address,
        security_protocol="SASL_PLAINTEXT",
        sasl_username=SASL_USER,
        sasl_password=password,
        start_timeout_s=10.0,
    )
    bus = KafkaBus(settings, topics, client_id="faults")
    if password != SASL_PASSWORD:
        with pytest.raises(Unavailable, match="or it refuses us") as refused:
            await bus.start()
        assert password not in str(refused.value)
        return
    await bus.start()
    await bus.subscribe(Subscription("concierge.test", (topic,), collecting(seen)))
    await bus.publish(event(topic, "k", "hello"))
    await until(lambda: seen == ["hello"])
    await bus.close()
    assert SASL_PASSWORD not in repr(settings)
