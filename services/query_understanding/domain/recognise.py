"""Mentions of an utterance: what the vocabulary, the catalogue and the number grammar know in it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import accumulate

from services.plan.condition import Field
from services.query_understanding.domain.catalog_names import (
    CatalogLexicon,
    NameKind,
    NameMatch,
)
from services.query_understanding.domain.lexemes import Found, Lexemes
from services.query_understanding.domain.loose_names import is_said_as_name, loose_names
from services.query_understanding.domain.mention import Atom, Break, Cue
from services.query_understanding.domain.proposal import Hint
from services.query_understanding.domain.quantities import Quantities, quantities
from services.query_understanding.domain.recognised import (
    HOUSE,
    HotelMention,
    PlaceName,
    Recognised,
)
from services.query_understanding.domain.terms import TermReader
from services.query_understanding.domain.transit import near_any_station
from services.query_understanding.domain.turn_text import TurnText
from services.query_understanding.domain.unknown_house import unknown_houses
from services.text.fold import fold_text
from services.vocabulary import NEAR_METRO

_STRONG = re.compile(r"[。！？!?\n]|\.(?=\s|$)|…")
_WEAK = re.compile(r"[,，;；:：~—]")
_TOLD_ADDRESS = re.compile(
    r"(?:地址|位置)(?:就|是|在|为|:)+(?P<told>(?!哪|什么|啥)(?![^,，。!！?？;；]*(?:附近|旁边|周边))[^,，。!！?？;；]{6,})(?=[,，。!！;；])"
)
# "从上海去北京", "we're flying in from London".
_FROM_REACH = 24
_FROM = re.compile(r"(?:从|由|来自)$")
_TO = re.compile(r"市?(?:去|到|来|飞|出发|过来|过去|坐|开车|回)")
_COMING_FROM = re.compile(
    r"\b(?:com(?:e|ing)|fly(?:ing)?|travel(?:l?ing)?|driv(?:e|ing)|arriv(?:e|ing)|train|flight|visiting|i'm|we're|are|am)"
    r"(?: (?:in|over|down|up|here))? from $"
)
# "我人在北京，想去苏州住": where the guest is now.
_HERE = re.compile(r"我们?人?(?:现在|目前|还|都)?在$")
_BUT_GOES = re.compile(r"市?[,，]?(?:我们?|下周|明天|周末|过几天)?(?:想|要|打算|准备)?(?:去|来|到)")
# "不要离外滩太远" asks for what is near.
_TOO_FAR = re.compile(
    r"(?:不要|别|不想|不能|不希望|不可以)(?:离|距离|距)[^,，。;；]{1,16}?(?:太|很|特别)远"
)
_FAR_OFF = re.compile(
    r"(?<![不别要想能望])(?:离|距离|距)[^,，。;；不别多太]{1,16}?(?:要|得|越|最好|尽量|稍微|再)?远(?:一点|一些|点|些|的|离|$)(?!不远)"
)
_CITY_WORD = re.compile(
    r"[东西南北中]?(?:路|街|大道|站|火车站|高铁站)|(?:国际)?机场|火锅|小面|烤鸭|菜|话|大厦|人家"
    r"|(?: (?:north|south|east|west|central))? (?:road|rd|street|st|avenue|ave)\b"
    r"|(?: (?:north|south|east|west|central))? (?:railway |train |bus )?station\b|(?: \w+)? airport\b"
)
# Behind a district's short name these make it the name of something there.
_OF_A_PLACE = re.compile(
    r"(?:国际)?机场|[东西南北]?(?:火车|高铁)?站(?![在到])|公园|大学|校区|[江河湖寺庙塔]|大桥|大厦|广场|[东西南北中]?(?:大街|大道|路|街)|医院|体育(?:场|馆|中心)| (?:international )?airport\b"
)
# Words of nearness right before a name, and right after it.
_CLOSE_TO = re.compile(
    r"(?:离|距离?|靠近|挨着|紧邻|邻近|\b(?:near|nearest|close|closest|next)(?: to)?(?: the)? )$"
)
_CLOSE_REACH = 16
_CLOSE_BY = re.compile(r"(?:景区|风景区)?(?:附近|旁边|边上|周边|周围)")
_QUOTED_NAME = re.compile(
    r"(?:名字|店名|名称|名儿|招牌|the name|its name|their name|names?|called)"
    r"[^,，。;；]{0,12}?[\"'「『]([^\"'」』]{1,20})[\"'」』]"
    r"|[\"'「『](?P<characters>[^\"'」』]{1,20})[\"'」』](?:这?[两三四几]?个?)字"
)


def recognise(
    turn: TurnText,
    lexemes: Lexemes,
    lexicon: CatalogLexicon,
    asked: Field | None = None,
    hints: Sequence[Hint] = (),
) -> Recognised:
    """Find everything that is known in an utterance."""
    text = turn.text
    known = [*lexemes.find(text), *(_hinted(turn, hint) for hint in hints)]
    exact = [n for n in lexicon.find(text) if is_said_as_name(n, turn, lexemes)]
    loose = [*lexicon.said_short(text), *loose_names(turn, lexemes, lexicon)]
    names = [*exact, *_looser(loose, exact, known, len(text))]
    result = Recognised(turn)
    taken = _Occupied(len(text))
    reader = TermReader(lexemes.vocabulary, lexicon)

    said_so = list(_quoted(text))
    if NEAR_METRO in lexicon.values(Field.FACILITY):
        said_so += near_any_station(text)
    for atom in said_so:
        taken.take(atom.start, atom.end)
        result.atoms.append(atom)
    words = [f for f in known if f.section != "cue"]
    gaps = [f for f in words if f.need and f.end - f.start > 12]
    spans: list[tuple[int, int, int, Found | NameMatch]] = [
        (f.end - f.start, 2 if not f.need else -1, f.start, f) for f in words if f not in gaps
    ]
    spans += [(n.end - n.start, _rank(n, text), n.start, n) for n in names]
    cue_spans = [(f.end - f.start, f.start, f) for f in known if f.section == "cue"]
    spans.sort(key=lambda entry: (-entry[0], -entry[1], entry[2]))
    # Longest first, as they are picked.
    cue_spans.sort(key=lambda entry: (-entry[0], entry[1]))
    cover = _CueCover(len(text), cue_spans)
    told: list[tuple[int, int]] = []
    # Of several places said by the same words the first.
    places = {(n.start, n.end): n.name for n in reversed(names) if n.kind is NameKind.PLACE}
    for length, _, start, entry in spans:
        end = start + length
        if not taken.free(start, end) or cover.holds(start, end):
            continue
        if isinstance(entry, Found):
            worded = reader.vocabulary_atom(entry, text)
            if worded is None and entry.section == "cities":
                # The only city there is, or one where no hotel is wanted: nothing to explain.
                told.append((start, end))
            if worded is None or _is_no_area(worded, text, lexicon):
                continue
            if _comes_from(worded, text):
                taken.take(start, end)
                continue
            taken.take(start, end)
            is_band = worded.field is Field.PRICE and bool(worded.value)
            (result.bands if is_band else result.atoms).append(worded)
        elif not (entry.rivals and _is_close_to(text, start)):
            # "near Xi'an's bell tower": of the many houses named after it none is meant.
            _take_name(entry, result, reader, taken, places, lexicon)
    # Names were taken longest first; lists of hotels shown are counted in the order of the words.
    result.hotels.sort(key=lambda hotel: hotel.start)
    first = _pick_cues(cue_spans, taken)
    farewells = [(c.start, c.end) for c in first if c.name == "bye"]
    numbers = quantities(text, first, [*taken.spans, *farewells], asked)
    _add_quantities(result, numbers, taken)
    heard = _with_distance(_pick_cues(cue_spans, taken), text)
    choices = _bracketed_choices(heard, text)
    opened = [Cue(start, start + 1, "either_open") for start, _ in choices]
    result.hear(sorted([*heard, *opened], key=lambda cue: cue.start))
    explicit = {atom.value for atom in result.atoms if not atom.implied}
    for gap in gaps:
        gap_atom = reader.vocabulary_atom(gap, text)
        if gap_atom is not None:
            result.atoms.append(gap_atom)
    result.atoms = _without_repeats(result.atoms, explicit)
    _leave_out_told(result)
    result.areas = [(f.start, f.end) for f in known if f.section in ("cities", "districts")]
    result.areas += [(n.start, n.end) for n in exact if n.field in (Field.CITY, Field.DISTRICT)]
    named: list[HotelMention | PlaceName | Atom] = [*result.hotels, *result.places]
    named += [a for a in result.atoms if a.field in (Field.BRAND, Field.NAME)]
    pointing = [c for c in result.cues if c.name.startswith(("anaphor", "near_"))]
    spoken = [(a.start, a.end) for a in result.atoms] + [(c.start, c.end) for c in pointing]
    result.unknown_houses = unknown_houses(
        turn, [(m.start, m.end) for m in named], [*spoken, *result.areas], lexemes.everyday
    )
    closed = [Break(end - 1, end, False) for _, end in choices]
    parted = [*_breaks(text, taken, _labels(result.cues)), *closed]
    result.breaks = sorted(parted, key=lambda end: end.start)
    # Qualities and rules of the house are heard, and nothing of the records decides them.
    result.covered = (
        told
        + taken.spans
        + [
            (cue.start, cue.end)
            for cue in result.cues
            if cue.name not in ("quality", "fact_policy")
        ]
    )
    return result


def _looser(
    loose: Iterable[NameMatch], exact: Sequence[NameMatch], known: Sequence[Found], length: int
) -> Iterable[NameMatch]:
    """Leave out what only resembles where a name or a word of the vocabulary is said as it is."""
    said = [(n.start, n.end) for n in exact if n.kind is not NameKind.HOTEL_PART]
    said += [(f.start, f.end) for f in known if f.section != "cue" and not f.need]
    # The furthest end of what begins at a character or before it.
    reached = [0] * (length + 1)
    for start, end in said:
        reached[start] = max(reached[start], end)
    reached = list(accumulate(reached, max))
    return (n for n in loose if reached[n.start] < n.end)


def _is_no_area(atom: Atom, text: str, lexicon: CatalogLexicon) -> bool:
    """Tell whether an area's name is a part of another word, "重庆火锅", "浦东机场", or a place.

    A district named after a sight is the sight where hotels are to be near it: "离西湖最近的".
    """
    if atom.field is Field.DISTRICT and text[atom.end - 1] not in "区县市":
        near = _is_close_to(text, atom.start) or _CLOSE_BY.match(text, atom.end)
        sight = bool(near) and bool(lexicon.place_named(text[atom.start : atom.end]))
        return sight or _OF_A_PLACE.match(text, atom.end) is not None
    return atom.field is Field.CITY and _CITY_WORD.match(text, atom.end) is not None


def _is_close_to(text: str, start: int) -> bool:
    return _CLOSE_TO.search(text, max(0, start - _CLOSE_REACH), start) is not None


def _comes_from(atom: Atom, text: str) -> bool:
    """Tell whether a city is where the guest comes from: no hotel is wanted there."""
    before = max(0, atom.start - _FROM_REACH)
    return atom.field is Field.CITY and bool(
        (_FROM.search(text, before, atom.start) and _TO.match(text, atom.end))
        or _COMING_FROM.search(text, before, atom.start)
        or (_HERE.search(text, before, atom.start) and _BUT_GOES.match(text, atom.end))
    )


def _leave_out_told(result: Recognised) -> None:
    """Leave out what an address that is told says: "餐馆地址在海淀区…3号，周边有酒店吗"."""
    told = [m.span("told") for m in _TOLD_ADDRESS.finditer(result.turn.text)]
    if not told:
        return
    outside = _Occupied(len(result.turn.text), told)
    result.atoms = [a for a in result.atoms if outside.free(a.start, a.end)]
    result.places = [p for p in result.places if outside.free(p.start, p.end)]
    result.hear([c for c in result.cues if outside.free(c.start, c.end)])
    result.covered += told


def _rank(name: NameMatch, text: str) -> int:
    if name.kind is NameKind.PLACE:
        # "吉野家" is the place of that name before it is a branch's name cut short.
        return 1 if fold_text(name.name) == text[name.start : name.end] else 0
    return {NameKind.HOTEL: 5, NameKind.VALUE: 4, NameKind.HOTEL_PART: 3}[name.kind]


def _hinted(turn: TurnText, hint: Hint) -> Found:
    """Return a hint as a word found; its characters are the guest's, not the folded ones."""
    start = bisect_left(turn.offsets, hint.span.start)
    return Found(start, bisect_left(turn.offsets, hint.span.end), hint.section, hint.id)


