"""What query understanding needs from outside.

The names of the catalogue are part of the language that the domain reads, so their protocol lies
there (`domain/catalog_names.py`); what feeds them is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from concierge.catalog.v1 import hotel_pb2

from services.platform.deadline import Deadline
from services.query_understanding.domain.catalog_names import CatalogLexicon
from services.query_understanding.domain.proposal import Proposal, Question


class LearningLexicon(CatalogLexicon, Protocol):
    """A lexicon that is fed by the catalogue's events."""

    def apply(self, hotels: Sequence[hotel_pb2.Hotel], removed: Sequence[str] = ()) -> None:
        """Take hotels in, newest state wins; forget the removed. May run beside `find`."""
        ...


class ConceptReader(Protocol):
    """Says which concepts of the vocabulary words ask for that the rules do not know."""

    @property
    def name(self) -> str:
        """What it is called in plans."""
        ...

    @property
    def version(self) -> str:
        """Which one it is, for plans and Explain."""
        ...

    async def read(self, question: Question, *, deadline: Deadline) -> Sequence[Proposal]:
        """Return what the stretches of a question ask for, nothing where it is not sure.

        Its proposals are checked by the caller; one about other words than a stretch is refused.

        Raises:
            Unavailable: It is away, or its answer cannot be read.
            DeadlineExceeded: It did not answer in time.
        """
        ...
