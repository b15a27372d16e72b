"""The topics of the registry on the brokers: what is there, what differs, making it so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError

from services.platform.adapters.kafka_client import client_options, translated
from services.platform.errors import Unavailable
from services.platform.settings import KafkaSettings
from services.platform.setup import Drift
from services.platform.topics import MAX_MESSAGE_BYTES, Topic

T = TypeVar("T")

CLIENT_ID = "concierge-admin"
CONNECT_MS = 3_000
RETRY_S = 0.5
SETTLE_S = 3.0
SETTLE_POLL_S = 0.1


async def partition_counts(settings: KafkaSettings) -> dict[str, int]:
    """Return the partitions of every topic on the brokers, waiting `start_timeout_s` for them.

    Raises:
        FailedPrecondition: The brokers refuse us.
        Unavailable: They are away.
    """
    limit = time.monotonic() + settings.start_timeout_s
    while True:
        try:
            return await asyncio.to_thread(_with_admin, settings, _partition_counts)
        except Unavailable:
            if time.monotonic() > limit:
                raise
        await asyncio.sleep(RETRY_S)


class KafkaTopics:
    """The registry's topics as a resource of `concierge admin setup`.

    Missing topics are created, settings set, partitions added. What can't be undone by a command
    is reported and left: fewer partitions than there are.

    Args:
        settings: Brokers.
        topics: The registry, dead letters included.
        replication: Copies of each partition; `None` leaves it to the brokers' default.
    """

    name = "kafka topics"

    def __init__(
        self,
        settings: KafkaSettings,
        topics: Mapping[str, Topic],
        *,
        replication: int | None = None,
    ) -> None:
        self._settings = settings
        self._topics = {settings.prefix + name: topic for name, topic in topics.items()}
        self._replication = replication

    def check(self) -> list[Drift]:
        """Return how the brokers differ from the registry."""
        return _with_admin(self._settings, self._drifts)

    def apply(self) -> None:
        """Make the brokers as the registry wants them."""
        _with_admin(self._settings, self._apply)

    def _drifts(self, admin: KafkaAdminClient) -> list[Drift]:
        found = _partition_counts(admin)
        configs = _configs(admin, [name for name in self._topics if name in found])
        drifts = []
        for name, topic in self._topics.items():
            if name not in found:
                drifts.append(Drift(name, "topic", "there", "missing"))
                continue
            if found[name] != topic.partitions:
                drifts.append(Drift(name, "partitions", str(topic.partitions), str(found[name])))
            for key, wanted in _wanted(topic).items():
                if configs[name].get(key) != wanted:
                    drifts.append(Drift(name, key, wanted, configs[name].get(key, "")))
        return drifts

    def _apply(self, admin: KafkaAdminClient) -> None:
        found = _partition_counts(admin)
        missing = {
            name: {
                "num_partitions": topic.partitions,
                "replication_factor": self._replication or -1,
                "configs": _wanted(topic),
            }
            for name, topic in self._topics.items()
            if name not in found
        }
        if missing:
            admin.create_topics(missing, wait_for_metadata=True)
        grown = {
            name: topic.partitions
            for name, topic in self._topics.items()
            if found.get(name, topic.partitions) < topic.partitions
        }
        if grown:
            admin.create_partitions(grown)
        changed = {drift.subject for drift in self._drifts(admin)} & found.keys()
        if changed:
            admin.alter_configs(
                [
                    ConfigResource(ConfigResourceType.TOPIC, name, _wanted(self._topics[name]))
                    for name in sorted(changed)
                ]
            )
        # Brokers learn of a change a moment after it is acknowledged.
        limit = time.monotonic() + SETTLE_S
        while time.monotonic() < limit and self._drifts(admin):
            time.sleep(SETTLE_POLL_S)


def _wanted(topic: Topic) -> dict[str, str]:
    """Return the broker's settings of a topic."""
    retention = {"cleanup.policy": "compact"}
    if not topic.compacted:
        retention = {
            "cleanup.policy": "delete",
            "retention.ms": str(topic.retention_s * 1000),
        }
    return {**retention, "max.message.bytes": str(MAX_MESSAGE_BYTES)}


def _partition_counts(admin: KafkaAdminClient) -> dict[str, int]:
    return {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics()}


def _configs(admin: KafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    if not resources:
        return {}
    found: Any = admin.describe_configs(resources, config_filter="all")
    return {
        name: {key: entry["value"] for key, entry in entries.items()}
        for name, entries in found["topic"].items()
    }


def _with_admin(settings: KafkaSettings, work: Callable[[KafkaAdminClient], T]) -> T:
    with admin_client(settings) as admin:
        return work(admin)


@contextmanager
def admin_client(settings: KafkaSettings) -> Iterator[KafkaAdminClient]:
    """Yield an admin client; its errors become ours. Blocks.

    Raises:
        ConciergeError: What the brokers answered, or that they are away.
    """
    try:
        options = client_options(settings, CLIENT_ID)
        with _AdminClient(**options, bootstrap_timeout_ms=CONNECT_MS) as admin:
            yield admin
    except KafkaError as error:
        # The client cannot tell: a broker that refuses credentials just hangs up.
        doubt = "" if settings.security_protocol == "PLAINTEXT" else ", or it refuses us"
        raise translated(error, f"administration{doubt}") from error


class _AdminClient(KafkaAdminClient):  # type: ignore[misc]
    """One that leaves no thread behind when it cannot connect."""

    def __init__(self, **options: Any) -> None:
        try:
            super().__init__(**options)
        except KafkaError:
            self._metrics.close()
            self._client.close()
            raise
