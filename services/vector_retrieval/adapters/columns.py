"""The facts of all hotels as numpy columns, and conditions compiled to masks over them.

Rows are append-only. A writer appends and then publishes the new row count; a reader takes the
count once and looks at rows below it only, so it never sees half a batch.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, count
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.geography.arrays import kilometres, within
from services.plan.condition import Field, Name, NameMatch, Near, Point, Range, Term
from services.plan.facts import HotelFacts
from services.plan.names import fold_name
from services.plan.normal_form import Conjunction, Disjunction, Literal, NormalForm

Mask = NDArray[np.bool_]

_SINGLE = {
    Field.BRAND: "brand",
    Field.KIND: "kind",
    Field.TIER: "tier",
    Field.PRICE_BAND: "price_band",
    Field.DISTRICT: "district",
    Field.CITY: "city",
}
_MULTIPLE = {
    Field.FACILITY: "facilities",
    Field.ROOM_TYPE: "room_types",
    Field.NEARBY: "nearby",
}
_NUMBERS = {
    Field.PRICE: "price",
    Field.GUEST_RATING: "guest_rating",
    Field.STAR_RATING: "star_rating",
    Field.REVIEW_COUNT: "review_count",
}
_UNKNOWN = -1
_NOWHERE = (math.nan, math.nan)


class _Postings:
    """Which rows hold a value: one growing array of row numbers per value."""

    def __init__(self) -> None:
        self._rows: dict[object, NDArray[np.int32]] = {}
        self._lengths: dict[object, int] = {}

    def add(self, new: Mapping[object, NDArray[np.int32]]) -> None:
        """Add rows, ascending, to values."""
        for value, added in new.items():
            rows = self._rows.get(value)
            length = self._lengths.get(value, 0)
            end = length + len(added)
            if rows is None or end > len(rows):
                grown = np.empty(max(4, length * 2, end), dtype=np.int32)
                if rows is not None:
                    grown[:length] = rows[:length]
                self._rows[value] = rows = grown
            rows[length:end] = added
            self._lengths[value] = end

    def mask(self, values: Iterable[object], count: int) -> Mask:
        found = np.zeros(count, dtype=bool)
        for value in values:
            rows = self._rows.get(value)
            if rows is not None:
                held = rows[: self._lengths[value]]
                found[held[held < count]] = True
        return found


class _Marks:
    """Which rows hold a value, of few values that many rows hold: a growing mask per value."""

    def __init__(self) -> None:
        self._masks: dict[object, Mask] = {}

    def add(self, new: Mapping[object, NDArray[np.int32]]) -> None:
        """Add rows, ascending, to values."""
        for value, added in new.items():
            mask = self._masks.get(value, np.zeros(0, dtype=bool))
            if (end := int(added[-1]) + 1) > len(mask):
                mask = self._masks[value] = _grown(mask, max(1024, 2 * end), False)
            mask[added] = True

    def mask(self, values: Iterable[object], count: int) -> Mask:
        """Return which of the first `count` rows hold one of the values."""
        found = np.zeros(count, dtype=bool)
        for value in values:
            mask = self._masks.get(value)
            if mask is not None:
                found[: len(mask)] |= mask[:count]
        return found


class Columns:
    """The facts of all rows. Not thread-safe for several writers."""

    def __init__(self) -> None:
        self.count = 0
        self._capacity = 1024
        self.alive = np.zeros(self._capacity, dtype=bool)
        self.numbers = {f: np.full(self._capacity, np.nan) for f in _NUMBERS}
        self._codes = {f: np.full(self._capacity, _UNKNOWN, dtype=np.int32) for f in _SINGLE}
        self._known = {name: np.zeros(self._capacity, dtype=bool) for name in _MULTIPLE.values()}
        # Each column in one piece: circles look for the rows in a box, a column at a time.
        self.positions = np.full((self._capacity, 2), np.nan, order="F")
        self._dictionary: dict[Field, dict[str, int]] = {f: {} for f in _SINGLE}
        self._postings: dict[Field, _Postings | _Marks] = {
            f: _Postings() if f is Field.NEARBY else _Marks() for f in _MULTIPLE
        }
        # Hardly any hotel shares its name: an array for each would cost more than what it holds.
        self._rows_of_name: defaultdict[str, list[int]] = defaultdict(list)
        self._rows_of_id: defaultdict[str, list[int]] = defaultdict(list)
        self._names: list[str] = []

    def append(self, batch: Sequence[HotelFacts]) -> None:
        """Add rows, not yet visible: `publish` makes them so."""
        first, end = self.count, self.count + len(batch)
        self._reserve(end)
        self.alive[first:end] = [not facts.closed for facts in batch]
        for field, name in _NUMBERS.items():
            # numpy reads None as NaN.
            self.numbers[field][first:end] = np.array(_all(batch, name), dtype=np.float64)
        for field, name in _SINGLE.items():
            codes = self._dictionary[field]
            self._codes[field][first:end] = [
                _UNKNOWN if text is None else codes.setdefault(text, len(codes))
                for text in _all(batch, name)
            ]
        for field, name in _MULTIPLE.items():
            lists = _all(batch, name)
            self._known[name][first:end] = [held is not None for held in lists]
            self._postings[field].add(_rows_by_value(lists, first))
        self._names += ["\n".join(facts.names) for facts in batch]
        for row, facts in enumerate(batch, start=first):
            self._rows_of_id[facts.hotel_id].append(row)
            for folded in facts.names:
                self._rows_of_name[folded].append(row)
        positions = [
            _NOWHERE if (at := facts.location) is None else (at.latitude, at.longitude)
            for facts in batch
        ]
        self.positions[first:end] = np.array(positions, dtype=np.float64).reshape(-1, 2)

    def publish(self, count: int) -> None:
        """Make the rows below `count` visible."""
        self.count = count

    def mask(self, form: NormalForm | None, count: int) -> Mask:
        """Return which of the first `count` rows are open and satisfy the form."""
        alive: Mask = self.alive[:count]
        if form is None:
            return alive.copy()
        passing: Mask = alive & self._compile(form, count)
        return passing

    def km(self, center: Point, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the kilometres of rows to a point; NaN without a position."""
        return kilometres(self.positions[rows], center)

    def _compile(self, form: NormalForm, count: int) -> Mask:
        match form:
            case Conjunction(parts=parts):
                result = np.ones(count, dtype=bool)
                for part in parts:
                    result &= self._compile(part, count)
                return result
            case Disjunction(parts=parts):
                result = np.zeros(count, dtype=bool)
                for part in parts:
                    result |= self._compile(part, count)
                return result
            case Literal(leaf=leaf, positive=positive):
                match leaf:
                    case Term():
                        return self._term(leaf, positive, count)
                    case Range():
                        return self._range(leaf, positive, count)
                    case Name():
                        found = self._name(leaf, count)
                        return found if positive else ~found
                    case Near():
                        return self._near(leaf, positive, count)

    def _term(self, leaf: Term, positive: bool, count: int) -> Mask:
        if leaf.field is Field.HOTEL_ID:
            found = _listed(self._rows_of_id, leaf.values, count)
            return found if positive else ~found
        if leaf.field in _MULTIPLE:
            found = self._postings[leaf.field].mask(leaf.values, count)
            return found if positive else self._known[_MULTIPLE[leaf.field]][:count] & ~found
        column = self._codes[leaf.field][:count]
        dictionary = self._dictionary[leaf.field]
        codes = [dictionary[value] for value in leaf.values if value in dictionary]
        found = np.zeros(count, dtype=bool)
        for code in codes:
            found |= column == code
        return found if positive else (column != _UNKNOWN) & ~found

    def _range(self, leaf: Range, positive: bool, count: int) -> Mask:
        column = self.numbers[leaf.field][:count]
        found = ~np.isnan(column)
        known = found.copy() if not positive else found
        if leaf.min is not None:
            found &= column > leaf.min if leaf.min_exclusive else column >= leaf.min
        if leaf.max is not None:
            found &= column < leaf.max if leaf.max_exclusive else column <= leaf.max
        mask: Mask = found if positive else known & ~found
        return mask

    def _name(self, leaf: Name, count: int) -> Mask:
        wanted = fold_name(leaf.value)
        if leaf.match is NameMatch.EXACT:
            return _listed(self._rows_of_name, (wanted,), count)
        return np.fromiter((wanted in names for names in self._names[:count]), bool, count)

    def _near(self, leaf: Near, positive: bool, count: int) -> Mask:
        parts: list[tuple[Mask, Mask]] = []
        if leaf.listed:
            known = self._known["nearby"][:count]
            parts.append((self._postings[Field.NEARBY].mask(leaf.listed, count), known))
        if leaf.center is not None and leaf.radius_km is not None:
            positions = self.positions[:count]
            near = np.zeros(count, dtype=bool)
            near[within(positions, leaf.center, leaf.radius_km)] = True
            parts.append((near, ~np.isnan(positions[:, 0])))
        result = np.full(count, not positive)
        for found, known in parts:
            if positive:
                result |= found
            else:
                result &= known & ~found
        return result

    def _reserve(self, count: int) -> None:
        if count <= self._capacity:
            return
        while self._capacity < count:
            self._capacity *= 2
        self.alive = _grown(self.alive, self._capacity, False)
        self.numbers = {f: _grown(c, self._capacity, np.nan) for f, c in self.numbers.items()}
        self._codes = {f: _grown(c, self._capacity, _UNKNOWN) for f, c in self._codes.items()}
        self._known = {n: _grown(c, self._capacity, False) for n, c in self._known.items()}
        self.positions = _grown(self.positions, self._capacity, np.nan)


