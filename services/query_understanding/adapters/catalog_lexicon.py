"""The catalogue's names in memory, searchable in a text in one pass."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal, TypeAlias

from concierge.catalog.v1 import hotel_pb2

from services.plan.condition import Field, ListedPlace
from services.plan.hotel_wire import amount, listed_places
from services.plan.names import fold_name
from services.query_understanding.domain import currency
from services.query_understanding.domain.catalog_names import (
    HotelRecord,
    KnownPlace,
    NameKind,
    NameMatch,
)
from services.query_understanding.domain.catalog_words import (
    Key,
    Meaning,
    cities,
    hotel_keys,
    known_place_words,
    place_words,
    tidy,
    value_keys,
)
from services.query_understanding.domain.growing_words import GrowingWords
from services.query_understanding.domain.lexemes import bounded
from services.query_understanding.domain.name_index import NameIndex, Resemblance
from services.query_understanding.domain.name_words import NameWord
from services.query_understanding.domain.short_names import ShortNames
from services.text.fold import fold_text

_MOST_PLACES = 64
_MOST_HOTELS = 64
# The stub of `HasField` knows names as literals.
_TermName: TypeAlias = Literal["kind", "tier", "price_band", "brand", "district", "city"]
_TERM_FIELDS: dict[Field, _TermName] = {
    Field.KIND: "kind",
    Field.TIER: "tier",
    Field.PRICE_BAND: "price_band",
    Field.BRAND: "brand",
    Field.DISTRICT: "district",
    Field.CITY: "city",
}


@dataclass(eq=False, slots=True)
class _Held:
    """A value that hotels have, and the label that some give it, "" for none.

    There is one of each, which the hotels that have it share: a hotel has dozens, and none of them
    is hashed to be counted.
    """

    field: Field
    value: str
    label: str
    count: int = 0


class InMemoryCatalogLexicon:
    """Implements `CatalogLexicon`; fed by `apply`, and once with the places known besides."""

    def __init__(self, places: Iterable[KnownPlace] = ()) -> None:
        self._write_lock = threading.Lock()
        self._records: dict[str, HotelRecord] = {}
        self._aliases: dict[str, tuple[Key, ...]] = {}
        # By folded name a hotel of it, and all of them where there are several: few names are
        # shared, and a set for each would be most of what a name takes.
        self._named: dict[str, str] = {}
        self._namesakes: dict[str, set[str]] = {}
        self._places: dict[ListedPlace, int] = defaultdict(int)
        self._place_of_hotel: dict[str, tuple[ListedPlace, ...]] = {}
        self._place_index: dict[str, set[ListedPlace]] = defaultdict(set)
        self._place_haystack = (0, "")
        self._values: dict[Field, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._value_sets: dict[Field, tuple[int, frozenset[str]]] = {}
        self._value_changes = 0
        self._value_of_hotel: dict[str, tuple[_Held, ...]] = {}
        self._known_values: dict[Field, dict[tuple[str, str], _Held]] = {f: {} for f in Field}
        self._words = GrowingWords()
        # The first meaning of each word, and how often each of its meanings was counted where that
        # is more than once in all.
        self._meanings: dict[str, Meaning] = {}
        self._several_meanings: dict[str, dict[Meaning, int]] = {}
        self._haystack: str | None = None
        self._index: NameIndex[tuple[NameKind, str]] = NameIndex()
        self._short_names = ShortNames(cities())
        self._known_places: dict[str, set[ListedPlace]] = defaultdict(set)
        self._know(places)

    # --- feeding ---------------------------------------------------------------------------------
    def apply(self, hotels: Sequence[hotel_pb2.Hotel], removed: Sequence[str] = ()) -> None:
        """Take hotels in, newest state wins; forget the removed.

        May be called from several threads; readers on another thread see each map as it is.
        """
        with self._write_lock:
            self._apply(hotels, removed)

    def _apply(self, hotels: Sequence[hotel_pb2.Hotel], removed: Sequence[str]) -> None:
        for hotel_id in removed:
            self._forget(hotel_id)
        for hotel in hotels:
            self._learn(hotel)

    def _know(self, places: Iterable[KnownPlace]) -> None:
        for place in places:
            for name in (place.name, *place.other_names):
                folded = fold_text(name)
                if place.category is not None:
                    entry = ListedPlace(place.category, place.name)
                    self._known_places[fold_name(folded)].add(entry)
                for word in known_place_words(folded):
                    self._count((word, (NameKind.PLACE, place.name, None)))

    def _learn(self, hotel: hotel_pb2.Hotel) -> None:
        record = _record(hotel)
        folded = [fold_text(name) for name in record.names]
        keys = hotel_keys(record.name, folded)
        places = _places(hotel)
        values = self._values_held(hotel)
        id = record.hotel_id
        if id in self._records:
            if (
                self._aliases[id] == keys
                and self._place_of_hotel[id] == places
                and self._value_of_hotel[id] == values
            ):
                self._records[id] = record
                return
            self._forget(id)
        self._records[id] = record
        self._aliases[id] = keys
        self._place_of_hotel[id] = places
        self._value_of_hotel[id] = values
        for name in folded:
            self._name(id, name)
        for held in values:
            if not held.count:
                self._values[held.field][held.value] += 1
                self._value_changes += 1
                for key in value_keys(held.value, held.label, held.field):
                    self._count(key)
            held.count += 1
        for place in places:
            self._places[place] += 1
            if self._places[place] == 1:
                folded_place = fold_text(place.name)
                self._place_index[fold_name(folded_place)].add(place)
                for word in place_words(folded_place):
                    self._count((word, (NameKind.PLACE, place.name, None)))
        for key in keys:
            self._count(key)
        self._haystack = None

    def _values_held(self, hotel: hotel_pb2.Hotel) -> tuple[_Held, ...]:
        has = hotel.HasField
        found: list[_Held] = []
        for field, attribute in _TERM_FIELDS.items():
            if has(attribute):
                value = getattr(hotel, attribute)
                found.append(self._held(field, value, value))
        if has("room_types"):
            rooms = self._known_values[Field.ROOM_TYPE]
            for room in hotel.room_types.items:
                found.append(rooms.get((room, room)) or self._held(Field.ROOM_TYPE, room, room))
        if has("facilities"):
            facilities = self._known_values[Field.FACILITY]
            for item in hotel.facilities.items:
                said = (item.id, item.label)
                found.append(facilities.get(said) or self._held(Field.FACILITY, *said))
        if has("price"):
            code = hotel.price.currency_code or currency.UNNAMED
            found.append(self._held(Field.PRICE, code, ""))
        if has("star_rating"):
            found.append(self._held(Field.STAR_RATING, "present", ""))
        return tuple(found)

    def _held(self, field: Field, value: str, label: str) -> _Held:
        known = self._known_values[field]
        held = known.get((value, label))
        if held is None:
            held = known[value, label] = _Held(field, value, label)
        return held

    def _name(self, hotel_id: str, folded: str) -> None:
        """Note that a hotel has a folded name."""
        name = fold_name(folded)
        other = self._named.setdefault(name, hotel_id)
        if other != hotel_id:
            self._namesakes.setdefault(name, {other}).add(hotel_id)

    def _unname(self, hotel_id: str, folded: str) -> None:
        """Forget that a hotel has a folded name."""
        name = fold_name(folded)
        alike = self._namesakes.get(name)
        if alike is None:
            if self._named.get(name) == hotel_id:
                del self._named[name]
            return
        alike.discard(hotel_id)
        self._named[name] = next(iter(alike))
        if len(alike) == 1:
            del self._namesakes[name]

    def _ids_named(self, name: str) -> tuple[str, ...]:
        """Return the hotels that have a name without blanks, in no order."""
        # A copy, because names may be learnt in another thread meanwhile.
        alike = tuple(self._namesakes.get(name, ()))
        if alike:
            return alike
        one = self._named.get(name)
        return () if one is None else (one,)

    def _forget(self, hotel_id: str) -> None:
        record = self._records.pop(hotel_id, None)
        if record is None:
            return
        for name in record.names:
            self._unname(hotel_id, fold_text(name))
        for key in self._aliases.pop(hotel_id):
            self._uncount(key)
        for held in self._value_of_hotel.pop(hotel_id):
            held.count -= 1
            if not held.count:
                self._values[held.field][held.value] -= 1
                if self._values[held.field][held.value] <= 0:
                    del self._values[held.field][held.value]
                self._value_changes += 1
                for key in value_keys(held.value, held.label, held.field):
                    self._uncount(key)
        for place in self._place_of_hotel.pop(hotel_id):
            self._places[place] -= 1
            if self._places[place] <= 0:
                del self._places[place]
                folded = fold_text(place.name)
                self._place_index[fold_name(folded)].discard(place)
                for word in place_words(folded):
                    self._uncount((word, (NameKind.PLACE, place.name, None)))
        self._haystack = None

    def _count(self, key: Key) -> None:
        """Count a meaning of a word."""
        word, meaning = key
        several = self._several_meanings.get(word)
        if several is None:
            first = self._meanings.get(word)
            if first is None:
                self._meanings[word] = meaning
                self._words.add(word)
                self._mean(word, meaning)
                return
            several = self._several_meanings[word] = {first: 1}
        count = several.get(meaning, 0)
        several[meaning] = count + 1
        if not count:
            self._mean(word, meaning)

    def _uncount(self, key: Key) -> None:
        """Take back that a meaning of a word was counted once."""
        word, meaning = key
        several = self._several_meanings.get(word)
        if several is None:
            del self._meanings[word]
        elif several[meaning] > 1:
            several[meaning] -= 1
            return
        else:
            del several[meaning]
            if not several:
                del self._several_meanings[word], self._meanings[word]
        kind, name, _ = meaning
        if kind is NameKind.HOTEL:
            self._short_names.discard(word, name)
        if kind is NameKind.HOTEL or kind is NameKind.PLACE:
            self._index.discard(word, (kind, name))

    def _mean(self, word: str, meaning: Meaning) -> None:
        """Take in a meaning that a word did not have."""
        kind, name, _ = meaning
        if kind is NameKind.HOTEL:
            self._short_names.add(word, name)
        if kind is NameKind.HOTEL or kind is NameKind.PLACE:
            self._index.add(word, (kind, name))

    def _meanings_of(self, word: str) -> Iterable[Meaning]:
        """Return the meanings of a word in the order in which they were learnt."""
        # A copy, because names may be learnt in another thread meanwhile.
        several = tuple(self._several_meanings.get(word, ()))
        if several:
            return several
        only = self._meanings.get(word)
        return () if only is None else (only,)

    # --- asking ----------------------------------------------------------------------------------
    def find(self, text: str) -> list[NameMatch]:
        """Return the names in a folded text, overlaps included, by where they end, then start."""
        found = [
            NameMatch(start, end, kind, name, field)
            for start, end in self._words.stretches(text)
            for kind, name, field in self._meanings_of(text[start:end])
            if bounded(text, start, end)
        ]
        return sorted(found, key=lambda match: (match.end, match.start))

    def resembling(self, words: Sequence[NameWord]) -> list[Resemblance[tuple[NameKind, str]]]:
        """Return the stretches of a text's words that resemble names of hotels and places."""
        return self._index.find(words)

    def said_short(self, text: str) -> list[NameMatch]:
        """Return the stretches of a folded text that say Chinese names of hotels short."""
        return [
            NameMatch(short.start, short.end, NameKind.HOTEL, short.names[0], None, short.names[1:])
            for short in self._short_names.find(text)
        ]

    def hotels_named(self, name: str) -> Sequence[HotelRecord]:
        """Return the hotels whose folded name or alias is exactly this."""
        ids = self._ids_named(fold_name(fold_text(name)))
        return [self._records[id] for id in sorted(ids)]

    def hotels_with_part(self, part: str) -> Sequence[HotelRecord]:
        """Return hotels that are also known by this piece of their name, at most 64."""
        folded = fold_text(part)
        key = (tidy(folded), (NameKind.HOTEL_PART, tidy(folded), None))
        ids = (id for name in self._names_with(fold_name(folded)) for id in self._ids_named(name))
        known = [id for id in ids if key in self._aliases.get(id, ())]
        return [self._records[id] for id in sorted(dict.fromkeys(known))]

    def record(self, hotel_id: str) -> HotelRecord | None:
        """Return the short record of a hotel."""
        return self._records.get(hotel_id)

    def places_containing(self, name: str) -> Sequence[ListedPlace]:
        """Return the entries of nearby lists whose name contains this, at most 64."""
        wanted = fold_name(fold_text(name))
        if not wanted:
            return []
        # Copies, because names may be learnt in another thread meanwhile.
        found = [
            place for folded in _lines_with(wanted, self._all_places())
            for place in tuple(self._place_index.get(folded, ()))
        ]  # fmt: skip
        return sorted(found, key=lambda place: (len(place.name), place.name))[:_MOST_PLACES]

    def place_named(self, name: str) -> Sequence[ListedPlace]:
        """Return the places whose folded name is exactly this, listed by hotels or known besides."""
        folded = fold_name(fold_text(name))
        places = self._place_index.get(folded, set()) | self._known_places.get(folded, set())
        return sorted(places, key=lambda place: (place.category, place.name))

    def values(self, field: Field) -> frozenset[str]:
        """Return the values that records hold in a field of terms."""
        changes = self._value_changes
        made, known = self._value_sets.get(field, (-1, frozenset()))
        if made != changes:
            known = frozenset(self._values.get(field, ()))
            self._value_sets[field] = changes, known
        return known

    def names_contain(self, part: str) -> bool:
        """Tell whether a hotel's folded name contains the folded part."""
        return fold_name(fold_text(part)) in self._all_names()

    def _all_names(self) -> str:
        """Return the folded names, one a line."""
        haystack = self._haystack
        if haystack is None:
            haystack = self._haystack = "\n".join(self._named)
        return haystack

    def _names_with(self, part: str) -> Iterable[str]:
        """Return the folded names that contain a folded part, at most `_MOST_HOTELS`."""
        return islice(_lines_with(part, self._all_names()), _MOST_HOTELS)

    def _all_places(self) -> str:
        """Return the folded names of listed places, one a line."""
        count, haystack = self._place_haystack
        # Names stay when their last hotel goes: as many as before are the same.
        if count != len(self._place_index):
            folded = list(self._place_index)
            haystack = "\n".join(folded)
            self._place_haystack = len(folded), haystack
        return haystack

    def size(self) -> int:
        """Return the number of hotels known."""
        return len(self._records)


def _lines_with(part: str, lines: str) -> Iterator[str]:
    """Yield the lines that contain a part, in order."""
    at = lines.find(part)
    while at >= 0:
        end = lines.find("\n", at)
        yield lines[lines.rfind("\n", 0, at) + 1 : end if end >= 0 else None]
        at = lines.find(part, end) if end >= 0 else -1


def _record(hotel: hotel_pb2.Hotel) -> HotelRecord:
    has = hotel.HasField
    names = [name.text for name in hotel.names]
    return HotelRecord(
        hotel.id,
        names[0],
        tuple(dict.fromkeys(names)),
        amount(hotel.price) if has("price") else None,
        hotel.guest_rating if has("guest_rating") else None,
        hotel.star_rating if has("star_rating") else None,
        hotel.brand if has("brand") else None,
    )


def _places(hotel: hotel_pb2.Hotel) -> tuple[ListedPlace, ...]:
    if not hotel.HasField("nearby_places"):
        return ()
    named = [place for place in listed_places(hotel) if place.name]
    return tuple(dict.fromkeys(named)) if len(named) > 1 else tuple(named)