class _CueCover:
    """Tells whether a longer cue covers a stretch: "没有也行" is no "没有"."""

    def __init__(self, length: int, cues: Sequence[tuple[int, int, Found]]) -> None:
        # The furthest end of the cues that start at a character, and at it or before it.
        self._here = [0] * (length + 1)
        for size, start, _ in cues:
            self._here[start] = max(self._here[start], start + size)
        self._before = list(accumulate(self._here, max))

    def holds(self, start: int, end: int) -> bool:
        """Tell whether a cue holds [start, end) and more."""
        return self._here[start] > end or (start > 0 and self._before[start - 1] >= end)


def _take_name(
    match: NameMatch,
    result: Recognised,
    reader: TermReader,
    taken: _Occupied,
    places: Mapping[tuple[int, int], str],
    lexicon: CatalogLexicon,
) -> None:
    start, end = match.start, match.end
    if match.kind is NameKind.VALUE:
        atom = reader.value_atom(match)
        if atom is None or _is_no_area(atom, result.turn.text, lexicon):
            return
        if not _comes_from(atom, result.turn.text):
            result.atoms.append(atom)
    elif match.kind is NameKind.PLACE:
        if match.rivals:
            return
        result.places.append(PlaceName(start, end, match.name))
        if HOUSE.search(match.name) and lexicon.hotels_with_part(match.name):
            # A hotel that others list as near, under its name without the city.
            result.hotels.append(HotelMention(start, end, match.name, whole=False))
    else:
        whole = match.kind is NameKind.HOTEL
        result.hotels.append(HotelMention(start, end, match.name, whole, match.rivals))
        # The same words may name a place as well ("北京饭店附近"): the reader of places decides.
        if (place := places.get((start, end))) is not None:
            result.places.append(PlaceName(start, end, place))
    taken.take(start, end)


