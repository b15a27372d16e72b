"""What every EventBus must do, whichever broker is behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from google.protobuf.wrappers_pb2 import StringValue

from services.platform.bus import EventBus, Handler, Subscription
from services.platform.deadline import Deadline
from services.platform.envelope import decode
from services.platform.errors import InvalidArgument, ResourceExhausted, Unavailable
from services.platform.events import Event, Record
from services.platform.topics import Topic, dead_letter_topic

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


def topics_of(name: str) -> dict[str, Topic]:
    """Return the topics that the contract needs, by full name, all of them starting with `name`."""
    rows = [(f"{name}.facts.v1", 4, False), (f"{name}.state.v1", 2, True)]
    letters = [
        (dead_letter_topic(topic, service), 1, False)
        for topic, _, _ in rows
        for service in ("test", "other")
    ]
    return {
        topic: Topic(
            topic,
            "for tests",
            "key",
            (),
            partitions,
            compacted,
            retention_s=0 if compacted else 3600,
        )
        for topic, partitions, compacted in rows + letters
    }


class EventBusContract:
    """Fixtures `bus`, `topic` and `compacted`: several partitions, consumers `test` and `other`."""

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

        def handler(name: str) -> Handler:
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
        await bus.read_lane(f"{topic}.test.dlt", 0, keep)
        await bus.publish_many([event(topic, "k", t) for t in ("a", "poison", "b")])
        await until(lambda: len(seen) == 2 and len(letters) == 1)
        assert seen == ["a", "b"]
        assert letters[0].headers["concierge_error"] == b"InvalidArgument: value: is bad"
        assert letters[0].headers["concierge_origin"].startswith(f"{topic}/".encode())
        assert (letters[0].key, text_of(letters[0])) == ("k", "poison")

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

    async def test_what_a_stopped_member_did_not_finish_goes_to_the_next(
        self, bus: EventBus, topic: str
    ) -> None:
        finished: list[str] = []
        stuck = asyncio.Event()
        taken: list[str] = []

        async def first(record: Record) -> None:
            if text_of(record) == "2":
                stuck.set()
                raise Unavailable("the backend is away")
            finished.append(text_of(record))

        async def second(record: Record) -> None:
            taken.append(text_of(record))

        member = await bus.subscribe(
            Subscription("concierge.test", (topic,), first, max_in_flight=1, from_beginning=True)
        )
        await bus.publish_many([event(topic, "k", str(n)) for n in range(6)])
        await stuck.wait()
        await member.stop()
        assert finished == ["0", "1"]
        await bus.subscribe(
            Subscription("concierge.test", (topic,), second, max_in_flight=1, from_beginning=True)
        )
        await until(lambda: len(taken) >= 4)
        assert taken == ["2", "3", "4", "5"]

    async def test_a_position_passes_no_unfinished_record_however_many_follow(
        self, bus: EventBus, topic: str
    ) -> None:
        finished: set[str] = set()
        taken: set[str] = set()

        async def first(record: Record) -> None:
            if text_of(record) == "0":
                raise ResourceExhausted("full", retry_after_s=3600)
            finished.add(text_of(record))

        async def second(record: Record) -> None:
            taken.add(text_of(record))

        member = await bus.subscribe(
            Subscription("concierge.test", (topic,), first, max_in_flight=8, from_beginning=True)
        )
        await bus.publish_many([event(topic, "k", str(n)) for n in range(40)])
        await until(lambda: len(finished) == 39)
        await until(lambda: member.lag() > 0)
        await member.stop()
        await bus.subscribe(Subscription("concierge.test", (topic,), second, from_beginning=True))
        await until(lambda: "0" in taken)

    async def test_what_is_tried_again_keeps_the_order_of_its_partition(
        self, bus: EventBus, topic: str
    ) -> None:
        finished: list[str] = []

        async def handler(record: Record) -> None:
            if text_of(record) in ("1", "3") and record.attempt < 3:
                raise Unavailable("not yet")
            finished.append(text_of(record))

        await bus.subscribe(
            Subscription("concierge.test", (topic,), handler, max_in_flight=1, from_beginning=True)
        )
        await bus.publish_many([event(topic, "k", str(n)) for n in range(5)])
        await until(lambda: len(finished) == 5)
        assert finished == ["0", "1", "2", "3", "4"]

    async def test_members_that_come_and_go_under_load_lose_nothing(
        self, bus: EventBus, topic: str
    ) -> None:
        seen: set[str] = set()

        async def handler(record: Record) -> None:
            await asyncio.sleep(0)
            seen.add(text_of(record))

        subscription = Subscription(
            "concierge.test", (topic,), handler, max_in_flight=4, from_beginning=True
        )
        members = [await bus.subscribe(subscription)]
        for start in range(0, 300, 50):
            for n in range(start, start + 50):
                await bus.publish(event(topic, f"k{n}", str(n)))
            if start in (50, 150):
                members.append(await bus.subscribe(subscription))
            if start in (100, 200):
                await members.pop(0).stop()
        await until(lambda: len(seen) == 300)
        await until(lambda: sum(member.lag() for member in members) == 0)

    async def test_the_envelope_arrives_as_it_was_sent(self, bus: EventBus, topic: str) -> None:
        seen: list[Record] = []

        async def handler(record: Record) -> None:
            seen.append(record)

        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        deadline = Deadline.after(60)
        sent = event(topic, "钥匙", "天安门", traceparent=trace, deadline=deadline, time=1.5)
        await bus.subscribe(Subscription("concierge.test", (topic,), handler, from_beginning=True))
        await bus.publish(sent)
        await until(lambda: bool(seen))
        record = seen[0]
        assert (record.topic, record.key, text_of(record)) == (topic, "钥匙", "天安门")
        assert (record.id, record.type) == (sent.id, "google.protobuf.StringValue")
        assert record.traceparent == trace
        assert record.deadline is not None
        assert abs(record.deadline.expires_at - deadline.expires_at) < 0.001
        assert record.headers["ce_source"] == b"concierge/test"
        assert record.headers["ce_time"] == b"1970-01-01T00:00:01.500000+00:00"
        assert record.headers["ce_specversion"] == b"1.0"
        assert record.headers["content-type"] == b"application/protobuf"

    async def test_a_tombstone_has_a_key_and_no_value(self, bus: EventBus, compacted: str) -> None:
        seen: list[Record] = []

        async def handler(record: Record) -> None:
            seen.append(record)

        await bus.subscribe(
            Subscription("concierge.test", (compacted,), handler, from_beginning=True)
        )
        await bus.publish(Event(compacted, None, source="concierge/test", key="gone"))
        await until(lambda: bool(seen))
        assert (seen[0].key, seen[0].value, seen[0].type) == ("gone", None, "")

    async def test_a_reader_with_positions_of_its_own_starts_there(
        self, bus: EventBus, topic: str
    ) -> None:
        seen: list[str] = []

        async def handler(record: Record) -> None:
            seen.append(text_of(record))

        await bus.publish_many([event(topic, "k", str(n), lane=1) for n in range(5)])
        starts = {(topic, number): 3 if number == 1 else 0 for number in range(4)}
        await bus.subscribe(
            Subscription("concierge.test", (topic,), handler, max_in_flight=1, start_offsets=starts)
        )
        await bus.publish(event(topic, "k", "later", lane=2))
        await until(lambda: len(seen) == 3)
        assert sorted(seen) == ["3", "4", "later"]

    async def test_every_whole_view_sees_all_from_the_beginning(
        self, bus: EventBus, compacted: str
    ) -> None:
        views: list[dict[str, str]] = [{}, {}]

        def handler(view: dict[str, str]) -> Handler:
            async def handle(record: Record) -> None:
                view[record.key] = text_of(record)

            return handle

        await bus.publish_many([event(compacted, f"k{n}", "old") for n in range(30)])
        readers = [
            await bus.subscribe(
                Subscription(
                    "concierge.test.view", (compacted,), handler(view), max_in_flight=1, whole=True
                )
            )
            for view in views
        ]
        await until(lambda: all(reader.lag() == 0 for reader in readers))
        assert [len(view) for view in views] == [30, 30]
        await bus.publish(event(compacted, "k7", "new"))
        await until(lambda: all(view["k7"] == "new" for view in views))
        await readers[0].stop()
        views[0].clear()
        await bus.subscribe(
            Subscription("concierge.test.view", (compacted,), handler(views[0]), whole=True)
        )
        await until(lambda: views[0] == views[1])

    async def test_a_whole_view_skips_poison(self, bus: EventBus, compacted: str) -> None:
        seen: list[str] = []

        async def handle(records: Sequence[Record]) -> None:
            if any(record.key == "k1" for record in records):
                raise InvalidArgument("is bad", field="value")
            seen.extend(record.key for record in records)

        await bus.publish_many([event(compacted, f"k{n}", "x") for n in range(5)])
        reader = await bus.subscribe(
            Subscription("concierge.view", (compacted,), batch_handler=handle, whole=True)
        )
        await until(lambda: reader.lag() == 0)
        assert sorted(seen) == ["k0", "k2", "k3", "k4"]

    async def test_lag_counts_what_is_not_finished(self, bus: EventBus, topic: str) -> None:
        go = asyncio.Event()

        async def handler(record: Record) -> None:
            await go.wait()

        member = await bus.subscribe(
            Subscription("concierge.test", (topic,), handler, max_in_flight=2, from_beginning=True)
        )
        await bus.publish_many([event(topic, f"k{n}", "x") for n in range(10)])
        await until(lambda: member.lag() == 10)
        go.set()
        await until(lambda: member.lag() == 0)

    async def test_a_group_that_is_no_consumer_is_refused(self, bus: EventBus, topic: str) -> None:
        async def handler(record: Record) -> None: ...

        with pytest.raises(InvalidArgument):
            await bus.subscribe(Subscription("concierge.stranger", (topic,), handler))

    async def test_an_undeclared_topic_is_refused(self, bus: EventBus) -> None:
        with pytest.raises(InvalidArgument):
            await bus.publish(event("concierge.no.such.v1", "k", "x"))

    async def test_a_lane_that_is_no_partition_is_refused(self, bus: EventBus, topic: str) -> None:
        with pytest.raises(InvalidArgument):
            await bus.publish(event(topic, "k", "x", lane=999))
