"""The catalogue's names in memory, searchable in a text in one pass."""

from __future__ import annotations

import re
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
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
from services.query_understanding.domain.growing_words import GrowingWords
from services.query_understanding.domain.lexemes import bounded
from services.query_understanding.domain.name_index import NameIndex, Resemblance
from services.query_understanding.domain.name_words import NameWord
from services.query_understanding.domain.short_names import ShortNames
from services.text.fold import fold_text, has_han
from services.text.romanise import romanised
from services.vocabulary import Vocabulary

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
_BRACKETED = re.compile(r"\s*[(（][^()（）]*[)）]\s*")
_OLD_NAME = re.compile(r"[(（](?:原|formerly(?: the)?)\s*([^()（）]+)[)）]", re.IGNORECASE)
_HAN_GAP = re.compile(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])")
# What a district or city is: "浦东新区" is called 浦东.
_AREA = re.compile(r"(?:新区|区|县|市| district| county| city)$")
_SHORTEST_LATIN = 4
# Shorter ones are words of other languages too often.
_SHORTEST_PLACE_IN_LATIN = 6
_NUMBERS_ONLY = re.compile(r"[\d\W_]+")
# Words that many names begin or end with and that alone name nothing.
_GENERIC = frozenset(
    [
        "酒店",
        "宾馆",
        "饭店",
        "大酒店",
        "旅馆",
        "公寓",
        "大厦",
        "hotel",
        "inn",
        "house",
        "lodge",
        "the",
        "hostel",
        "motel",
        "餐厅",
        "酒吧",
        "咖啡",
        "商务",
    ]
)
_CITY_CHARS = (2, 3, 4)
_EN_SUFFIX = re.compile(
    r"^(?:the )?(.+?)(?: (?:hotel|guest ?house|lodge|inn|hostel|bed and breakfast|b&b))$"
)


# A meaning of a word: what kind of name, the name itself, the field it is a value of.
_Meaning: TypeAlias = tuple[NameKind, str, Field | None]
_Key: TypeAlias = tuple[str, _Meaning]


# A value that hotels have, and the label that some give it, "" for none. A plain tuple: a hotel has
# dozens, and each is hashed for every hotel.
_Value: TypeAlias = tuple[Field, str, str]