def _all(batch: Sequence[HotelFacts], name: str) -> list[Any]:
    return list(map(attrgetter(name), batch))


def _listed(rows_of: Mapping[str, Sequence[int]], values: Iterable[str], count: int) -> Mask:
    """Return which of the first `count` rows are listed for one of the values."""
    found = np.zeros(count, dtype=bool)
    for value in values:
        found[[row for row in rows_of.get(value, ()) if row < count]] = True
    return found


def _rows_by_value(
    lists: Sequence[Collection[object] | None], first: int
) -> dict[object, NDArray[np.int32]]:
    """Return the rows of each value, where the first list is that of row `first`."""
    held = [values or () for values in lists]
    lengths = list(map(len, held))
    code_of: defaultdict[object, int] = defaultdict(count().__next__)
    codes = np.fromiter(
        map(code_of.__getitem__, chain.from_iterable(held)), dtype=np.int32, count=sum(lengths)
    )
    rows = np.repeat(np.arange(first, first + len(held), dtype=np.int32), lengths)
    ends = np.cumsum(np.bincount(codes, minlength=len(code_of)))
    return dict(zip(code_of, np.split(rows[np.argsort(codes, kind="stable")], ends), strict=False))


def _grown(column: np.ndarray, capacity: int, fill: object) -> np.ndarray:
    grown = np.full_like(column, fill, shape=(capacity, *column.shape[1:]))
    grown[: len(column)] = column
    return grown
