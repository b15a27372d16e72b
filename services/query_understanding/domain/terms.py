"""Words of the vocabulary and values of the catalogue as conditions the catalogue can decide."""

from __future__ import annotations

import re

from services.plan.condition import Any, Condition, Field, Name, NameMatch, Range, Term
from services.query_understanding.domain.catalog_names import CatalogLexicon
from services.query_understanding.domain.catalog_names import NameMatch as CatalogMatch
from services.query_understanding.domain.lexemes import Found
from services.query_understanding.domain.mention import Atom
from services.text.fold import has_han
from services.vocabulary import Vocabulary

_FIELDS = {
    "facilities": Field.FACILITY,
    "tiers": Field.TIER,
    "kinds": Field.KIND,
    "room_types": Field.ROOM_TYPE,
    "price_bands": Field.PRICE_BAND,
    "brands": Field.BRAND,
    "districts": Field.DISTRICT,
    "cities": Field.CITY,
}
# Where a catalogue publishes price bands and no market levels, a level is said in bands.
_BAND_OF_TIER = {"economy": "cheap", "luxury": "expensive", "upscale": "expensive"}
# Words that name houses of every kind; a kind only where set against another.
GENERIC_KIND = frozenset({"hotel"})
_GENERIC_WORDS = frozenset({"宾馆", "饭店", "酒店", "招待所", "binguan", "bin guan"})


# "hotels in Shanghai", "上海的五星级酒店", "去上海住".
_CITY_REACH = 40
_HOUSES = r"酒店|宾馆|旅馆|旅店|民宿|客栈|公寓|青旅|度假村|住宿|住处|住的地方"
_HOTELS_IN = re.compile(
    r"\b(?:hotels?|rooms?|stay(?:ing)?|accommodations?|places?|somewhere|guest ?houses?|hostels?|resorts?)"
    r"\b[^,.?!;]{0,20} (?:in|near|around) $"
)
_ITS_HOTELS = re.compile(
    rf"市?(?:市区|市中心|那边|本地|当地)?的?(?:[^,，。的]{{1,6}}的)?(?:{_HOUSES})|市?住| (?:\w+ )?hotels?\b"
)


