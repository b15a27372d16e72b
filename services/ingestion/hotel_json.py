"""A row in proto3 JSON as a hotel."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from concierge.catalog.v1 import hotel_pb2
from google.protobuf import json_format

from services.ingestion.domain.values import Row, RowError

_INTEGER = re.compile(r"-?[0-9]{1,18}")
# Python takes true for 1, JSON does not.
_NUMBERS = ("star_rating", "guest_rating", "review_count", "revision")


def hotel_from_json(row: Row) -> hotel_pb2.Hotel:
    """Return the hotel that a row is.

    Raises:
        RowError: It is none, or a field is unknown or of the wrong type.
    """
    # protobuf's own constructor reads most rows ten times as fast as its JSON parser. What it
    # refuses may still be JSON in another spelling (camelCase, times as text), or a mistake for
    # which the parser has the better words.
    if not any(isinstance(row.get(name), bool) for name in _NUMBERS):
        with suppress(TypeError, ValueError):
            return hotel_pb2.Hotel(**_with_integers(row))
    try:
        return json_format.ParseDict(dict(row), hotel_pb2.Hotel())
    except json_format.ParseError as error:
        raise RowError("row", str(error)[:300]) from error


def _with_integers(row: Row) -> dict[str, Any]:
    """Return the row with the integers as such that proto3 JSON writes as text."""
    fields = dict(row)
    price = fields.get("price")
    if isinstance(price, dict) and _is_integer(price.get("units")):
        fields["price"] = {**price, "units": int(price["units"])}
    if _is_integer(fields.get("revision")):
        fields["revision"] = int(str(fields["revision"]))
    return fields


def _is_integer(value: object) -> bool:
    return isinstance(value, str) and _INTEGER.fullmatch(value) is not None
