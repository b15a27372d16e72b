"""What lies beside tantivy in memory, by row number: records, ids and positions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.geography.arrays import circle_and_corners, count_in_box
from services.keyword_search.domain.document import Document
from services.plan.condition import Point


class Rows:
    """Rows of hotels, appended and never reused.

    Attributes:
        records: Serialised hotels, empty where the hotel was removed.
        ids: Hotel ids.
        closed: Rows of hotels that are closed.
    """

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.ids: list[str] = []
        self.closed: set[int] = set()
        self._of_hotel: dict[str, int] = {}
        # Each column in one piece: a box is looked up a column at a time.
        self._positions = np.full((1024, 2), np.nan, order="F")

    def __len__(self) -> int:
        return len(self.records)

    def hotel_count(self) -> int:
        """Return how many hotels are held."""
        return len(self._of_hotel)

    def record(self, hotel_id: str) -> bytes | None:
        """Return the newest record of a hotel, `None` where it is not held."""
        row = self._of_hotel.get(hotel_id)
        return None if row is None else self.records[row]

    def append(self, document: Document) -> int:
        """Add a hotel, or its newer row; return the row."""
        id, row = document.facts.hotel_id, len(self.records)
        if row >= len(self._positions):
            grown = np.full((len(self._positions) * 2, 2), np.nan, order="F")
            grown[: len(self._positions)] = self._positions
            self._positions = grown
        location = document.facts.location
        if location is not None:
            self._positions[row] = (location.latitude, location.longitude)
        if document.facts.closed:
            self.closed.add(row)
        self.records.append(document.record)
        self.ids.append(id)
        if (old := self._of_hotel.get(id)) is not None:
            self._positions[old] = np.nan
            # A search that runs now may still hold the old row: its record goes with it.
        self._of_hotel[id] = row
        return row

    def remove(self, hotel_id: str) -> None:
        """Forget a hotel that is held."""
        self.records[self._of_hotel.pop(hotel_id)] = b""

    def positions(self) -> NDArray[np.float64]:
        """Return latitude and longitude by row, `(rows or more, 2)`, NaN where unknown."""
        return self._positions

    def in_box(self, center: Point, radius_km: float) -> int:
        """Return how many hotels stand in the box around a circle."""
        return count_in_box(self._positions[: len(self.records)], center, radius_km)

    def circle_and_corners(
        self, center: Point, radius_km: float
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the rows in a circle, and those in the box around it besides."""
        return circle_and_corners(self._positions[: len(self.records)], center, radius_km)