def _add_quantities(result: Recognised, numbers: Quantities, taken: _Occupied) -> None:
    # "budget 400" names no market level: the amount has the word.
    result.atoms = [
        a for a in result.atoms
        if not any(s <= a.start and a.end <= e for s, e in numbers.covered)
    ] + list(numbers.atoms)  # fmt: skip
    result.counts, result.radii = numbers.counts, numbers.radii
    for start, end in numbers.covered:
        taken.take(start, end)


def _pick_cues(spans: Sequence[tuple[int, int, Found]], taken: _Occupied) -> list[Cue]:
    """Keep the longest cues, which come first; several classes may share one word."""
    kept: list[Cue] = []
    own = taken.copy()
    at: set[tuple[int, int]] = set()
    for length, start, found in spans:
        end = start + length
        if (start, end) not in at:
            if not own.free(start, end):
                continue
            own.take(start, end)
            at.add((start, end))
        kept.append(Cue(start, end, found.id))
    kept.sort(key=lambda cue: cue.start)
    return kept


_IN_BRACKETS = re.compile(r"\([^()]*\)")


def _bracketed_choices(cues: Sequence[Cue], text: str) -> list[tuple[int, int]]:
    """Return where brackets hold a choice: "a pool and (a gym or a spa)"."""
    ors = [cue.start for cue in cues if cue.name == "or"]
    if not ors:
        return []
    spans = [match.span() for match in _IN_BRACKETS.finditer(text)]
    return [(start, end) for start, end in spans if bisect_left(ors, start) < bisect_left(ors, end)]


