"""What every CataloguePublisher must do, whichever bus is behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from concierge.catalog.v1 import catalog_events_pb2, hotel_pb2

from services.ingestion.adapters.event_publisher import FACTS_TOPIC, HOTEL_TOPIC
from services.ingestion.ports import CataloguePublisher, Facts
from services.platform.envelope import decode
from services.platform.events import Record

# Calls a blocking function in a thread.
Publish: TypeAlias = Callable[[Callable[[CataloguePublisher], None]], Awaitable[None]]
# Returns what lies on a topic once this many records do, oldest first per key.
Read: TypeAlias = Callable[[str, int], Awaitable[list[Record]]]


def hotel(id: str, revision: int = 1) -> hotel_pb2.Hotel:
    return hotel_pb2.Hotel(
        id=id, revision=revision, names=[hotel_pb2.LocalizedText(text=f"酒店 {id}")]
    )


def closed(id: str, second: int) -> Facts:
    change = Facts(hotel_id=id, available=False)
    change.changed_at.seconds = second
    return change


class CataloguePublisherContract:
    """Fixtures `publish` and `read`, on topics that are empty."""

    async def test_hotels_lie_under_their_ids_with_their_envelope(
        self, publish: Publish, read: Read
    ) -> None:
        await publish(lambda publisher: publisher.publish([hotel("1"), hotel("2")], job_id="j"))
        records = {record.key: record for record in await read(HOTEL_TOPIC, 2)}
        assert set(records) == {"1", "2"}
        upserted = decode(records["1"], catalog_events_pb2.HotelUpserted)
        assert (upserted.hotel, upserted.job_id) == (hotel("1"), "j")
        assert records["1"].headers["ce_source"] == b"concierge/ingestion"

    async def test_equal_ids_keep_their_order(self, publish: Publish, read: Read) -> None:
        hotels = [hotel(str(n % 3), revision=n) for n in range(1, 31)]
        await publish(lambda publisher: publisher.publish(hotels, job_id=""))
        records = await read(HOTEL_TOPIC, 30)
        for id in "012":
            revisions = [
                decode(record, catalog_events_pb2.HotelUpserted).hotel.revision
                for record in records
                if record.key == id
            ]
            assert revisions == [h.revision for h in hotels if h.id == id]

    async def test_more_than_one_request_holds(self, publish: Publish, read: Read) -> None:
        hotels = [hotel(f"h{n}") for n in range(2_500)]
        await publish(lambda publisher: publisher.publish(hotels, job_id="j"))
        assert {record.key for record in await read(HOTEL_TOPIC, 2_500)} == {h.id for h in hotels}

    async def test_a_removal_is_a_tombstone_after_the_record(
        self, publish: Publish, read: Read
    ) -> None:
        await publish(lambda publisher: publisher.publish([hotel("1")], job_id=""))
        await publish(lambda publisher: publisher.remove(["1"]))
        assert [record.value is None for record in await read(HOTEL_TOPIC, 2)] == [False, True]

    async def test_facts_lie_on_their_own_topic_in_order(
        self, publish: Publish, read: Read
    ) -> None:
        changes = [closed("1", second) for second in (10, 20, 30)]
        await publish(lambda publisher: publisher.change_facts(changes))
        records = await read(FACTS_TOPIC, 3)
        assert [
            decode(record, catalog_events_pb2.HotelFactsChanged) for record in records
        ] == changes
        assert records[0].headers["ce_time"] == b"1970-01-01T00:00:10+00:00"

    async def test_nothing_to_publish_is_nothing(self, publish: Publish, read: Read) -> None:
        await publish(lambda publisher: publisher.publish([], job_id=""))
        assert await read(HOTEL_TOPIC, 0) == []
