"""Changes of the catalogue as events, for whatever carries events."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from concierge.catalog.v1 import catalog_events_pb2, hotel_pb2

from services.ingestion.ports import Facts
from services.platform.events import Event

HOTEL_TOPIC = "concierge.catalog.hotel.v1"
FACTS_TOPIC = "concierge.catalog.facts.v1"
SOURCE = "concierge/ingestion"


class EventPublisher(ABC):
    """`CataloguePublisher` for a bus; what a bus needs is to send events."""

    def publish(self, hotels: Sequence[hotel_pb2.Hotel], *, job_id: str) -> None:
        """Publish all; on return the bus has them."""
        self.send(
            [
                Event(
                    HOTEL_TOPIC,
                    catalog_events_pb2.HotelUpserted(hotel=hotel, job_id=job_id),
                    source=SOURCE,
                    key=hotel.id,
                )
                for hotel in hotels
            ]
        )

    def remove(self, hotel_ids: Sequence[str]) -> None:
        """Publish a tombstone for each; on return the bus has them."""
        self.send([Event(HOTEL_TOPIC, None, source=SOURCE, key=id) for id in hotel_ids])

    def change_facts(self, changes: Sequence[Facts]) -> None:
        """Publish all in order; on return the bus has them."""
        self.send(
            [
                Event(
                    FACTS_TOPIC,
                    change,
                    source=SOURCE,
                    key=change.hotel_id,
                    time=change.changed_at.ToNanoseconds() / 1e9,
                )
                for change in changes
            ]
        )

    @abstractmethod
    def send(self, events: Sequence[Event[Any]]) -> None:
        """Hand events to the bus in order; return when it has them all.

        Raises:
            Unavailable: The bus is away; it may have some.
        """
