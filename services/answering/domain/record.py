"""A hotel record as answers read it: every text already plain, a missing field `None`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.plan.condition import PlaceCategory


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the record; `language` is a BCP 47 tag, empty when unknown."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class FacilityEntry:
    """One facility: id in the vocabulary and the source's words, empty for an implied one."""

    id: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class NearbyEntry:
    """One place that the source lists as near; kilometres only where the source states them."""

    category: PlaceCategory | None
    name: str
    distance_km: float | None = None


@dataclass(frozen=True, slots=True)
class HotelRecord:
    """One hotel.

    Attributes:
        hotel_id: Id in the catalogue.
        names: At least one; the first is the display name.
        price: Per room and night in `currency` (ISO 4217, empty when the record names none).
        guest_rating: 0 to 5.
        star_rating: 0 to 5.
        tier, kind, price_band: Ids of the vocabulary.
        facilities: Implied ones included; `None` when the source has no list.
        room_types: Ids or words; `None` when the source has no list.
        nearby: `None` when the source has no list.
        available: Whether rooms can be booked now.
        extra: Further fields of the source, such as the postcode.
    """

    hotel_id: str
    names: tuple[Text, ...]
    price: float | None = None
    currency: str = ""
    guest_rating: float | None = None
    review_count: int | None = None
    star_rating: float | None = None
    tier: str | None = None
    kind: str | None = None
    price_band: str | None = None
    brand: str | None = None
    district: str | None = None
    city: str | None = None
    addresses: tuple[Text, ...] = ()
    phone: str | None = None
    transport: tuple[Text, ...] = ()
    facilities: tuple[FacilityEntry, ...] | None = None
    room_types: tuple[str, ...] | None = None
    nearby: tuple[NearbyEntry, ...] | None = None
    available: bool | None = None
    extra: tuple[tuple[str, str], ...] = ()

    def name(self, language: str) -> str:
        """Return the name in the language, else the display name."""
        return in_language(self.names, language) or self.hotel_id

    def facility_ids(self) -> frozenset[str]:
        """Return the ids listed, implied ones included; empty where there is no list."""
        return frozenset(facility.id for facility in self.facilities or ())

    def places(self, category: str) -> list[NearbyEntry]:
        """Return the listed places of a category; of every category when it is empty."""
        return [place for place in self.nearby or () if category in ("", place.category)]


def in_language(texts: Sequence[Text], language: str) -> str:
    """Return the text in the language, else the first; empty when there is none."""
    wanted = language.partition("-")[0]
    for text in texts:
        if text.language.partition("-")[0] == wanted:
            return text.text
    return texts[0].text if texts else ""
