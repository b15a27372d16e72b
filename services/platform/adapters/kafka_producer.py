"""Publishing: asyncio outside, kafka-python's producer and its thread inside.

Durability: `acks=all` and idempotence, so an acknowledged message is on every replica in sync,
once, in the order of sending per partition. The producer itself tries for a day: when it gave up
earlier, an idempotent producer of kafka-python 3.0 would send nothing any more, for ever. Callers
wait for less, `publish_timeout_s`; what they gave up on may still arrive.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import structlog
from kafka import KafkaProducer
from kafka.errors import IllegalStateError, KafkaError, KafkaTimeoutError

from services.platform import metrics
from services.platform.adapters.kafka_client import (
    REFUSED_RECORD,
    client_options,
    in_ms,
    translated,
)
from services.platform.errors import FailedPrecondition, ResourceExhausted, Unavailable
from services.platform.settings import KafkaSettings
from services.platform.topics import MAX_MESSAGE_BYTES

DAY_MS = 24 * 3600 * 1000
RESTART_S = 1.0
RETRY_AFTER_S = 0.5

Lane = Literal["interactive", "bulk"]
# Interactive messages leave at once. Bulk ones wait a moment for company and are compressed.
_LANES: dict[Lane, dict[str, Any]] = {
    "interactive": {"linger_ms": 0},
    "bulk": {"linger_ms": 20, "compression_type": "lz4"},
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out; `partition` `None` lets the key decide, as every Kafka client would."""

    topic: str
    partition: int | None
    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes]]