class InMemoryCatalogLexicon:
    """Implements `CatalogLexicon`; fed by `apply`, and once with the places known besides."""

    def __init__(self, places: Iterable[KnownPlace] = ()) -> None:
        self._write_lock = threading.Lock()
        self._records: dict[str, HotelRecord] = {}
        self._aliases: dict[str, tuple[_Key, ...]] = {}
        self._by_name: dict[str, set[str]] = defaultdict(set)
        self._places: dict[ListedPlace, int] = defaultdict(int)
        self._place_of_hotel: dict[str, tuple[ListedPlace, ...]] = {}
        self._place_index: dict[str, set[ListedPlace]] = defaultdict(set)
        self._values: dict[Field, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._value_of_hotel: dict[str, tuple[_Value, ...]] = {}
        self._value_counts: Counter[_Value] = Counter()
        # Each value once: the hotels that have it share it.
        self._known_values: dict[_Value, _Value] = {}
        self._words = GrowingWords()
        self._payloads: dict[str, dict[_Meaning, int]] = {}
        self._haystack: str | None = None
        self._index: NameIndex[tuple[NameKind, str]] = NameIndex()
        self._short_names = ShortNames(_cities())
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
                words = set(_place_words(folded))
                latin = romanised(folded) if has_han(folded) else ""
                if len(latin) >= _SHORTEST_PLACE_IN_LATIN:
                    words.add(latin)
                for word in words:
                    if word not in _GENERIC and not _NUMBERS_ONLY.fullmatch(word):
                        self._count((word, (NameKind.PLACE, place.name, None)), 1)

    def _learn(self, hotel: hotel_pb2.Hotel) -> None:
        record = _record(hotel)
        folded = [fold_text(name) for name in record.names]
        keys = tuple(dict.fromkeys(_keys(record.name, folded)))
        places = tuple(dict.fromkeys(place for place in listed_places(hotel) if place.name))
        values = tuple(self._known_values.setdefault(said, said) for said in _values(hotel))
        if hotel.id in self._records:
            if (
                self._aliases[hotel.id] == keys
                and self._place_of_hotel[hotel.id] == places
                and self._value_of_hotel[hotel.id] == values
            ):
                self._records[hotel.id] = record
                return
            self._forget(hotel.id)
        self._records[hotel.id] = record
        self._aliases[hotel.id] = keys
        self._place_of_hotel[hotel.id] = places
        self._value_of_hotel[hotel.id] = values
        for name in folded:
            self._by_name[fold_name(name)].add(hotel.id)
        for said in {said for said in values if said not in self._value_counts}:
            self._values[said[0]][said[1]] += 1
            for key in _value_keys(said):
                self._count(key, 1)
        self._value_counts.update(values)
        for place in places:
            self._places[place] += 1
            if self._places[place] == 1:
                folded_place = fold_text(place.name)
                self._place_index[fold_name(folded_place)].add(place)
                for word in _place_words(folded_place):
                    self._count((word, (NameKind.PLACE, place.name, None)), 1)
        for key in keys:
            self._count(key, 1)
        self._haystack = None

    def _forget(self, hotel_id: str) -> None:
        record = self._records.pop(hotel_id, None)
        if record is None:
            return
        for name in record.names:
            folded = fold_name(fold_text(name))
            self._by_name[folded].discard(hotel_id)
            if not self._by_name[folded]:
                del self._by_name[folded]
        for key in self._aliases.pop(hotel_id):
            self._count(key, -1)
        for said in self._value_of_hotel.pop(hotel_id):
            self._value_counts[said] -= 1
            if self._value_counts[said] <= 0:
                del self._value_counts[said]
                field, value, _ = said
                self._values[field][value] -= 1
                if self._values[field][value] <= 0:
                    del self._values[field][value]
                for key in _value_keys(said):
                    self._count(key, -1)
        for place in self._place_of_hotel.pop(hotel_id):
            self._places[place] -= 1
            if self._places[place] <= 0:
                del self._places[place]
                folded = fold_text(place.name)
                self._place_index[fold_name(folded)].discard(place)
                for word in _place_words(folded):
                    self._count((word, (NameKind.PLACE, place.name, None)), -1)
        self._haystack = None

    def _count(self, key: _Key, change: int) -> None:
        """Count a meaning of a word up or down."""
        word, meaning = key
        payload = self._payloads.get(word)
        if payload is None:
            payload = self._payloads[word] = {}
            self._words.add(word)
        before = payload.get(meaning, 0)
        after = before + change
        if after > 0:
            payload[meaning] = after
        else:
            payload.pop(meaning, None)
            if not payload:
                del self._payloads[word]
        if (before > 0) != (after > 0):
            kind, name, _ = meaning
            if kind is NameKind.HOTEL:
                change_short = self._short_names.add if after > 0 else self._short_names.discard
                change_short(word, name)
            if kind in (NameKind.HOTEL, NameKind.PLACE):
                change_index = self._index.add if after > 0 else self._index.discard
                change_index(word, (kind, name))

    # --- asking ----------------------------------------------------------------------------------
    def find(self, text: str) -> list[NameMatch]:
        """Return the names in a folded text, overlaps included, by where they end, then start."""
        found = [
            NameMatch(start, end, kind, name, field)
            for start, end in self._words.stretches(text)
            # A copy, because names may be learnt in another thread meanwhile.
            for kind, name, field in tuple(self._payloads.get(text[start:end], ()))
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
        ids = self._by_name.get(fold_name(fold_text(name)), set())
        return [self._records[id] for id in sorted(ids)]

    def hotels_with_part(self, part: str) -> Sequence[HotelRecord]:
        """Return hotels that are also known by this piece of their name, at most 64."""
        folded = fold_text(part)
        key = (_tidy(folded), (NameKind.HOTEL_PART, _tidy(folded), None))
        ids = (
            id for name in self._names_with(fold_name(folded))
            for id in tuple(self._by_name.get(name, ()))
        )  # fmt: skip
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
            place for folded, places in list(self._place_index.items()) if wanted in folded
            for place in tuple(places)
        ]  # fmt: skip
        return sorted(found, key=lambda place: (len(place.name), place.name))[:_MOST_PLACES]

    def place_named(self, name: str) -> Sequence[ListedPlace]:
        """Return the places whose folded name is exactly this, listed by hotels or known besides."""
        folded = fold_name(fold_text(name))
        places = self._place_index.get(folded, set()) | self._known_places.get(folded, set())
        return sorted(places, key=lambda place: (place.category, place.name))

    def values(self, field: Field) -> frozenset[str]:
        """Return the values that records hold in a field of terms."""
        return frozenset(self._values.get(field, ()))

    def names_contain(self, part: str) -> bool:
        """Tell whether a hotel's folded name contains the folded part."""
        return fold_name(fold_text(part)) in self._all_names()

    def _all_names(self) -> str:
        """Return the folded names, one a line."""
        haystack = self._haystack
        if haystack is None:
            haystack = self._haystack = "\n".join(self._by_name)
        return haystack

    def _names_with(self, part: str) -> Iterable[str]:
        """Yield the folded names that contain a folded part, at most `_MOST_HOTELS`."""
        names = self._all_names()
        at = names.find(part)
        for _ in range(_MOST_HOTELS):
            if at < 0:
                return
            end = names.find("\n", at)
            yield names[names.rfind("\n", 0, at) + 1 : end if end >= 0 else None]
            at = names.find(part, end) if end >= 0 else -1

    def size(self) -> int:
        """Return the number of hotels known."""
        return len(self._records)


@lru_cache(maxsize=1)
def _cities() -> frozenset[str]:
    """Return what cities are called in Chinese."""
    concepts = Vocabulary.load().section("cities").values()
    return frozenset(fold_text(word) for concept in concepts for word in concept.words())


def _record(hotel: hotel_pb2.Hotel) -> HotelRecord:
    has = hotel.HasField
    return HotelRecord(
        hotel.id,
        hotel.names[0].text,
        tuple(dict.fromkeys(name.text for name in hotel.names)),
        amount(hotel.price) if has("price") else None,
        hotel.guest_rating if has("guest_rating") else None,
        hotel.star_rating if has("star_rating") else None,
        hotel.brand if has("brand") else None,
    )


def _values(hotel: hotel_pb2.Hotel) -> list[_Value]:
    values = []
    for field, attribute in _TERM_FIELDS.items():
        if hotel.HasField(attribute):
            value = getattr(hotel, attribute)
            values.append((field, value, value))
    values += [(Field.ROOM_TYPE, room, room) for room in hotel.room_types.items]
    values += [(Field.FACILITY, item.id, item.label) for item in hotel.facilities.items]
    if hotel.HasField("price"):
        values.append((Field.PRICE, hotel.price.currency_code or currency.UNNAMED, ""))
    if hotel.HasField("star_rating"):
        values.append((Field.STAR_RATING, "present", ""))
    return values


def _keys(display: str, names: Iterable[str]) -> Iterable[_Key]:
    """Yield what a hotel's folded names, and shorter forms of them, mean."""
    for name in names:
        folded = _tidy(name)
        if _names_something(folded):
            yield folded, (NameKind.HOTEL, display, None)
        for alias in _aliases_of(folded):
            if alias != folded and _names_something(alias) and not _one_latin_word(alias, folded):
                yield alias, (NameKind.HOTEL_PART, alias, None)


def _tidy(name: str) -> str:
    """Return a name with its blanks as `TurnText` has them: single, none between Chinese."""
    return _HAN_GAP.sub("", " ".join(name.split()))


def _aliases_of(name: str) -> Iterable[str]:
    """Yield shorter forms of a folded name under which guests know the house."""
    old = _OLD_NAME.search(name)
    plain = _tidy(_BRACKETED.sub(" ", name)) if not has_han(name) else _BRACKETED.sub("", name)
    yield plain
    if old is not None:
        yield _tidy(old[1])
    if has_han(name):
        cities = _cities()
        for size in _CITY_CHARS:
            if plain[:size] in cities:
                yield plain[size:]
        if name.endswith(("店)", "店")) and "(" in name:
            yield name.replace("店)", ")")
        return
    yield plain.replace("the ", "", 1) if plain.startswith("the ") else plain
    stripped = _EN_SUFFIX.match(plain)
    if stripped is not None and len(stripped[1]) > 5:
        yield stripped[1]
    if "guest house" in plain or "guesthouse" in plain:
        yield plain.replace("guesthouse", "guest house")
        yield plain.replace("guest house", "guesthouse")
    if "'" in plain:
        yield plain.replace("'", "")
    if " and " in plain:
        yield plain.replace(" and ", " & ")


def _names_something(word: str) -> bool:
    if len(word) < 2 or word in _GENERIC or _NUMBERS_ONLY.fullmatch(word):
        return False
    return len(word) >= (3 if has_han(word) else 4)


def _one_latin_word(alias: str, name: str) -> bool:
    """ "Beijing" is left of many a name when its brackets go, and names no house."""
    return "(" in name and alias.isascii() and " " not in alias


def _place_words(folded: str) -> Iterable[str]:
    name = _tidy(folded)
    if len(name) >= 2:
        yield name
    plain = _BRACKETED.sub("", name)
    if plain != name and len(plain) >= 2:
        yield plain
    if not has_han(name) and name.startswith("the ") and len(name) > 8:
        yield name[4:]


def _value_keys(said: _Value) -> Iterable[_Key]:
    field, value, label = said
    for word in _value_words(fold_text(label), field):
        yield word, (NameKind.VALUE, value, field)


def _value_words(folded: str, field: Field) -> Iterable[str]:
    if len(folded) >= 2:
        yield folded
    if field not in (Field.DISTRICT, Field.CITY):
        return
    short = _AREA.sub("", folded)
    if len(short) >= 2 and short != folded:
        yield short
    if has_han(short) and len(latin := romanised(short)) >= _SHORTEST_LATIN:
        yield latin