class TermReader:
    """Turns recognised words into atoms, given what the catalogue holds."""

    def __init__(self, vocabulary: Vocabulary, lexicon: CatalogLexicon) -> None:
        self._vocabulary = vocabulary
        self._lexicon = lexicon

    def vocabulary_atom(self, found: Found, text: str) -> Atom | None:
        """Return the atom of a vocabulary word; `None` where it says nothing here."""
        field = _FIELDS[found.section]
        if field is Field.CITY and not self._asks_for_city(found, text):
            return None
        leaf = self._leaf(field, found.id, text[found.start : found.end])
        if leaf is None:
            return None
        return Atom(
            found.start, found.end, _field_of(leaf, field), leaf, found.id, implied=found.need
        )

    def value_atom(self, match: CatalogMatch) -> Atom | None:
        """Return the atom of a value that the catalogue itself holds."""
        field = match.field
        if field is None:
            return None
        if field is Field.KIND and match.name in GENERIC_KIND:
            return None
        # "a family of five" asks for no room type: the vocabulary says how each is asked for.
        if field is Field.ROOM_TYPE and match.name in self._vocabulary.section("room_types"):
            return None
        # The city of a one-city catalogue filters nothing and is often part of a phrase.
        if field is Field.CITY and len(self._lexicon.values(Field.CITY)) < 2:
            return None
        return Atom(match.start, match.end, field, Term(field, (match.name,)), match.name)

    def _leaf(self, field: Field, id: str, word: str) -> Condition | None:
        match field:
            case Field.FACILITY:
                return Term(field, (self.facility(id),))
            case Field.TIER:
                return self._tier(id)
            case Field.KIND:
                return self._kind(id, word)
            case Field.ROOM_TYPE:
                return Term(field, (id,)) if self._lexicon.values(field) else None
            case Field.PRICE_BAND:
                return Term(field, (id,)) if self._lexicon.values(field) else None
            case Field.BRAND:
                return self._brand(id, word)
            case Field.CITY:
                return self._city(id)
            case Field.DISTRICT:
                return self._district(id)
        return None

    def facility(self, id: str) -> str:
        """Return the facility as the catalogue distinguishes it.

        A catalogue that only knows "parking" answers a wish for free parking by it; one that
        tells paid from free does not.
        """
        held = self._lexicon.values(Field.FACILITY)
        if not held or id in held:
            return id
        concepts = self._vocabulary.section("facilities")
        for wider in concepts[id].implies if id in concepts else ():
            siblings = {
                other.id for other in concepts.values() if wider in other.implies and other.id != id
            }
            if wider in held and not siblings & held:
                return wider
        return id

    def _tier(self, id: str) -> Condition | None:
        if self._lexicon.values(Field.TIER):
            return Term(Field.TIER, (id,))
        if self._lexicon.values(Field.PRICE_BAND):
            band = _BAND_OF_TIER.get(id)
            return Term(Field.PRICE_BAND, (band,)) if band is not None else None
        stars = {"economy": (None, 2.5), "comfort": (3.0, 3.5), "upscale": (4.0, 4.5),
                 "luxury": (5.0, None)}[id]  # fmt: skip
        return Range(Field.STAR_RATING, *stars) if self._has_stars() else Term(Field.TIER, (id,))

    def _has_stars(self) -> bool:
        return bool(self._lexicon.values(Field.STAR_RATING))

    def _kind(self, id: str, word: str) -> Condition | None:
        if id in GENERIC_KIND or word in _GENERIC_WORDS:
            return None
        if self._lexicon.values(Field.KIND):
            return Term(Field.KIND, (id,))
        return self._in_name("kinds", id, word)

    def _brand(self, id: str, word: str) -> Condition | None:
        if id in self._lexicon.values(Field.BRAND):
            return Term(Field.BRAND, (id,))
        return self._in_name("brands", id, word)

    def _in_name(self, section: str, id: str, word: str) -> Condition | None:
        """A brand or kind that records do not state is looked for in the names."""
        concept = self._vocabulary.section(section)[id]
        words: dict[str, str] = {}
        for name in (concept.labels["zh"], concept.labels["en"], word):
            words.setdefault(name.casefold(), name)
        held = [w for w in words.values() if self._lexicon.names_contain(w)]
        if not held:
            return Name(word, NameMatch.CONTAINS)
        names = tuple(Name(w, NameMatch.CONTAINS) for w in held)
        return names[0] if len(names) == 1 else Any(names)

    def _city(self, id: str) -> Condition | None:
        """The city of a one-city catalogue filters nothing; nothing matches another."""
        values = self._lexicon.values(Field.CITY)
        if not values:
            return None
        city = self._area(Field.CITY, "cities", id, values)
        return city if len(values) > 1 or values.isdisjoint(city.values) else None

    def _asks_for_city(self, found: Found, text: str) -> bool:
        """Tell whether a city says where hotels are to be.

        Guests of a one-city catalogue name other cities for other reasons: "my mother in Toronto".
        """
        return (
            len(self._lexicon.values(Field.CITY)) != 1
            or _HOTELS_IN.search(text, max(0, found.start - _CITY_REACH), found.start) is not None
            or _ITS_HOTELS.match(text, found.end) is not None
        )

    def _district(self, id: str) -> Condition | None:
        values = self._lexicon.values(Field.DISTRICT)
        known = self._area(Field.DISTRICT, "districts", id, values)
        named = self._vocabulary.section("districts")[id].labels["zh"].endswith(("区", "县"))
        return known if named or not set(known.values).isdisjoint(values) else None

    def _area(self, field: Field, section: str, id: str, values: frozenset[str]) -> Term:
        """Return the area as the catalogue writes it.

        One that the catalogue has no hotel in is still asked for: nothing matches it.
        """
        concept = self._vocabulary.section(section)[id]
        words = {word.casefold() for word in concept.words()}
        held = sorted(value for value in values if value.casefold() in words)
        han = any(has_han(value) for value in values)
        return Term(field, tuple(held) or (concept.labels["zh" if han else "en"],))


def _field_of(leaf: Condition, field: Field) -> Field:
    match leaf:
        case Term(field=own) | Range(field=own):
            return own
        case _:
            return field
