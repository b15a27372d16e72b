"""What every EventBus must do, whichever broker is behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.wrappers_pb2 import StringValue

from services.platform.bus import EventBus, Subscription
from services.platform.deadline import Deadline
from services.platform.envelope import decode
from services.platform.errors import InvalidArgument, Unavailable
from services.platform.events import Event, Record

WAIT_S = 20.0


async def until(condition: Callable[[], bool], timeout_s: float = WAIT_S) -> None:
    """Return when the condition holds; fail after the timeout."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)


def event(topic: str, key: str, text: str, **more: Any) -> Event[StringValue]:
    return Event(topic, StringValue(value=text), source="concierge/test", key=key, **more)


def text_of(record: Record) -> str:
    return decode(record, StringValue).value


class EventBusContract:
    """Fixtures `bus`, `topic` (several partitions, consumer `test`) and `compacted`."""

    async def test_a_group_sees_every_event_and_equal_keys_in_order(
        self, bus: EventBus, topic: str
    ) -> None:
        seen: list[tuple[str, str]] = []

        async def handler(record: Record) -> None:
            seen.append((record.key, text_of(record)))

        await bus.subscribe(
            Subscription("concierge.test", (topic,), handler, max_in_flight=1, from_beginning=True)
        )
        sent = [(f"k{n % 3}", str(n)) for n in range(60)]
        await bus.publish_many([event(topic, key, text) for key, text in sent])
        await until(lambda: len(seen) == 60)
        for key in ("k0", "k1", "k2"):
            assert [t for k, t in seen if k == key] == [t for k, t in sent if k == key]

    async def test_members_of_a_group_share_and_groups_each_see_all(
        self, bus: EventBus, topic: str
    ) -> None:
        seen: dict[str, list[str]] = {"a1": [], "a2": [], "b": []}

        def handler(name: str) -> Any:
            async def handle(record: Record) -> None:
                seen[name].append(text_of(record))

            return handle

        for name, group in (("a1", "test"), ("a2", "test"), ("b", "other")):
            await bus.subscribe(
                Subscription(f"concierge.{group}", (topic,), handler(name), from_beginning=True)
            )
        await bus.publish_many([event(topic, f"k{n}", str(n)) for n in range(50)])
        await until(lambda: len(seen["b"]) >= 50 and len(seen["a1"]) + len(seen["a2"]) >= 50)
        assert sorted({*seen["a1"], *seen["a2"]}) == sorted(set(seen["b"]))

    async def test_what_is_temporary_is_tried_again_in_place(
        self, bus: EventBus, topic: str
    ) -> None:
        attempts: list[int] = []

        async def handler(record: Record) -> None:
            attempts.append(record.attempt)
            if len(attempts) < 3:
                raise Unavailable("not yet")

        await bus.subscribe(Subscription("concierge.test", (topic,), handler, from_beginning=True))
        await bus.publish(event(topic, "k", "x"))
        await until(lambda: len(attempts) == 3)

    async def test_poison_goes_to_the_dead_letters_once_and_the_rest_goes_on(
        self, bus: EventBus, topic: str
    ) -> None:
        seen: list[str] = []
        letters: list[Record] = []

        async def handler(record: Record) -> None:
            if text_of(record) == "poison":
                raise InvalidArgument("is bad", field="value")
            seen.append(text_of(record))

        async def keep(record: Record) -> None:
            letters.append(record)

        await bus.subscribe(Subscription("concierge.test", (topic,), handler, from_beginning=True))
        await bus.subscribe(
            Subscription("concierge.watch", (f"{topic}.test.dlt",), keep, from_beginning=True)
        )
        await bus.publish_many([event(topic, "k", t) for t in ("a", "poison", "b")])
        await until(lambda: len(seen) == 2 and len(letters) == 1)
        assert seen == ["a", "b"]
        assert b"is bad" in letters[0].headers["concierge_error"]

    async def test_an_expired_event_never_reaches_the_handler(
        self, bus: EventBus, topic: str
    ) -> None:
        seen: list[str] = []

        async def handler(record: Record) -> None:
            seen.append(text_of(record))

        await bus.subscribe(
            Subscription("concierge.test", (topic,), handler, max_in_flight=1, from_beginning=True)
        )
        await bus.publish(event(topic, "k", "late", deadline=Deadline.after(-1)))
        await bus.publish(event(topic, "k", "fresh", deadline=Deadline.after(60)))
        await until(lambda: bool(seen))
        assert seen == ["fresh"]

    async def test_a_lane_reader_sees_its_partition_from_now_on(
        self, bus: EventBus, topic: str
    ) -> None:
        seen: list[str] = []

        async def handler(record: Record) -> None:
            seen.append(text_of(record))

        await bus.publish(event(topic, "k", "before", lane=1))
        await bus.read_lane(topic, 1, handler)
        await bus.publish(event(topic, "k", "elsewhere", lane=0))
        await bus.publish(event(topic, "k", "mine", lane=1))
        await until(lambda: bool(seen))
        assert seen == ["mine"]

    async def test_batches_hold_records_in_order(self, bus: EventBus, compacted: str) -> None:
        seen: list[str] = []

        async def handle(records: Any) -> None:
            assert len({record.partition for record in records}) == 1
            seen.extend(record.key for record in records)

        await bus.publish_many([event(compacted, f"k{n:03}", "x") for n in range(100)])
        await bus.subscribe(
            Subscription(
                "concierge.test",
                (compacted,),
                batch_handler=handle,
                max_batch=10,
                from_beginning=True,
            )
        )
        await until(lambda: len(seen) >= 100)
        assert sorted(set(seen)) == [f"k{n:03}" for n in range(100)]

    async def test_a_stopped_member_finishes_its_work_and_takes_no_more(
        self, bus: EventBus, topic: str
    ) -> None:
        seen: list[str] = []
        go = asyncio.Event()

        async def handler(record: Record) -> None:
            await go.wait()
            seen.append(text_of(record))

        member = await bus.subscribe(
            Subscription("concierge.test", (topic,), handler, max_in_flight=1, from_beginning=True)
        )
        await bus.publish_many([event(topic, "k", t) for t in ("a", "b")])
        await asyncio.sleep(0)
        stopping = asyncio.create_task(member.stop())
        go.set()
        await stopping
        done = list(seen)
        await bus.publish(event(topic, "k", "c"))
        assert seen == done
        assert "c" not in seen

    async def test_an_undeclared_topic_is_refused(self, bus: EventBus) -> None:
        with pytest.raises(InvalidArgument):
            await bus.publish(event("concierge.no.such.v1", "k", "x"))

    async def test_a_lane_that_is_no_partition_is_refused(self, bus: EventBus, topic: str) -> None:
        with pytest.raises(InvalidArgument):
            await bus.publish(event(topic, "k", "x", lane=999))
