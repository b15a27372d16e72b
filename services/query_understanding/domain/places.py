"""Places and nearness: "天安门附近", "离国贸站两公里", "餐馆周边", "right by Dongzhimen station"."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.plan.condition import Field, ListedPlace, Near, PlaceCategory
from services.plan.query_plan import PlaceMention
from services.query_understanding.domain.catalog_names import CatalogLexicon
from services.query_understanding.domain.mention import Atom, Cue
from services.query_understanding.domain.near_phrases import Head, NearPhrase, near_phrases
from services.query_understanding.domain.near_phrases_en import english_near_phrases
from services.query_understanding.domain.recognised import Recognised
from services.query_understanding.domain.turn_text import TurnText
from services.query_understanding.domain.unlisted_places import unlisted

NEAR_KM = 3.0
WALK_KM = 1.0
# "At the station" where the catalogue lists no station: a circle that small.
DOORSTEP_KM = 0.5
# Characters before a name in which a word of nearness that belongs to it begins.
_NEAR_REACH = 48
# These say themselves that something is to be near: "离我近", "near me".
_NEAR_THE_GUEST = ("离", "near", "around", "close")
# The same around a place of which only the kind is said.
_BARE_REACH = 24
# Words that point at a place and say near only where a name stands before them.
DEICTIC = frozenset({"这边", "那边", "那儿", "那片"})

_STATION_TAIL = re.compile(
    r"\s*(?:地铁站|火车站|高铁站|地铁口|站(?=[附旁边口出到的,，上周 五一二三四六七八九十两\d]|$)|地铁(?!站)|"
    r"(?:railway |train |subway |metro |underground |tube )?(?:station|stop))"
)
LIST_WORDS = re.compile(
    r"(?:周边|附近)(?:的)?(?:景点|餐馆|餐厅|饭馆)(?:那一?栏|那栏|列表|一栏|里面?有|里头有|写|标|栏里|清单)|(?:nearby|listed) (?:attractions?|restaurants?) (?:list|listed|include|mention|says?)|listed (?:as )?near"
)


@dataclass(slots=True)
class NearReading:
    """A place with how near: what a `Near` leaf is made of."""

    start: int
    end: int
    mention: PlaceMention
    listed: tuple[ListedPlace, ...]
    radius_km: float | None
    together: bool = False

    def atom(self, place_id: int) -> Atom:
        """Return the condition as an atom in the text."""
        leaf = Near(place_id, self.listed, None, self.radius_km)
        name = self.mention.name
        return Atom(self.start, self.end, Field.NEARBY, leaf, name, together=self.together)


@dataclass(slots=True)
class PlaceReadings:
    """Places of an utterance.

    Attributes:
        near: Places hotels are to be near to.
        named: All places named, near or not, in order.
        anaphoric: A word of nearness without a place of its own, at this position.
        phrases: What is asked for near what, in Chinese.
        unknown: The guest's own places ("my office") that nobody can know.
    """

    near: list[NearReading] = field(default_factory=list)
    named: list[tuple[int, int, PlaceMention]] = field(default_factory=list)
    anaphoric: Cue | None = None
    phrases: tuple[NearPhrase, ...] = ()
    unknown: Cue | None = None


def read_places(said: Recognised, lexicon: CatalogLexicon, city: str) -> PlaceReadings:
    """Find the places named and which of them bound the search."""
    turn = said.turn
    found = PlaceReadings()
    names = _known(said, lexicon, city)
    names += unlisted(said, names, city)
    names.sort(key=lambda entry: entry[0])
    found.named = names
    found.phrases = (*near_phrases(said, names), *english_near_phrases(said, names))
    elsewhere = {p.cue.start for p in found.phrases if p.heads and Head.HOTEL not in p.heads}
    claimed: set[int] = set()
    placed: set[int] = set()
    between = _between(names, turn.text)
    for index, (start, end, mention) in enumerate(names):
        if start in between:
            listed = listed_entries(mention, lexicon)
            found.near.append(NearReading(start, end, mention, listed, NEAR_KM, together=True))
            continue
        cue, radius, listed_only = _nearness(said, start, end, turn.text)
        if cue is None:
            continue
        claimed.add(cue.start)
        if cue.start in elsewhere and not listed_only:
            continue
        listed = listed_entries(mention, lexicon)
        if listed_only or radius is None:
            if not listed and not listed_only:
                radius = DOORSTEP_KM
            elif not listed:
                radius = WALK_KM
        found.near.append(NearReading(start, end, mention, listed, radius))
        found.near[-1].start = min(start, cue.start)
        placed.add(start)
        _share(found, names, range(index - 1, -1, -1), placed, said, lexicon)
        if cue.end <= start:
            _share(found, names, range(index + 1, len(names)), placed, said, lexicon)
    for start, end, mention in names if found.near else ():
        if start not in placed and start not in between and _AS_WELL.match(turn.text, end):
            # "外滩附近没有的话，人民广场也行"
            listed = listed_entries(mention, lexicon)
            found.near.append(NearReading(start, end, mention, listed, found.near[0].radius_km))
    _walk_there(found, said)
    deictic = {c.start for c in said.of("near_after") if turn.text[c.start : c.end] in DEICTIC}
    cues = said.of("near_after", "near_before", "walk")
    for cue in sorted(cues, key=lambda c: c.start in deictic):
        free = cue.start not in claimed and cue.start not in elsewhere
        if free and found.anaphoric is None and not found.near:
            found.anaphoric = cue
    for cue in said.of("bare_place"):
        if found.unknown is None and not found.near and _asked_near(said, cue, names):
            of_city = _station_of_city(said, cue, lexicon, city)
            if of_city is None:
                found.unknown = cue
            else:
                found.near.append(of_city)
                found.named.append((cue.start, cue.end, of_city.mention))
                found.anaphoric = None
    for cue in said.of("unknown_place"):
        if turn.text[cue.start : cue.end].startswith(_NEAR_THE_GUEST) or any(
            abs(near.start - cue.end) < 10 or abs(cue.start - near.end) < 16
            for near in said.of("near_after", "near_before", "walk")
            if turn.text[near.start : near.end] not in (*DEICTIC, "一带", "by")
        ):
            found.unknown = cue
    return found


def distance_said(said: Recognised) -> float | None:
    """Return how near a place is to be where the turn says it, in kilometres."""
    return said.radii[0].km if said.radii else WALK_KM if said.has("walk") else None


def _walk_there(found: PlaceReadings, said: Recognised) -> None:
    """Read a distance in a clause of its own: "前门大街周边的酒店，步行能到"."""
    if len(found.near) == 1 and found.near[0].radius_km == NEAR_KM and said.has("walk"):
        found.near[0].radius_km = WALK_KM


# "去迪士尼方便的"
_HANDY = re.compile(r"(?:玩|参观|上班|开会|看病)?(?:都|比较|很|要|更)?方便")
_AS_WELL = re.compile(
    r"(?:附近|那边|周边)?(?:也|都)(?:行|可以?|成|好|没问题)|,? (?:is|would be) (?:also )?(?:fine|ok|okay|good)\b|,? works\b"
)
# What may stand between a word of nearness and the name.
_UP_TO_NAME = re.compile(r" ?(?:(?:both|either|the|of the|to the) )*[了着那 ]{0,2}")


# "between the Bund and People's Square", "外滩和人民广场之间".
_BETWEEN = re.compile(r"\bbetween (?:the )?$")
_AND = re.compile(r"(?:\s*(?:和|跟|与|到|至)\s*| and (?:the )?)")
_AMIDST = re.compile(r"\s*(?:之间|中间|两地之间|的中间)")


def _between(names: Sequence[tuple[int, int, PlaceMention]], text: str) -> frozenset[int]:
    """Return where the names of two places begin between which hotels are to be."""
    for (first, end, _), (second, last, _) in itertools.pairwise(names):
        if _AND.fullmatch(text, end, second) and (
            _BETWEEN.search(text, 0, first) or _AMIDST.match(text, last)
        ):
            return frozenset({first, second})
    return frozenset()


def _asked_near(said: Recognised, cue: Cue, names: Sequence[tuple[int, int, PlaceMention]]) -> bool:
    """Tell whether hotels are to be near a place of which only the kind is said: "the airport"."""
    if any(start <= cue.end and cue.start <= end for start, end, _ in names):
        return False
    low, high = said.clause_around(cue.start, cue.end)
    return bool(
        said.within(max(low, cue.start - _BARE_REACH), cue.start, "near_before")
        or said.within(cue.end, min(high, cue.end + _BARE_REACH), "near_after", "walk")
        or said.within(low, high, "nearest", "closer")
        or any(low <= radius.start < high for radius in said.radii)
    )


# How guests call a city's railway station, in full and by what gazetteers have.
_RAILWAY: Final = re.compile(r"(?:the )?(?:railway|train) station|火车站")


def _station_of_city(
    said: Recognised, cue: Cue, lexicon: CatalogLexicon, city: str
) -> NearReading | None:
    """Return the railway station of the one city spoken of, where that is known by its name.

    "Near the railway station in Suzhou" is near 苏州火车站.
    """
    if not _RAILWAY.fullmatch(said.turn.text, cue.start, cue.end):
        return None
    cities = {atom.value for atom in said.atoms if atom.field is Field.CITY} or {city}
    name = f"{next(iter(cities))}火车站"
    if len(cities) != 1 or not lexicon.place_named(name):
        return None
    span = said.turn.span(cue.start, cue.end)
    mention = PlaceMention(0, span.text, name, PlaceCategory.STATION, city, (span,))
    distance = distance_said(said)
    radius_km = NEAR_KM if distance is None else distance
    return NearReading(cue.start, cue.end, mention, listed_entries(mention, lexicon), radius_km)


def _share(
    found: PlaceReadings,
    names: Sequence[tuple[int, int, PlaceMention]],
    others: range,
    placed: set[int],
    said: Recognised,
    lexicon: CatalogLexicon,
) -> None:
    """A list of places shares one word of nearness: "雍和宫或者798附近", "near A or B"."""
    reading = found.near[-1]
    for at in others:
        start, end, mention = names[at]
        left = at if others.step < 0 else at - 1
        gap = said.turn.text[names[left][1] : names[left + 1][0]]
        if start in placed:
            break
        if not re.fullmatch(r"\s*(?:和|或者?|跟|与|、|or|and|上车也行|/|,)\s*", gap):
            break
        placed.add(start)
        found.near.append(
            NearReading(start, end, mention, listed_entries(mention, lexicon), reading.radius_km)
        )


def _known(
    said: Recognised, lexicon: CatalogLexicon, city: str
) -> list[tuple[int, int, PlaceMention]]:
    names: list[tuple[int, int, PlaceMention]] = []
    for place in said.places:
        start, end = place.start, place.end
        entries = lexicon.place_named(said.turn.text[start:end]) or lexicon.place_named(place.name)
        tail = _STATION_TAIL.match(said.turn.text, end)
        categories = {entry.category for entry in entries}
        category = _category(said, start, end, categories, bool(tail))
        end = tail.end() if tail is not None else end
        canonical = next((e.name for e in entries if e.category is category), place.name)
        if any(h.start <= start and end <= h.end for h in said.hotels) and not _near_beside(
            said, start, end
        ):
            continue
        names.append((start, end, _mention(said.turn, start, end, place.start, place.end,
                                           canonical, category, city)))  # fmt: skip
    return names


def _mention(
    turn: TurnText, start: int, end: int, name_start: int, name_end: int, canonical: str,
    category: PlaceCategory | None, city: str,
) -> PlaceMention:  # fmt: skip
    return PlaceMention(
        0, turn.span(name_start, name_end).text, canonical, category, city, (turn.span(start, end),)
    )


def _category(
    said: Recognised, start: int, end: int, categories: set[PlaceCategory], station: bool
) -> PlaceCategory | None:
    if station:
        return PlaceCategory.STATION
    text = said.turn.text
    around = text[max(0, start - 12) : start] + text[end : end + 8]
    if PlaceCategory.STATION in categories and re.search(
        r"地铁|上车|站|station|subway|metro", around
    ):
        return PlaceCategory.STATION
    if len(categories) > 1:
        if re.search(r"餐馆|餐厅|吃饭|用餐|restaurant", around) and (
            PlaceCategory.RESTAURANT in categories
        ):
            return PlaceCategory.RESTAURANT
        for preferred in (PlaceCategory.ATTRACTION, PlaceCategory.RESTAURANT):
            if preferred in categories:
                return preferred
    return next(iter(sorted(categories)), None)


def _near_beside(said: Recognised, start: int, end: int) -> bool:
    before = said.within(start - _NEAR_REACH, start, "near_before")
    return bool(said.within(end, end + 4, "near_after")) or any(
        _UP_TO_NAME.fullmatch(said.turn.text, c.end, start) for c in before
    )


def listed_entries(mention: PlaceMention, lexicon: CatalogLexicon) -> tuple[ListedPlace, ...]:
    """Return the list entries that name the place: of its category, where that is known."""
    exact = lexicon.places_containing(mention.canonical_name or mention.name)
    exact = exact or lexicon.places_containing(mention.name)
    if mention.category is not None:
        return tuple(e for e in exact if e.category is mention.category)
    return tuple(exact)


def _nearness(
    said: Recognised, start: int, end: int, text: str
) -> tuple[Cue | None, float | None, bool]:
    """Return the word of nearness of a place, its radius, and whether only lists count."""
    clause_start, clause_end = said.clause_around(start, end)
    radius = next(
        (r for r in said.radii if clause_start <= r.start < clause_end or 0 <= r.start - end <= 6),
        None,
    )
    listed = LIST_WORDS.search(text, max(0, clause_start - 1), start)
    if listed is not None:
        return Cue(listed.start(), listed.end(), "near_after"), None, True
    station = said.within(clause_start, clause_end, "at_station")
    walk = said.within(clause_start, clause_end, "walk")
    near = [
        c for c in said.within(end, min(end + 13, clause_end + 1), "near_after")
        if c.start - end <= (5 if not text[end : c.start].isascii() else 12)
    ] + [
        c for c in said.within(start - _NEAR_REACH, start, "near_before")
        if _UP_TO_NAME.fullmatch(text, c.end, start)
    ]  # fmt: skip
    if radius is not None and (near or walk or radius.start >= start - 30):
        return (near or walk or [Cue(radius.start, radius.end, "near_after")])[0], radius.km, False
    if walk:
        return walk[0], WALK_KM, False
    if station and (not near or near[0].start == station[0].start):
        return station[0], None, False
    if near:
        return near[0], NEAR_KM, False
    if text[:start].endswith("去") and (handy := _HANDY.match(text, end)):
        return Cue(start, handy.end(), "near_after"), NEAR_KM, False
    return None, None, False


def categories_of(cues: Iterable[Cue]) -> PlaceCategory | None:
    """Return the category that an anaphor names: "这个景点", "the restaurant"."""
    names = [cue.name for cue in cues]
    if "anaphor_restaurant" in names:
        return PlaceCategory.RESTAURANT
    if "anaphor_attraction" in names:
        return PlaceCategory.ATTRACTION
    if "place_word_restaurant" in names and "place_word_attraction" not in names:
        return PlaceCategory.RESTAURANT
    if "place_word_attraction" in names and "place_word_restaurant" not in names:
        return PlaceCategory.ATTRACTION
    return None
