"""Telling one fact of a record, with its citation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.answering.domain.answer import Citation, PlaceDistance
from services.answering.domain.phrases import SECTIONS, Phrases, decimal
from services.answering.domain.record import FacilityEntry, HotelRecord, in_language
from services.plan.condition import Field, PlaceCategory
from services.plan.query_plan import RequestedFact
from services.vocabulary import Vocabulary

PLACES = 5
"""Nearby places that a sentence names; the citation has them all."""
_LABEL_CHARACTERS = 24
# A facility's own words are shown only when they look like a facility.
_SUSPICIOUS = re.compile(r"\d{5}|[,，。;；:：!！?？@]|\d-\d")


@dataclass(frozen=True, slots=True)
class Told:
    """A part of a sentence and the evidence it rests on."""

    text: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class FactTeller:
    """Words facts of records in one language."""

    phrases: Phrases
    vocabulary: Vocabulary

    def overview(self, record: HotelRecord) -> Iterator[Told]:
        """Yield what a guest wants to know of any hotel."""
        yield from self.tell(record, RequestedFact(Field.PRICE))
        for field in (Field.GUEST_RATING, Field.STAR_RATING, Field.TIER, Field.ADDRESS):
            yield from self.tell_if_known(record, field)
        labels = [self._label(facility) for facility in record.facilities or ()]
        shown = [label for label in labels if label][:PLACES]
        if shown:
            yield self._told(record, Field.FACILITY, self.phrases.facilities(shown), shown)

    def tell_if_known(self, record: HotelRecord, field: Field) -> Iterator[Told]:
        """Yield the fact, nothing when the record lacks it."""
        for told in self.tell(record, RequestedFact(field)):
            if told.citation.values:
                yield told

    def tell_facilities(self, record: HotelRecord, ids: Sequence[str]) -> Iterator[Told]:
        """Yield which of the facilities asked for are listed and which are not."""
        ids = [self.vocabulary.canonical("facilities", id) for id in ids]
        held = [id for id in ids if id in record.facility_ids()]
        if held:
            labels = list(dict.fromkeys(self._asked_label(record, id) for id in held))
            text = self.phrases.facilities(labels)
            for index, id in enumerate(held):
                values = self._labels_for(record, id)
                yield self._told(record, Field.FACILITY, "" if index else text, values, id)
        for id in ids:
            if id not in held:
                yield from self._facility(record, id)

    def tell_listed(self, record: HotelRecord, names: frozenset[str]) -> Iterator[Told]:
        """Yield which of the places asked for the record lists as near."""
        for place in record.nearby or ():
            if place.name in names:
                text = self.phrases.nearby(None, [place.name], False)
                yield self._told(record, Field.NEARBY, text, [place.name])

    def told_distance(self, record: HotelRecord, distance: PlaceDistance) -> Told:
        """Return how far a place of the plan is."""
        text = self.phrases.distance(distance.place_name, distance.distance_km)
        value = f"{distance.distance_km:.1f} km"
        return self._told(record, Field.DISTANCE, text, [value], distance.place_name)

    def tell(self, record: HotelRecord, fact: RequestedFact) -> Iterator[Told]:
        """Yield one requested fact, or that the record does not have it."""
        phrases = self.phrases
        match fact.field:
            case Field.FACILITY if fact.value:
                yield from self._facility(record, fact.value)
            case Field.PRICE if record.price is not None:
                values = [f"{decimal(record.price)} {record.currency}".strip()]
                text = phrases.price(record.price, record.currency)
                yield self._told(record, Field.PRICE, text, values)
            case Field.GUEST_RATING if record.guest_rating is not None:
                text = phrases.guest_rating(record.guest_rating)
                yield self._told(record, fact.field, text, [decimal(record.guest_rating)])
            case Field.STAR_RATING if record.star_rating is not None:
                text = phrases.star_rating(record.star_rating)
                yield self._told(record, fact.field, text, [decimal(record.star_rating)])
            case Field.REVIEW_COUNT if record.review_count is not None:
                text = phrases.review_count(record.review_count)
                yield self._told(record, fact.field, text, [str(record.review_count)])
            case Field.AVAILABLE if record.available is not None:
                text = phrases.available(record.available)
                yield self._told(record, fact.field, text, [str(record.available).lower()])
            case Field.DISTANCE if measured := [
                PlaceDistance(place.name, place.distance_km)
                for place in record.nearby or ()
                if place.distance_km is not None
            ]:
                for distance in measured[:PLACES]:
                    yield self.told_distance(record, distance)
            case Field.DESCRIPTION:
                # Free text is data from outside: it is never repeated.
                yield from self.overview(record)
            case Field.NEARBY:
                yield from self._nearby(record, fact.value)
            case _:
                yield from self._texts(record, fact.field)

    def extreme(self, record: HotelRecord, field: Field, *, least: bool) -> Told | None:
        """Return that a hotel has the least or the most of a number among those shown."""
        text = self.phrases.extreme(field, least)
        value = record.price if field is Field.PRICE else record.guest_rating
        if not text or value is None:
            return None
        return self._told(record, field, text, [decimal(value)])

    def _texts(self, record: HotelRecord, field: Field) -> Iterator[Told]:
        values = self._values(record, field)
        if values:
            text = self.phrases.value(field, "、".join(values) if len(values) > 1 else values[0])
            yield self._told(record, field, text, values)
        else:
            yield self._told(record, field, self.phrases.missing(field), [])

    def _values(self, record: HotelRecord, field: Field) -> list[str]:
        language = self.phrases.language
        match field:
            case Field.NAME:
                return [record.name(language)]
            case Field.ADDRESS:
                return [text for text in [in_language(record.addresses, language)] if text]
            case Field.TRANSPORT:
                return [text for text in [in_language(record.transport, language)] if text]
            case Field.FACILITY:
                return [label for f in record.facilities or () if (label := self._label(f))]
            case Field.ROOM_TYPE:
                return [self._section_label(field, id) for id in record.room_types or ()]
            case Field.POSTCODE:
                return [value for key, value in record.extra if key == "postcode"][:1]
        value = {
            Field.PHONE: record.phone,
            Field.DISTRICT: record.district,
            Field.CITY: record.city,
            Field.TIER: record.tier,
            Field.KIND: record.kind,
            Field.BRAND: record.brand,
            Field.PRICE_BAND: record.price_band,
        }.get(field)
        return [] if value is None else [self._section_label(field, value)]

    def _facility(self, record: HotelRecord, asked: str) -> Iterator[Told]:
        id = self.vocabulary.canonical("facilities", asked)
        if id in record.facility_ids():
            values = self._labels_for(record, id)
            text = self.phrases.facilities([self._asked_label(record, id)])
            yield self._told(record, Field.FACILITY, text, values, id)
        else:
            label = self._section_label(Field.FACILITY, id)
            yield self._told(record, Field.FACILITY, self.phrases.facility_missing(label), [], id)

    def _nearby(self, record: HotelRecord, category: str) -> Iterator[Told]:
        names = [place.name for place in record.places(category)]
        if names:
            kind = PlaceCategory(category) if category in set(PlaceCategory) else None
            text = self.phrases.nearby(kind, names[:PLACES], len(names) > PLACES)
            yield self._told(record, Field.NEARBY, text, names, category)
        else:
            text = self.phrases.missing(Field.NEARBY, category)
            yield self._told(record, Field.NEARBY, text, [], category)

    def _labels_for(self, record: HotelRecord, id: str) -> list[str]:
        """Return the listed facilities that make the asked one true, in the record's words."""
        listed = [f for f in record.facilities or () if f.label]
        closure = self.vocabulary.closure
        own = [f.label for f in listed if f.id == id]
        wider = [f.label for f in listed if id in closure("facilities", [f.id])]
        return own or wider or [self._section_label(Field.FACILITY, id)]

    def _asked_label(self, record: HotelRecord, id: str) -> str:
        """Return what is said of a facility: what the record lists, in the answer's language."""
        closure = self.vocabulary.closure
        facilities = record.facilities or ()
        exact = [f for f in facilities if f.id == id and f.label]
        listed = exact or [f for f in facilities if f.label and id in closure("facilities", [f.id])]
        return (self._label(listed[0]) if listed else "") or self._section_label(Field.FACILITY, id)

    def _label(self, facility: FacilityEntry) -> str:
        """Return the facility's words; empty for one that looks like anything else."""
        if facility.id in self.vocabulary.section("facilities"):
            return self._section_label(Field.FACILITY, facility.id)
        label = facility.label or facility.id
        return "" if len(label) > _LABEL_CHARACTERS or _SUSPICIOUS.search(label) else label

    def _section_label(self, field: Field, id: str) -> str:
        return self.vocabulary.label(SECTIONS.get(field, ""), id, self.phrases.language)

    @staticmethod
    def _told(
        record: HotelRecord, field: Field, text: str, values: Sequence[str], asked: str = ""
    ) -> Told:
        return Told(text, Citation(record.hotel_id, field, text, tuple(values), asked))
