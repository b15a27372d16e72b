"""A CataloguePublisher that keeps what it was given."""

from __future__ import annotations

from collections.abc import Sequence

from concierge.catalog.v1 import hotel_pb2

from services.ingestion.ports import Facts
from services.platform.errors import Unavailable


class FakePublisher:
    """`CataloguePublisher` in lists; `down` refuses."""

    def __init__(self, *, down: bool = False) -> None:
        self.down = down
        self.hotels: list[hotel_pb2.Hotel] = []
        self.removed: list[str] = []
        self.changes: list[Facts] = []

    def publish(self, hotels: Sequence[hotel_pb2.Hotel], *, job_id: str) -> None:
        self._check()
        self.hotels.extend(hotels)

    def remove(self, hotel_ids: Sequence[str]) -> None:
        self._check()
        self.removed.extend(hotel_ids)

    def change_facts(self, changes: Sequence[Facts]) -> None:
        self._check()
        self.changes.extend(changes)

    def _check(self) -> None:
        if self.down:
            raise Unavailable("the bus is away", reason="BUS_AWAY")
