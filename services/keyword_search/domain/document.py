"""A hotel as the keyword index holds it."""

from __future__ import annotations

from dataclasses import dataclass

from concierge.catalog.v1 import hotel_pb2

from services.plan.facts import HotelFacts
from services.plan.hotel_wire import facts_of
from services.text import analyser

# What a hotel without any review is taken to score: below a good one, above a bad one.
PRIOR_RATING = 3.5
PRIOR_REVIEWS = 20


@dataclass(frozen=True, slots=True)
class Document:
    """One hotel, analysed.

    Attributes:
        facts: What conditions read.
        name, place, facility, description: Analysed tokens joined by blanks.
        prior: Standing without any words, in [0, 5]: the guest rating shrunk by review count.
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


def document_of(hotel: hotel_pb2.Hotel) -> Document:
    """Return the document of a record."""
    facts = facts_of(hotel)
    return Document(
        facts=facts,
        name=analyser.field(name.text for name in hotel.names),
        place=analyser.field(
            [
                hotel.district,
                hotel.city,
                *(address.text for address in hotel.addresses),
                *(line.text for line in hotel.transport),
                *(place.name for place in hotel.nearby_places.items),
            ]
        ),
        facility=analyser.field(
            [
                hotel.brand,
                hotel.kind,
                hotel.tier,
                *(f"{item.label or item.id}" for item in hotel.facilities.items),
                *hotel.room_types.items,
            ]
        ),
        description=analyser.field(text.text for text in hotel.descriptions),
        prior=prior(facts),
        record=hotel.SerializeToString(),
        revision=hotel.revision,
    )


def prior(facts: HotelFacts) -> float:
    """Return the guest rating shrunk towards `PRIOR_RATING` by `PRIOR_REVIEWS` reviews.

    Source: the Bayesian average with a fixed prior weight.
    """
    reviews = facts.review_count or 0
    if facts.guest_rating is None:
        return PRIOR_RATING - 0.5
    # A rating of unknown basis counts like one resting on as many reviews as the prior.
    weight = reviews if facts.review_count is not None else PRIOR_REVIEWS
    return (facts.guest_rating * weight + PRIOR_RATING * PRIOR_REVIEWS) / (weight + PRIOR_REVIEWS)
