"""Where a value of a row comes from, and how it is read."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.platform.errors import InvalidArgument

Row = Mapping[str, object]

_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*")


class RowError(Exception):
    """Why a row cannot become a hotel: the field at fault and a sentence."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Source:
    """How one value is taken from a row.

    Attributes:
        columns: Dotted paths, the first that holds something wins; a number steps into a list.
        constant: A fixed value instead of columns.
        values: Replaces the text read; with it a text that is not a key is missing.
        pattern: Regular expression; its first group (or the whole match) is the value.
        separator: Splits a text into a list.
        scale: Multiplies a number.
        language, category: For texts and places.
        minimum: Takes the least number of an object's or a list's values.
    """

    columns: tuple[str, ...] = ()
    constant: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    pattern: re.Pattern[str] | None = None
    separator: str | None = None
    scale: float = 1.0
    language: str = ""
    category: str = ""
    minimum: bool = False

    def raw(self, row: Row, missing: frozenset[str]) -> object:
        """Return the first value held, `None` when all are missing."""
        if self.constant is not None:
            return self.constant
        for path in self.columns:
            value = at_path(row, path)
            if value is None or (isinstance(value, str) and value.strip() in missing):
                continue
            if isinstance(value, float) and math.isnan(value):
                continue
            return value
        return None

    def has_column(self, row: Row) -> bool:
        """Tell whether the row has the column at all, empty or not."""
        return any(has_path(row, path) for path in self.columns)

    def text(self, row: Row, missing: frozenset[str]) -> str | None:
        """Return the value as text, `None` when it is missing."""
        value = self.raw(row, missing)
        return None if value is None else self.read(value)

    def read(self, value: object) -> str | None:
        """Return one raw value as text: cut out by the pattern, looked up in the table."""
        text = str(value).strip()
        if self.pattern is not None:
            match = self.pattern.search(text)
            if match is None:
                return None
            text = (match[1] if match.groups() else match[0]).strip()
        if self.values:
            found = self.values.get(text, self.values.get(text.casefold()))
            return None if found is None else str(found)
        return text or None

    def texts(self, row: Row, missing: frozenset[str]) -> list[str] | None:
        """Return the value as a list of texts; `None` when the row does not have the column.

        A column that is there and empty is an empty list: known to hold nothing.
        """
        value = self.raw(row, missing)
        if value is None:
            return [] if self.has_column(row) and not self.pattern else None
        items: Sequence[object]
        if isinstance(value, str):
            items = value.split(self.separator) if self.separator else [value]
        elif isinstance(value, Sequence):
            items = value
        else:
            items = [value]
        read = (self.read(item) for item in items if item is not None)
        return [text for text in read if text and text not in missing]

    def number(self, row: Row, missing: frozenset[str], name: str) -> float | None:
        """Return the value as a finite number, `None` when it is missing.

        Raises:
            RowError: It is there and no number.
        """
        value = self.raw(row, missing)
        if value is None:
            return None
        if self.minimum:
            held = list(value.values()) if isinstance(value, Mapping) else value
            if not isinstance(held, Sequence) or isinstance(held, str):
                held = [held]
            numbers = [n for item in held if (n := _number(item)) is not None]
            if not numbers:
                return None
            return min(numbers) * self.scale
        if self.values or self.pattern:
            value = self.read(value)
            if value is None:
                return None
        number = _number(value)
        if number is None:
            raise RowError(name, f"{str(value)[:80]!r} is not a finite number")
        return number * self.scale


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    match = _NUMBER.search(str(value))
    if match is None or "nan" in str(value).casefold():
        return None
    return float(match[0].replace(",", ""))


def at_path(row: object, path: str) -> object:
    """Return the value at a dotted path, `None` where it ends early."""
    for part in path.split("."):
        row = _step(row, part)
    return row


def _step(value: object, part: str) -> object:
    if isinstance(value, Mapping):
        return value.get(part)
    if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
        return value[int(part)]
    return None


def has_path(row: object, path: str) -> bool:
    """Tell whether the dotted path exists, whatever it holds."""
    for part in path.split("."):
        if isinstance(row, Mapping):
            if part not in row:
                return False
        elif _step(row, part) is None:
            return False
        row = _step(row, part)
    return True


_KEYS = frozenset(
    {"column", "value", "values", "pattern", "separator", "scale", "language", "category",
     "minimum"}
)  # fmt: skip


def read_source(spec: object, at: str) -> Source:
    """Read a source from a mapping file: a column's name, or an object.

    Raises:
        InvalidArgument: Naming the key of the mapping.
    """
    if isinstance(spec, str):
        return Source((spec,))
    if not isinstance(spec, Mapping):
        raise InvalidArgument("must be a column or an object", field=at)
    unknown = set(spec) - _KEYS
    if unknown:
        raise InvalidArgument(f"has unknown keys {sorted(unknown)}", field=at)
    columns = spec.get("column", ())
    columns = (columns,) if isinstance(columns, str) else tuple(columns)
    constant = spec.get("value")
    if bool(columns) is (constant is not None):
        raise InvalidArgument("needs either column or value", field=at)
    try:
        pattern = re.compile(str(spec["pattern"])) if "pattern" in spec else None
        scale = float(spec.get("scale", 1.0))
    except (re.error, TypeError, ValueError) as error:
        raise InvalidArgument(f"is malformed: {error}", field=at) from error
    values = spec.get("values") or {}
    if not isinstance(values, Mapping):
        raise InvalidArgument("must be a table", field=f"{at}.values")
    return Source(
        columns,
        None if constant is None else str(constant),
        {_key(key): value for key, value in values.items()},
        pattern,
        spec.get("separator"),
        scale,
        str(spec.get("language", "")),
        str(spec.get("category", "")),
        bool(spec.get("minimum", False)),
    )


def _key(key: object) -> str:
    # YAML reads a bare yes and no as booleans.
    return {True: "yes", False: "no"}.get(key, str(key)) if isinstance(key, bool) else str(key)