def _with_distance(cues: list[Cue], text: str) -> list[Cue]:
    """Hear what "far" makes of nearness: "不要离外滩太远" wants it, "离机场远一点" does not."""
    wanted = {match.start() for match in _TOO_FAR.finditer(text)}
    kept = [c for c in cues if not (c.name == "not_before" and c.start in wanted)]
    kept += [Cue(m.start(), m.start(), "not_before") for m in _FAR_OFF.finditer(text)]
    return sorted(kept, key=lambda cue: cue.start)


def _without_repeats(atoms: Iterable[Atom], explicit: set[str]) -> list[Atom]:
    """Leave out what a need implies when the thing itself is named, and repeats of a value."""
    kept: list[Atom] = []
    seen: set[tuple[Field, str]] = set()
    for atom in sorted(atoms, key=lambda a: (a.start, a.end)):
        if atom.implied and (atom.value in explicit or (atom.field, atom.value) in seen):
            continue
        if atom.implied:
            seen.add((atom.field, atom.value))
        kept.append(atom)
    return kept


def _quoted(text: str) -> Iterable[Atom]:
    from services.plan.condition import Name
    from services.plan.condition import NameMatch as How

    for match in _QUOTED_NAME.finditer(text):
        part = 1 if match[1] is not None else "characters"
        word = match[part].strip()
        if word:
            yield Atom(*match.span(part), Field.NAME, Name(word, How.CONTAINS), word)


def _labels(cues: Iterable[Cue]) -> frozenset[int]:
    """Return where a colon parts nothing: "must: parking. not: a hostel"."""
    return frozenset(cue.end for cue in cues if cue.name in _LABELS)


_LABELS = frozenset({"must", "wish", "prefer", "not_before", "not_next"})


def _breaks(text: str, taken: _Occupied, labels: Container[int]) -> list[Break]:
    found = [
        Break(*match.span(), strong)
        for pattern, strong in ((_STRONG, True), (_WEAK, False))
        for match in pattern.finditer(text)
        if taken.free(*match.span()) and not (match.group() in ":：" and match.start() in labels)
    ]
    return sorted(found, key=lambda end: end.start)


class _Occupied:
    """Which characters already belong to a mention."""

    def __init__(self, length: int, spans: Iterable[tuple[int, int]] = ()) -> None:
        self._taken = bytearray(length)
        self.spans: list[tuple[int, int]] = []
        for start, end in spans:
            self.take(start, end)

    def free(self, start: int, end: int) -> bool:
        return self._taken.find(1, start, end) < 0

    def take(self, start: int, end: int) -> None:
        self._taken[start:end] = b"\x01" * (end - start)
        self.spans.append((start, end))

    def copy(self) -> _Occupied:
        other = _Occupied(0)
        other._taken, other.spans = self._taken.copy(), self.spans.copy()
        return other
