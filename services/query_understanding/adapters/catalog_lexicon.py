"""The catalogue's names in memory, searchable in a text in one pass.

Updates while serving go to a small automaton of their own; automata of like size are merged, as a
log-structured merge tree merges its runs. So a word is built into an automaton a few times in its
life, one new hotel costs microseconds to milliseconds, and a text is looked up in few automata.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import ahocorasick
from concierge.catalog.v1 import hotel_pb2

from services.plan.condition import Field, ListedPlace
from services.plan.hotel_wire import amount
from services.plan.names import fold_name
from services.plan.wire import CATEGORY_FROM_PB
from services.query_understanding.domain.catalog_names import (
    HotelRecord,
    KnownPlace,
    NameKind,
    NameMatch,
)
from services.query_understanding.domain.lexemes import bounded
from services.query_understanding.domain.name_index import NameIndex, Resemblance
from services.query_understanding.domain.name_words import NameWord
from services.text.fold import fold_text, has_han

# A tier is merged into the one before it once it is more than this share of it.
_MERGE_SHARE = 0.5
_MOST_PLACES = 64
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
_PREFIXES = ("北京", "上海", "苏州", "杭州", "广州", "深圳", "成都", "西安", "南京")
_EN_SUFFIX = re.compile(
    r"^(?:the )?(.+?)(?: (?:hotel|guest ?house|lodge|inn|hostel|bed and breakfast|b&b))$"
)


# A meaning of a word: what kind of name, the name itself, the field it is a value of.
_Meaning: TypeAlias = tuple[NameKind, str, Field | None]
_Key: TypeAlias = tuple[str, _Meaning]


# A value that hotels have, and the label that some give it, "" for none. A plain tuple: a hotel has
# dozens, and each is hashed for every hotel.
_Value: TypeAlias = tuple[Field, str, str]


@dataclass(frozen=True, slots=True)
class _Tier:
    """Words and the automaton that finds them."""

    words: set[str]
    automaton: ahocorasick.Automaton

    @classmethod
    def of(cls, words: set[str]) -> _Tier:
        automaton = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        for word in words:
            automaton.add_word(word, len(word))
        automaton.make_automaton()
        return cls(words, automaton)


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
        self._value_counts: dict[_Value, int] = {}
        self._names: dict[str, str] = {}
        self._tiers: tuple[_Tier, ...] = ()
        self._built: set[str] = set()
        self._payloads: dict[str, dict[_Meaning, int]] = {}
        self._haystack: str | None = None
        self._index: NameIndex[tuple[NameKind, str]] = NameIndex()
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
        changed: set[str] = set()
        for hotel_id in removed:
            changed |= self._forget(hotel_id)
        for hotel in hotels:
            changed |= self._learn(hotel)
        if changed:
            self._haystack = None
            self._build({w for w in changed if w in self._payloads and w not in self._built})

    def _know(self, places: Iterable[KnownPlace]) -> None:
        changed: set[str] = set()
        for place in places:
            for name in (place.name, *place.other_names):
                folded = fold_text(name)
                if place.category is not None:
                    entry = ListedPlace(place.category, place.name)
                    self._known_places[fold_name(folded)].add(entry)
                for word in _place_words(folded):
                    if word not in _GENERIC and not _NUMBERS_ONLY.fullmatch(word):
                        self._count((word, (NameKind.PLACE, place.name, None)), 1, changed)
        self._build(changed)

    def _learn(self, hotel: hotel_pb2.Hotel) -> set[str]:
        record = _record(hotel)
        keys = tuple(dict.fromkeys(self._keys(hotel)))
        places = _places(hotel)
        values = tuple(_values(hotel))
        known = self._records.get(hotel.id)
        if known is not None:
            self._records[hotel.id] = record
            if (
                self._aliases[hotel.id] == keys
                and self._place_of_hotel[hotel.id] == places
                and self._value_of_hotel[hotel.id] == values
            ):
                return set()
            changed = self._forget(hotel.id)
        else:
            changed = set()
        self._records[hotel.id] = record
        self._aliases[hotel.id] = keys
        self._place_of_hotel[hotel.id] = places
        self._value_of_hotel[hotel.id] = values
        for name in record.names:
            self._by_name[fold_name(fold_text(name))].add(hotel.id)
        for said in values:
            count = self._value_counts.get(said, 0) + 1
            self._value_counts[said] = count
            if count == 1:
                self._values[said[0]][said[1]] += 1
                for key in _value_keys(said):
                    self._count(key, 1, changed)
        for place in places:
            self._places[place] += 1
            if self._places[place] == 1:
                folded = fold_text(place.name)
                self._place_index[fold_name(folded)].add(place)
                for word in _place_words(folded):
                    self._count((word, (NameKind.PLACE, place.name, None)), 1, changed)
        for key in keys:
            self._count(key, 1, changed)
        return changed

    def _forget(self, hotel_id: str) -> set[str]:
        record = self._records.pop(hotel_id, None)
        if record is None:
            return set()
        changed: set[str] = set()
        for name in record.names:
            self._by_name[fold_name(fold_text(name))].discard(hotel_id)
        for key in self._aliases.pop(hotel_id):
            self._count(key, -1, changed)
        for said in self._value_of_hotel.pop(hotel_id):
            self._value_counts[said] -= 1
            if self._value_counts[said] <= 0:
                del self._value_counts[said]
                field, value, _ = said
                self._values[field][value] -= 1
                if self._values[field][value] <= 0:
                    del self._values[field][value]
                for key in _value_keys(said):
                    self._count(key, -1, changed)
        for place in self._place_of_hotel.pop(hotel_id):
            self._places[place] -= 1
            if self._places[place] <= 0:
                del self._places[place]
                folded = fold_text(place.name)
                self._place_index[fold_name(folded)].discard(place)
                for word in _place_words(folded):
                    self._count((word, (NameKind.PLACE, place.name, None)), -1, changed)
        return changed

    def _count(self, key: _Key, change: int, changed: set[str]) -> None:
        """Count a meaning of a word up or down; note the word when a meaning came or went."""
        word, meaning = key
        payload = self._payloads.setdefault(word, {})
        before = payload.get(meaning, 0)
        after = before + change
        if after > 0:
            payload[meaning] = after
        else:
            payload.pop(meaning, None)
            if not payload:
                del self._payloads[word]
        if (before > 0) != (after > 0):
            changed.add(word)
            kind, name, _ = meaning
            if kind in (NameKind.HOTEL, NameKind.PLACE):
                change_index = self._index.add if after > 0 else self._index.discard
                change_index(word, (kind, name))

    def _keys(self, hotel: hotel_pb2.Hotel) -> Iterable[_Key]:
        display = hotel.names[0].text
        for name in hotel.names:
            folded = _tidy(fold_text(name.text))
            if _names_something(folded):
                yield folded, (NameKind.HOTEL, display, None)
            for alias in _aliases_of(folded):
                if (
                    _names_something(alias)
                    and alias != folded
                    and not _one_latin_word(alias, folded)
                ):
                    yield alias, (NameKind.HOTEL_PART, alias, None)

    def _build(self, words: set[str]) -> None:
        """Add a tier of new words, merged with those before it that are not much larger."""
        if not words:
            return
        tiers = list(self._tiers)
        while tiers and len(words) > _MERGE_SHARE * len(tiers[-1].words):
            # Words of hotels that went are left out here; until then `find` skips them.
            gone = {word for word in tiers[-1].words if word not in self._payloads}
            self._built -= gone
            words |= tiers.pop().words - gone
        self._built |= words
        # Readers on another thread see the tiers before or after, never between.
        self._tiers = (*tiers, _Tier.of(words))

    # --- asking ----------------------------------------------------------------------------------
    def find(self, text: str) -> list[NameMatch]:
        """Return the names in a folded text, overlaps included."""
        found: list[NameMatch] = []
        seen: set[tuple[int, int]] = set()
        for tier in self._tiers:
            for last, length in tier.automaton.iter(text):
                start, end = last - length + 1, last + 1
                if (start, end) in seen or not bounded(text, start, end):
                    continue
                seen.add((start, end))
                payload = self._payloads.get(text[start:end])
                if payload:
                    found.extend(
                        NameMatch(start, end, kind, name, field) for kind, name, field in payload
                    )
        return found

    def resembling(self, words: Sequence[NameWord]) -> list[Resemblance[tuple[NameKind, str]]]:
        """Return the stretches of a text's words that resemble names of hotels and places."""
        return self._index.find(words)

    def hotels_named(self, name: str) -> Sequence[HotelRecord]:
        """Return the hotels whose folded name or alias is exactly this."""
        ids = self._by_name.get(fold_name(fold_text(name)), set())
        return [self._records[id] for id in sorted(ids)]

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
        if self._haystack is None:
            self._haystack = "\n".join(self._by_name)
        return fold_name(fold_text(part)) in self._haystack

    def size(self) -> int:
        """Return the number of hotels known."""
        return len(self._records)


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


def _places(hotel: hotel_pb2.Hotel) -> tuple[ListedPlace, ...]:
    return tuple(
        dict.fromkeys(
            ListedPlace(CATEGORY_FROM_PB[place.category], place.name)
            for place in hotel.nearby_places.items
            if place.category in CATEGORY_FROM_PB and place.name
        )
    )


def _values(hotel: hotel_pb2.Hotel) -> Iterable[_Value]:
    for field, attribute in _TERM_FIELDS.items():
        if hotel.HasField(attribute):
            value = getattr(hotel, attribute)
            yield (field, value, value)
    for room in hotel.room_types.items:
        yield (Field.ROOM_TYPE, room, room)
    for facility in hotel.facilities.items:
        yield (Field.FACILITY, facility.id, facility.label)
    if hotel.HasField("price"):
        yield Field.PRICE, "present", ""
    if hotel.HasField("star_rating"):
        yield (Field.STAR_RATING, "present", "")


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
        for prefix in _PREFIXES:
            if plain.startswith(prefix):
                yield plain[len(prefix) :]
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
    if field in (Field.DISTRICT, Field.CITY) and len(folded) >= 3 and folded[-1] in "区县市":
        yield folded[:-1]
