"""A hotel as the keyword index holds it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from concierge.catalog.v1 import hotel_pb2

from services.plan.facts import HotelFacts
from services.plan.hotel_wire import facts_of
from services.recall.facts_change import FactsChange, change, keep_newer_facts
from services.text import analyser

# What a hotel without any review is taken to score: below a good one, above a bad one.
PRIOR_RATING = 3.5
PRIOR_REVIEWS = 20
# The token of a field without any: engines differ in whether an empty field counts as one when
# they work out how rare a word is and how long fields are.
NOTHING = "_"
# The most that a tie-break adds to a standing.
TIE_BREAK = 1e-3


@dataclass(frozen=True, slots=True)
class Document:
    """One hotel, analysed.

    Attributes:
        facts: What conditions read.
        name, place, facility, description: Analysed tokens joined by blanks.
        prior: Standing without any words, in [0, 5.001): the guest rating shrunk by review count,
            and `tie_break`, so that hardly two hotels have the same.
        record: The serialised `Hotel`.
        revision: Of the record.
    """

    facts: HotelFacts
    name: str
    place: str
    facility: str
    description: str
    prior: float
    record: bytes
    revision: int


def document_of(
    hotel: hotel_pb2.Hotel, facts: HotelFacts | None = None, record: bytes | None = None
) -> Document:
    """Return the document of a hotel.

    Args:
        hotel: The hotel.
        facts: Its facts, where they are known already.
        record: The hotel serialised, where it is already.
    """
    if facts is None:
        facts = facts_of(hotel)
    return Document(
        facts=facts,
        name=_field(name.text for name in hotel.names),
        place=_field(
            [
                hotel.district,
                hotel.city,
                *(address.text for address in hotel.addresses),
                *(line.text for line in hotel.transport),
                *(place.name for place in hotel.nearby_places.items),
            ]
        ),
        facility=_field(
            [
                hotel.brand,
                hotel.kind,
                hotel.tier,
                *(f"{item.label or item.id}" for item in hotel.facilities.items),
                *hotel.room_types.items,
            ]
        ),
        description=_field(text.text for text in hotel.descriptions),
        prior=prior(facts),
        record=hotel.SerializeToString() if record is None else record,
        revision=hotel.revision,
    )


def keeping_newer_facts(document: Document, held: bytes) -> Document:
    """Return the document with those fast fields that changed on their own after it.

    Args:
        document: What is to replace a record.
        held: That record.
    """
    hotel = hotel_pb2.Hotel.FromString(document.record)
    if not keep_newer_facts(hotel, hotel_pb2.Hotel.FromString(held)):
        return document
    return replace(document, facts=facts_of(hotel), record=hotel.SerializeToString())


def with_changes(record: bytes, changes: Iterable[FactsChange]) -> tuple[hotel_pb2.Hotel, int]:
    """Return the record after the changes, in their order, and how many of them changed it."""
    hotel = hotel_pb2.Hotel.FromString(record)
    return hotel, sum([change(hotel, facts) for facts in changes])


def _field(texts: Iterable[str]) -> str:
    return analyser.field(texts) or NOTHING


def prior(facts: HotelFacts) -> float:
    """Return the guest rating shrunk towards `PRIOR_RATING` by `PRIOR_REVIEWS` reviews.

    Source: the Bayesian average with a fixed prior weight.
    """
    return _shrunk_rating(facts) + tie_break(facts.hotel_id)


def tie_break(hotel_id: str) -> float:
    """Return a number in [0, `TIE_BREAK`) that puts equals in the same order everywhere."""
    return zlib.crc32(hotel_id.encode()) / (1 << 32) * TIE_BREAK


def _shrunk_rating(facts: HotelFacts) -> float:
    reviews = facts.review_count or 0
    if facts.guest_rating is None:
        return PRIOR_RATING - 0.5
    # A rating of unknown basis counts like one resting on as many reviews as the prior.
    weight = reviews if facts.review_count is not None else PRIOR_REVIEWS
    return (facts.guest_rating * weight + PRIOR_RATING * PRIOR_REVIEWS) / (weight + PRIOR_REVIEWS)
