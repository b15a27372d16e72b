"""How answers are worded, in whichever language: what a language has to provide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.plan.condition import (
    All,
    Any,
    Condition,
    Field,
    Name,
    Near,
    Not,
    PlaceCategory,
    Range,
    Term,
)
from services.vocabulary import Vocabulary

SECTIONS: Mapping[Field, str] = {
    Field.FACILITY: "facilities",
    Field.ROOM_TYPE: "room_types",
    Field.KIND: "kinds",
    Field.TIER: "tiers",
    Field.PRICE_BAND: "price_bands",
    Field.BRAND: "brands",
}


_AREAS: Mapping[Field, str] = {Field.CITY: "cities", Field.DISTRICT: "districts"}


@dataclass(frozen=True, slots=True)
class FixedPhrases:
    """Whole sentences that claim nothing of any hotel."""

    greeting: str
    thanks: str
    farewell: str
    cannot_book: str
    acknowledged: str
    not_on_record: str
    shown_already: str
    out_of_domain: str
    injection: str
    record_unread: str
    try_relaxing: str
    ask_again: str


class Phrases(Protocol):
    """The words of one language. Every method returns plain text without a final stop."""

    language: str
    fixed: FixedPhrases

    def sentence(self, name: str, parts: Sequence[str]) -> str:
        """Return one whole sentence about a hotel."""
        ...

    def found(self, asked: Sequence[str], total: int | None) -> str:
        """Return the whole sentence that opens a list of hits."""
        ...

    def no_match(self, asked: Sequence[str]) -> str:
        """Return the whole sentence that says that nothing matches."""
        ...

    def dropping(self, condition: str, count: int) -> str:
        """Return the whole sentence on what dropping a condition gives."""
        ...

    def replacing(self, condition: str, replacement: str, count: int) -> str:
        """Return the whole sentence on what loosening a condition gives."""
        ...

    def choices(self, options: Sequence[str]) -> str:
        """Return the whole sentence that lists answers to a question back."""
        ...

    def price(self, amount: float, currency: str) -> str:
        """Return the price per room and night."""
        ...

    def guest_rating(self, rating: float) -> str:
        """Return the guest score."""
        ...

    def review_count(self, count: int) -> str:
        """Return the number of reviews."""
        ...

    def star_rating(self, stars: float) -> str:
        """Return the stars."""
        ...

    def facilities(self, labels: Sequence[str]) -> str:
        """Return that these facilities are listed."""
        ...

    def facility_missing(self, label: str) -> str:
        """Return that a facility is not listed, which is not that there is none."""
        ...

    def nearby(self, category: PlaceCategory | None, names: Sequence[str], more: bool) -> str:
        """Return what the record lists as near; `more`: there is more than these."""
        ...

    def distance(self, place: str, km: float) -> str:
        """Return how far a place is."""
        ...

    def extreme(self, field: Field, least: bool) -> str:
        """Return that of those shown one has the least or most of a number, "" for no such word."""
        ...

    def available(self, available: bool) -> str:
        """Return whether rooms can be booked."""
        ...

    def value(self, field: Field, value: str) -> str:
        """Return a field with its value."""
        ...

    def missing(self, field: Field, category: str = "") -> str:
        """Return that the record has no value; `category` for places nearby."""
        ...

    def bounds(self, leaf: Range) -> str:
        """Return the words of a condition on a number."""
        ...

    def name_condition(self, leaf: Name) -> str:
        """Return the words of a condition on the name."""
        ...

    def near_condition(self, place: str, radius_km: float | None) -> str:
        """Return the words of nearness."""
        ...

    def negated(self, words: str) -> str:
        """Return the words of a NOT."""
        ...

    def joined(self, words: Sequence[str], *, every: bool) -> str:
        """Return the words of an AND (`every`) or an OR."""
        ...


def condition_words(
    condition: Condition, phrases: Phrases, places: Mapping[int, str], vocabulary: Vocabulary
) -> str:
    """Return a condition in the language's words.

    Args:
        condition: Any node.
        phrases: The language.
        places: Names of the plan's places by id.
        vocabulary: Labels of ids.
    """

    def words(node: Condition) -> str:
        match node:
            case Term(field=Field.HOTEL_ID):
                return phrases.fixed.shown_already
            case Term(field=field, values=values):
                section = SECTIONS.get(field) or _AREAS.get(field, "")
                labels = [_label(vocabulary, section, v, phrases.language) for v in values]
                return phrases.joined(labels, every=False)
            case Range():
                return phrases.bounds(node)
            case Name():
                return phrases.name_condition(node)
            case Near():
                place = places.get(node.place_id) or (node.listed[0].name if node.listed else "")
                # A list says near whatever the distance.
                return phrases.near_condition(place, None if node.listed else node.radius_km)
            case Not(item=item):
                return phrases.negated(words(item))
            case All(items=items):
                return phrases.joined([words(item) for item in items], every=True)
            case Any(items=items):
                return phrases.joined([words(item) for item in items], every=False)

    return words(condition)


def _label(vocabulary: Vocabulary, section: str, value: str, language: str) -> str:
    """Return a value in the language; records write areas as they like: "上海", "Shanghai"."""
    known = vocabulary.find(section, value)
    return vocabulary.label(section, value if known is None else known, language)


def decimal(number: float) -> str:
    """Return the number without needless zeros: 458, 458.5, 4.75."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
