"""What query understanding needs from outside.

The names of the catalogue are part of the language that the domain reads, so their protocol lies
there (`domain/catalog_names.py`); what feeds them is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from concierge.catalog.v1 import hotel_pb2

from services.query_understanding.domain.catalog_names import CatalogLexicon


class LearningLexicon(CatalogLexicon, Protocol):
    """A lexicon that is fed by the catalogue's events."""

    def apply(self, hotels: Sequence[hotel_pb2.Hotel], removed: Sequence[str] = ()) -> None:
        """Take hotels in, newest state wins; forget the removed. May run beside `find`."""
        ...
