"""`concierge admin` on a real broker: topics as declared, dead letters back in their topics."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Mapping

import pytest
from kafka.admin import ConfigResource, ConfigResourceType
from typer.testing import CliRunner

from services.cli.main import app
from services.platform.adapters.kafka_bus import KafkaBus
from services.platform.adapters.kafka_dead_letters import KafkaDeadLetters, Replayed
from services.platform.adapters.kafka_topics import admin_client
from services.platform.bus import Subscription
from services.platform.errors import InvalidArgument, NotFound
from services.platform.events import Record
from services.platform.settings import KafkaSettings
from services.platform.topics import Topic, load_topics
from tests.contract.platform.event_bus_contract import event, text_of, until
from tests.kafka_topics import fresh_topics, settings_for_tests

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[KafkaSettings]:
    """A deployment of its own on the test broker, with nothing made yet."""
    settings = settings_for_tests(prefix=f"t{uuid.uuid4().hex[:10]}.")
    monkeypatch.setenv("ADMIN_KAFKA__BOOTSTRAP_SERVERS", settings.bootstrap_servers)
    monkeypatch.setenv("ADMIN_KAFKA__PREFIX", settings.prefix)
    yield settings
    with admin_client(settings) as admin:
        ours = [name for name in admin.list_topics() if name.startswith(settings.prefix)]
        if ours:
            admin.delete_topics(ours)


def concierge(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["admin", *arguments])
    return result.exit_code, result.output


async def test_setup_makes_what_is_declared_and_check_tells_what_differs(
    settings: KafkaSettings,
) -> None:
    hotel = settings.prefix + "concierge.catalog.hotel.v1"
    requested = settings.prefix + "concierge.search.requested.v1"
    code, told = concierge("setup", "--check")
    assert code == 1
    assert f"{hotel}: topic is missing" in told
    assert concierge("setup")[0] == 0
    assert concierge("setup", "--check") == (0, "kafka topics: as declared\n")
    with admin_client(settings) as admin:
        topics = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics()}
        assert {settings.prefix + name: row.partitions for name, row in load_topics().items()} == {
            name: count for name, count in topics.items() if name.startswith(settings.prefix)
        }
        changes = {"cleanup.policy": "delete", "retention.ms": "60000"}
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, hotel, changes)])
    # Brokers learn of a change a moment after it is acknowledged.
    await until(lambda: concierge("setup", "--check")[0] == 1)
    code, told = concierge("setup", "--check")
    assert f"{hotel}: cleanup.policy is delete, declared is compact" in told
    assert concierge("setup")[0] == 0
    assert concierge("setup", "--check")[0] == 0
    with admin_client(settings) as admin:
        admin.create_partitions({requested: 20})
    code, told = concierge("setup")
    assert code == 1
    assert f"{requested}: partitions is 20, declared is 16" in told


def test_setup_says_that_the_brokers_are_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
    code, told = concierge("setup")
    assert code == 1
    assert "error: kafka: administration" in told


@pytest.fixture
def topics() -> Iterator[Mapping[str, Topic]]:
    with fresh_topics() as topics:
        yield topics


def of_kind(topics: Mapping[str, Topic], kind: str) -> str:
    return next(name for name in topics if name.endswith(f".{kind}.v1"))


async def buried(
    bus: KafkaBus, topics: Mapping[str, Topic], topic: str, texts: dict[str, str]
) -> tuple[list[Record], list[Record]]:
    """Publish what a consumer refuses and then takes.

    Returns the dead letters in the order they were laid down, which over several partitions
    need not be the order of publishing, and what the consumer takes, as it grows.
    """
    taken: list[Record] = []
    letters: list[Record] = []
    repaired = asyncio.Event()

    async def handler(record: Record) -> None:
        if not repaired.is_set():
            raise InvalidArgument("is not understood yet", field="value")
        taken.append(record)

    async def count(record: Record) -> None:
        letters.append(record)

    await bus.read_lane(f"{topic}.test.dlt", 0, count)
    await bus.subscribe(
        Subscription("concierge.test", (topic,), handler, max_in_flight=1, from_beginning=True)
    )
    for key, text in texts.items():
        await bus.publish(event(topic, key, text, traceparent="00-ab-cd-01"))
    await until(lambda: len(letters) == len(texts))
    repaired.set()
    return letters, taken


async def test_letters_go_back_once_as_they_were(topics: Mapping[str, Topic]) -> None:
    settings = settings_for_tests()
    topic = of_kind(topics, "facts")
    dead_letters = KafkaDeadLetters(settings, topics)
    bus = KafkaBus(settings, topics, client_id="test")
    await bus.start()
    letters, taken = await buried(bus, topics, topic, {"k1": "a", "k2": "b", "k3": "c"})
    (standing,) = await dead_letters.standing()
    assert (standing.name, standing.kept, standing.waiting) == (f"{topic}.test", 3, 3)
    shown = await dead_letters.show(f"{topic}.test", limit=2)
    assert [record.key for record in shown] == [record.key for record in letters[:2]]
    assert b"is not understood yet" in shown[0].headers["concierge_error"]
    assert await dead_letters.replay(f"{topic}.test", limit=2) == Replayed(published=2)
    assert await dead_letters.replay(f"{topic}.test", limit=10) == Replayed(published=1)
    assert await dead_letters.replay(f"{topic}.test", limit=10) == Replayed()
    await until(lambda: len(taken) == 3)
    assert {(record.key, text_of(record)) for record in taken} == {
        ("k1", "a"), ("k2", "b"), ("k3", "c"),
    }  # fmt: skip
    assert taken[0].traceparent == "00-ab-cd-01"
    assert "concierge_error" not in taken[0].headers
    (standing,) = await dead_letters.standing()
    assert (standing.kept, standing.waiting) == (3, 0)
    await bus.close()


async def test_a_letter_never_replaces_a_newer_record_of_a_compacted_topic(
    topics: Mapping[str, Topic],
) -> None:
    settings = settings_for_tests()
    topic = of_kind(topics, "state")
    bus = KafkaBus(settings, topics, client_id="test")
    await bus.start()
    _, taken = await buried(bus, topics, topic, {"k1": "old", "k2": "only"})
    await bus.publish(event(topic, "k1", "new"))
    await until(lambda: len(taken) == 1)
    replayed = await KafkaDeadLetters(settings, topics).replay(f"{topic}.test", limit=10)
    assert replayed == Replayed(published=1, superseded=1)
    await until(lambda: len(taken) == 2)
    assert [text_of(record) for record in taken] == ["new", "only"]
    await bus.close()


async def test_letters_of_nobody_are_refused(topics: Mapping[str, Topic]) -> None:
    with pytest.raises(NotFound):
        await KafkaDeadLetters(settings_for_tests(), topics).show("no.such", limit=1)
