"""Finding hotels and values of their records in a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.answering.domain.lexicon import Lexicon
from services.answering.domain.record import HotelRecord
from services.plan.condition import Field
from services.text.fold import fold_text

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_WORD = re.compile(r"[a-z0-9]+(?:['’-][a-z0-9]+)*")
_BRACKETS = re.compile(r"[(（]([^()（）]*)[)）]")
_AREA = re.compile(r"([\u3400-\u9fff]{2,4}?)(?:区|县|市)(?=[\u3400-\u9fff0-9]|$)")
_STATION = re.compile(r"([\u3400-\u9fff]{2,}?)(?:地铁)?站(?:([a-z]\d?)\d*口?)?")
# Words that no address has a use for: repeating one that has would repeat a claim about the hotel.
_CLAIMING = frozenset({"available", "free", "paid", "per_night", "price_words", "unavailable"})


@dataclass(frozen=True, slots=True)
class _Hotel:
    names: tuple[str, ...]
    words: tuple[frozenset[str], ...]


class Literals:
    """The words of the cited records, and of the request, as a sentence may repeat them.

    Args:
        records: In the order shown; positions in it are the hotels' numbers here.
        echoes: Texts of the request that a sentence may quote word for word.
        places: Names of the plan's places.
        asked: Words of facilities asked for, listed or not.
        lexicon: Its words name no hotel by themselves.
    """

    def __init__(
        self,
        records: Sequence[HotelRecord],
        *,
        echoes: Iterable[str],
        places: Iterable[str],
        asked: Iterable[str],
        lexicon: Lexicon,
    ) -> None:
        self.echoes = frozenset(folded(text) for text in echoes)
        self.places = frozenset(form for place in places for form in _forms(place))
        self._lexicon = lexicon
        self._claiming = [
            phrase
            for phrase, roles in lexicon.roles.items()
            if len(phrase) > 1 and roles & _CLAIMING
        ]
        self._areas = {
            folded(value) for r in records for value in (r.district, r.city) if value is not None
        }
        self._hotels = [_hotel(record) for record in records]
        self._exact: dict[str, tuple[set[int], Field]] = {}
        self._parts: list[tuple[int, Field, str]] = []
        for number, record in enumerate(records):
            self._take(number, record)
        for word in asked:
            self._exact.setdefault(folded(word), (set(), Field.FACILITY))
        for form in self.places:
            self._exact.setdefault(form, (set(range(len(records))), Field.DISTANCE))
        self._longest = max(map(len, self._exact), default=0)
        self._distinct: dict[str, bool] = {}

    def is_full_name(self, text: str) -> bool:
        """Tell whether a folded text is a whole name of a hotel."""
        return any(text in hotel.names for hotel in self._hotels)

    def hotel(self, text: str, at: int) -> tuple[int, frozenset[int], None] | None:
        """Return where the longest hotel name at this place ends, and whose it may be."""
        ends: dict[int, int] = {}
        for number, hotel in enumerate(self._hotels):
            end = max(
                (
                    self._name_end(text, at, name, words)
                    for name, words in zip(hotel.names, hotel.words, strict=True)
                ),
                default=0,
            )
            for name in hotel.names:
                if text.startswith(name, at) and _bounded(text, at, at + len(name)):
                    end = max(end, at + len(name))
            if end:
                ends[number] = end
        if not ends:
            return None
        longest = max(ends.values())
        return longest, frozenset(n for n, end in ends.items() if end == longest), None

    def value(self, text: str, at: int) -> tuple[int, frozenset[int], Field] | None:
        """Return where the longest record value at this place ends, whose it is, which field."""
        best: tuple[int, frozenset[int], Field] | None = None
        for length in range(min(self._longest, len(text) - at), 1, -1):
            entry = self._exact.get(text[at : at + length])
            if entry is not None and _bounded(text, at, at + length):
                best = (at + length, frozenset(entry[0]), entry[1])
                break
        for number, field, literal in self._parts:
            end = self._part_end(text, at, literal)
            if end and (best is None or end > best[0]):
                best = (end, frozenset([number]), field)
            elif end and best is not None and end == best[0] and best[2] is field:
                best = (end, best[1] | {number}, field)
        return best

    def _take(self, number: int, record: HotelRecord) -> None:
        def exact(field: Field, forms: Iterable[str]) -> None:
            for form in forms:
                if len(form) > 1:
                    holders, first = self._exact.setdefault(form, (set(), field))
                    if first is field:
                        holders.add(number)

        for address in record.addresses:
            text = folded(address.text)
            self._parts.append((number, Field.ADDRESS, text))
            for area in _AREA.finditer(text):
                exact(Field.DISTRICT, (area.group(1).removeprefix("北京市")[-3:],))
                exact(Field.DISTRICT, (area.group(1)[-2:], area.group(1)[-2:] + "区"))
        for directions in record.transport:
            text = folded(directions.text)
            self._parts.append((number, Field.TRANSPORT, text))
            for station in _STATION.finditer(text):
                core, gate = station.group(1), station.group(2)
                forms = [f"{core}站", f"{core}地铁站"]
                exact(Field.TRANSPORT, [core, *forms, f"地铁{core}站"])
                if gate:
                    exact(Field.TRANSPORT, [f"{form}{gate}口" for form in forms])
        for area_name in (record.district, record.city):
            if area_name is not None:
                name = folded(area_name)
                exact(Field.DISTRICT, (name, name.removesuffix("区").removesuffix("市")))
        for place in record.nearby or ():
            exact(Field.NEARBY, _forms(place.name))
        if record.phone is not None:
            exact(Field.PHONE, (folded(record.phone),))
        for facility in record.facilities or ():
            exact(Field.FACILITY, (folded(facility.label or facility.id),))
        for room in record.room_types or ():
            exact(Field.ROOM_TYPE, self._labels(room))
        if record.brand is not None:
            exact(Field.BRAND, self._labels(record.brand))
        if record.price_band is not None:
            exact(Field.PRICE_BAND, self._labels(record.price_band))
        for _, value in record.extra:
            exact(Field.POSTCODE, (folded(value),))

    def _labels(self, id: str) -> tuple[str, ...]:
        return (folded(id), *self._lexicon.labels.get(id, ()))

    def _name_end(self, text: str, at: int, name: str, words: frozenset[str]) -> int:
        end, here, distinct = 0, at, False
        while here < len(text):
            if end:
                while here < len(text) and text[here] in " ()-,'" and here - end < 3:
                    here += 1
                if here >= len(text) or (text[end:here].strip() in (",", "-") and not distinct):
                    break
            if _HAN.match(text[here]):
                length = 0
                while here + length < len(text) and text[here : here + length + 1] in name:
                    length += 1
                if length < 2 and not (end and text[here] in "店楼座"):
                    break
                piece = text[here : here + length].rstrip(" (,")
            else:
                match = _WORD.match(text, here)
                if match is None or match.group() not in words:
                    break
                if match.group() in ("and", "in", "at", "of", "on") and text[here - 2] == ",":
                    break
                piece = match.group()
            if not piece:
                break
            distinct = distinct or self._is_distinct(piece) or self._is_one_branch(piece)
            here += len(piece)
            end = here
        return end if distinct else 0

    def _is_distinct(self, piece: str) -> bool:
        known = self._distinct.get(piece)
        if known is None:
            known = self._distinct[piece] = self._names_a_hotel(piece)
        return known

    def _is_one_branch(self, piece: str) -> bool:
        if len(piece) < 3 or not piece.endswith("店"):
            return False
        return sum(any(piece in name for name in h.names) for h in self._hotels) == 1

    def _names_a_hotel(self, piece: str) -> bool:
        if _HAN.search(piece):
            rest = piece
            if self._lexicon.known(piece) or piece in self._areas:
                return False
            generic = (*self._lexicon.name_words, *self._areas)
            for word in sorted(generic, key=len, reverse=True):
                rest = rest.replace(word, " ")
            return any(len(part) > 1 and not self._lexicon.known(part) for part in rest.split())
        plain = piece.removesuffix("'s")
        return (
            len(plain) > 1
            and not plain.isdigit()
            and plain not in self._lexicon.name_words
            and plain not in self._areas
            and not self._lexicon.known(plain)
        )

    def _part_end(self, text: str, at: int, literal: str) -> int:
        if text[at] == " " or not _bounded(text, at, at + 1, end_too=False):
            return 0
        length = 0
        while at + length < len(text) and text[at : at + length + 1] in literal:
            length += 1
        while length and not (
            text[at + length - 1] != " "
            and _bounded(text, at, at + length)
            and _occurs_bounded(text[at : at + length], literal)
        ):
            length -= 1
        piece = text[at : at + length]
        if any(phrase in piece and _occurs_bounded(phrase, piece) for phrase in self._claiming):
            return 0
        if _HAN.search(piece):
            return at + length if length >= 3 else 0
        several = len(_WORD.findall(piece)) >= 2
        lone = len(piece) >= 5 and piece.isalpha() and not self._lexicon.known(piece)
        return at + length if several or (lone and piece not in self._lexicon.name_words) else 0


def folded(text: str) -> str:
    """Return the text as sentences are compared: folded, single blanks."""
    return " ".join(fold_text(one_comma(text)).split())


def one_comma(text: str) -> str:
    """Return the text with the Chinese comma as a colon, of the same length.

    Folded, it would be the comma that groups digits: "458，250条评价" is not one number.
    """
    return text.replace("，", "：")


def _hotel(record: HotelRecord) -> _Hotel:
    names = tuple(folded(name.text) for name in record.names)
    return _Hotel(names, tuple(frozenset(_WORD.findall(name)) | _split(name) for name in names))


def _split(name: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]+|\d+", name))


def _forms(name: str) -> list[str]:
    full = folded(name)
    forms = [full, " ".join(_BRACKETS.sub(" ", full).split()), *_BRACKETS.findall(full)]
    return [form for form in forms if len(form) > 1]


def _bounded(text: str, start: int, end: int, *, end_too: bool = True) -> bool:
    def inside(left: int) -> bool:
        if not 0 < left < len(text):
            return False
        pair = text[left - 1] + text[left]
        return pair.isascii() and pair.isalnum()

    return not inside(start) and not (end_too and inside(end))


def _occurs_bounded(piece: str, literal: str) -> bool:
    at = literal.find(piece)
    while at >= 0:
        if _bounded(literal, at, at + len(piece)):
            return True
        at = literal.find(piece, at + 1)
    return False