class Producer:
    """One `KafkaProducer`, replaced when one of its messages failed.

    Args:
        settings: Brokers and limits.
        client_id: What the brokers' logs call us.
        lane: For interactive or for bulk messages.
        topics: All that will be published to: an unknown topic would block the event loop.
        delivery_timeout_ms: How long the client itself tries; see above.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        client_id: str,
        lane: Lane,
        topics: Iterable[str],
        delivery_timeout_ms: int = DAY_MS,
    ) -> None:
        self._settings = settings
        self._lane: Lane = lane
        self._topics = tuple(topics)
        self._options = {
            **client_options(settings, client_id),
            **_LANES[lane],
            "acks": "all",
            "enable_idempotence": True,
            "delivery_timeout_ms": delivery_timeout_ms,
            "max_block_ms": in_ms(settings.request_timeout_s),
            "max_request_size": MAX_MESSAGE_BYTES,
            "batch_size": 256 << 10,
            "allow_auto_create_topics": False,
        }
        self._producer: KafkaProducer | None = None
        self._starting: asyncio.Task[None] | None = None
        self._closed = False
        self._unacknowledged = 0
        self._acknowledged_at = time.monotonic()

    async def start(self) -> None:
        """Connect and learn the topics; return when messages can be sent.

        Raises:
            Unavailable: The brokers are away for `start_timeout_s`; calling again is fine.
        """
        await self._usable(self._settings.start_timeout_s)

    async def send(self, messages: Sequence[Message], *, timeout_s: float) -> None:
        """Append the messages, in order per partition; return when all are acknowledged.

        Raises:
            InvalidArgument: One is larger than the brokers take; those before it were sent.
            ResourceExhausted: Too many wait for acknowledgement; none was sent.
            Unavailable: The brokers are away, or did not acknowledge in time; at once while they
                have acknowledged nothing for longer than `publish_timeout_s`.
        """
        start = time.monotonic()
        result = "failed"
        try:
            producer = await self._usable(timeout_s)
            self._check_room(len(messages))
            acknowledgement = _Acknowledgement(self, producer, len(messages))
            self._count(len(messages))
            acknowledgement.of(messages)
            left_s = timeout_s - (time.monotonic() - start)
            await asyncio.wait_for(asyncio.shield(acknowledgement.done), max(0.0, left_s))
            result = "ok"
        except TimeoutError as error:
            raise Unavailable(
                f"kafka did not acknowledge within {timeout_s:g} s", reason="KAFKA_TIMEOUT"
            ) from error
        except KafkaError as error:
            raise translated(error, "publishing") from error
        finally:
            took_s = time.monotonic() - start
            metrics.PUBLISH_SECONDS.labels(self._lane, result).observe(took_s)

    async def close(self) -> None:
        """Send what waits, for at most `publish_timeout_s`, and end."""
        self._closed = True
        if self._starting is not None:
            self._starting.cancel()
        producer, self._producer = self._producer, None
        if producer is not None:
            await asyncio.to_thread(_end, producer, self._settings.publish_timeout_s)

    def is_stalled(self) -> bool:
        """Tell whether messages wait and none was acknowledged for a whole timeout."""
        silent_s = time.monotonic() - self._acknowledged_at
        return self._unacknowledged > 0 and silent_s > self._settings.publish_timeout_s

    def settled(self, producer: KafkaProducer, count: int, error: Exception | None) -> None:
        """Take note of messages that were acknowledged, or failed; on the event loop."""
        self._count(-count)
        if error is None:
            self._acknowledged_at = time.monotonic()
        elif producer is self._producer and not isinstance(error, REFUSED_RECORD):
            # What it holds would be lost or out of order: a new one starts clean.
            log.warning("producer_replaced", lane=self._lane, error=str(error))
            metrics.PRODUCER_RESTARTS.labels(self._lane).inc()
            self._producer = None
            self._begin()
            threading.Thread(target=_end, args=(producer, 0.0), daemon=True).start()

    def _count(self, change: int) -> None:
        if self._unacknowledged == 0:
            self._acknowledged_at = time.monotonic()
        self._unacknowledged += change
        metrics.PUBLISH_UNACKNOWLEDGED.labels(self._lane).set(self._unacknowledged)

    def _check_room(self, count: int) -> None:
        # What waits already is sent again and again, and tells when the brokers are back.
        if self.is_stalled():
            raise Unavailable("kafka acknowledges nothing", reason="KAFKA_STALLED")
        most = self._settings.max_unacknowledged
        if self._unacknowledged == 0 or self._unacknowledged + count <= most:
            return
        raise ResourceExhausted(
            f"{self._unacknowledged} messages wait for kafka already",
            retry_after_s=RETRY_AFTER_S,
            reason="KAFKA_BACKLOG",
        )

    async def _usable(self, timeout_s: float) -> KafkaProducer:
        if self._producer is None:
            if self._closed:
                raise FailedPrecondition("the producer is closed", reason="CLOSED")
            try:
                await asyncio.wait_for(asyncio.shield(self._begin()), timeout_s)
            except TimeoutError as error:
                raise Unavailable(
                    f"kafka at {self._settings.bootstrap_servers} is away",
                    reason="KAFKA_UNAVAILABLE",
                ) from error
        return self._producer

    def _begin(self) -> asyncio.Task[None]:
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._connect())
        return self._starting

    async def _connect(self) -> None:
        while True:
            try:
                self._producer = await asyncio.to_thread(_connected, self._options, self._topics)
                return
            except KafkaError as error:
                log.warning("producer_not_connected", lane=self._lane, error=str(error))
            await asyncio.sleep(RESTART_S)


class _Acknowledgement:
    """Counts the acknowledgements of one call on the producer's thread, tells the loop once."""

    def __init__(self, owner: Producer, producer: KafkaProducer, count: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._owner = owner
        self._producer = producer
        self._count = count
        self._lock = threading.Lock()
        self._left = count
        self._error: Exception | None = None
        self.done: asyncio.Future[None] = self._loop.create_future()

    def of(self, messages: Sequence[Message]) -> None:
        """Hand the messages to the producer; what it refuses at once fails with the rest."""
        for sent, message in enumerate(messages):
            try:
                future = self._producer.send(
                    message.topic,
                    message.value,
                    key=message.key,
                    headers=message.headers,
                    partition=message.partition,
                )
            except (KafkaError, ValueError) as error:
                self._settle(len(messages) - sent, _refusal(error))
                return
            future.add_callback(self._succeed)
            future.add_errback(self._fail)

    def _succeed(self, _: Any) -> None:
        self._settle(1, None)

    def _fail(self, error: Exception) -> None:
        self._settle(1, error)

    def _settle(self, count: int, error: Exception | None) -> None:
        with self._lock:
            self._left -= count
            self._error = self._error or error
            left = self._left
        if left == 0 and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._owner.settled(self._producer, self._count, self._error)
        if self.done.done():
            return
        if self._error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(self._error)
            # Whoever gave up waiting has been told already.
            self.done.exception()


def _refusal(error: Exception) -> Exception:
    """Return a partition that does not exist as what it is: topics differ from the registry."""
    if isinstance(error, ValueError):
        told = f"kafka: {error}; see concierge admin setup"
        return FailedPrecondition(told, reason="TOPIC_DRIFT")
    return error


def _connected(options: dict[str, Any], topics: Sequence[str]) -> KafkaProducer:
    """Return a producer that knows its topics; blocks.

    Raises:
        KafkaError: The brokers are away, or a topic does not exist.
    """
    producer = KafkaProducer(**options)
    try:
        for topic in topics:
            producer.partitions_for(topic)
    except KafkaError:
        _end(producer, 0.0)
        raise
    return producer


def _end(producer: KafkaProducer, timeout_s: float) -> None:
    """Close a producer; what is not delivered in time is given up. Blocks."""
    try:
        producer.close(timeout_s)
    except (KafkaTimeoutError, IllegalStateError):
        # Its close raises while messages wait, and leaves the thread running.
        producer._sender.force_close()
