"""One hop over Kafka, from publishing in one process to the handler in another.

`make bench-bus` prints it for our bus beside a bare kafka-python producer and consumer with the
same settings, in turns on the same topic, so that noise of the machine meets both.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Mapping

from google.protobuf.wrappers_pb2 import BytesValue
from kafka import KafkaConsumer, KafkaProducer
from rich.console import Console
from rich.table import Table

from services.platform.adapters.kafka_bus import KafkaBus
from services.platform.adapters.kafka_client import client_options
from services.platform.bus import Subscription
from services.platform.envelope import headers_of
from services.platform.events import Event, Record
from services.platform.settings import KafkaSettings
from services.platform.topics import Topic
from tests.contract.platform.event_bus_contract import topics_of
from tests.kafka_topics import fresh_topics

KEYS = 64
# Sent before measuring: connections, metadata and the interpreter are warm after it.
WARM_UP = 100
JOIN_S = 60.0


def event_of(topic: str, number: int, size: int) -> Event[BytesValue]:
    """Return an event that carries when it was sent."""
    value = time.monotonic_ns().to_bytes(8, "big") + bytes(size)
    return Event(topic, BytesValue(value=value), source="concierge/load", key=f"k{number % KEYS}")


def latency_ms(value: bytes) -> float:
    """Return how long ago an event was sent."""
    sent = BytesValue.FromString(value).value
    return (time.monotonic_ns() - int.from_bytes(sent[:8], "big")) / 1e6


# The receiving process: prints `joined`, then all latencies.


def receive_bare(settings: KafkaSettings, topic: str, count: int) -> list[float]:
    consumer = KafkaConsumer(
        topic,
        **client_options(settings, "floor"),
        group_id="concierge.floor",
        enable_auto_commit=False,
    )
    consumer.poll(0)
    while not consumer.assignment():
        consumer.poll(1_000)
    for partition in consumer.assignment():
        consumer.position(partition)
    print("joined", flush=True)
    latencies: list[float] = []
    while len(latencies) < count:
        for records in consumer.poll(1_000).values():
            latencies += [latency_ms(record.value) for record in records]
    consumer.close()
    return latencies


async def receive_bus(settings: KafkaSettings, topic: str, count: int) -> list[float]:
    latencies: list[float] = []
    complete = asyncio.Event()

    async def handler(record: Record) -> None:
        assert record.value is not None
        latencies.append(latency_ms(record.value))
        if len(latencies) == count:
            complete.set()

    bus = KafkaBus(settings, topics_of(topic.removesuffix(".facts.v1")), client_id="load")
    await bus.start()
    await bus.subscribe(Subscription("concierge.test", (topic,), handler))
    print("joined", flush=True)
    await complete.wait()
    await bus.close()
    return latencies


# The sending process: this one. Both wait for no acknowledgement before the next event.


async def send_bare(
    settings: KafkaSettings, topic: str, count: int, rate: float, size: int
) -> None:
    producer = KafkaProducer(**client_options(settings, "floor"), acks="all", linger_ms=0)
    await asyncio.to_thread(producer.partitions_for, topic)
    async for number in paced(count, rate):
        event = event_of(topic, number, size)
        assert event.message is not None
        producer.send(
            topic,
            event.message.SerializeToString(),
            key=event.key.encode(),
            headers=list(headers_of(event).items()),
        )
    await asyncio.to_thread(producer.close)


async def send_bus(
    settings: KafkaSettings, topics: Mapping[str, Topic], count: int, rate: float, size: int
) -> None:
    topic = next(iter(topics))
    bus = KafkaBus(settings, topics, client_id="load")
    await bus.start()
    async with asyncio.TaskGroup() as publishing:
        async for number in paced(count, rate):
            publishing.create_task(bus.publish(event_of(topic, number, size)))
    await bus.close()


async def paced(count: int, rate: float) -> AsyncIterator[int]:
    start = time.monotonic()
    for number in range(count):
        await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
        yield number


async def measure(
    way: str, settings: KafkaSettings, count: int, rate: float, size: int
) -> list[float]:
    """Return the latencies of one turn, without the warm-up's."""
    with fresh_topics(settings) as topics:
        topic = next(iter(topics))
        total = WARM_UP + count
        receiver = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __spec__.name, "--receive", way, "--topic", topic,
            "--address", settings.bootstrap_servers, "--events", str(total),
            stdout=asyncio.subprocess.PIPE, limit=1 << 24,
        )  # fmt: skip
        assert receiver.stdout is not None
        joined = await asyncio.wait_for(receiver.stdout.readline(), JOIN_S)
        assert joined == b"joined\n", joined
        if way == "bare":
            await send_bare(settings, topic, total, rate, size)
        else:
            await send_bus(settings, topics, total, rate, size)
        latencies: list[float] = json.loads(await receiver.stdout.readline())
        await receiver.wait()
        return latencies[WARM_UP:]


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


async def bench(
    settings: KafkaSettings, *, turns: int, events: int, rate: float, size: int
) -> tuple[Table, float]:
    """Measure both ways in turns; return the table and how many times the floor a hop takes."""
    found: dict[str, list[list[float]]] = {"bare": [], "bus": []}
    for _ in range(turns):
        for way, measured in found.items():
            measured.append(await measure(way, settings, events, rate, size))
    table = Table(
        *("one hop", "p50, ms", "p99, ms", "p50 of each turn, ms"),
        title=f"{turns} turns of {events} events of {size} bytes, {rate:g} a second",
    )
    medians = {}
    for way, measured in found.items():
        halves = [statistics.median(turn) for turn in measured]
        medians[way] = statistics.median(halves)
        tails = statistics.median([quantile(turn, 0.99) for turn in measured])
        each = " ".join(f"{half:.2f}" for half in sorted(halves))
        table.add_row(way, f"{medians[way]:.2f}", f"{tails:.2f}", each)
    return table, medians["bus"] / medians["bare"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1:9092", help="host:port of a broker")
    parser.add_argument("--events", type=int, default=1_000, help="a turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--rate", type=float, default=200.0, help="events a second")
    parser.add_argument("--size", type=int, default=1_000, help="bytes of an event")
    parser.add_argument("--receive", choices=("bare", "bus"), help=argparse.SUPPRESS)
    parser.add_argument("--topic", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    settings = KafkaSettings(bootstrap_servers=arguments.address)
    if arguments.receive is None:
        table, ratio = asyncio.run(
            bench(
                settings,
                turns=arguments.turns,
                events=arguments.events,
                rate=arguments.rate,
                size=arguments.size,
            )
        )
        console = Console()
        console.print(table)
        console.print(f"a hop over the bus takes {ratio:.2f} times the floor")
        return
    if arguments.receive == "bare":
        latencies = receive_bare(settings, arguments.topic, arguments.events)
    else:
        latencies = asyncio.run(receive_bus(settings, arguments.topic, arguments.events))
    print(json.dumps(latencies))


if __name__ == "__main__":
    main()
