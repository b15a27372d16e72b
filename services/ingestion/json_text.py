"""JSON text of rows, read fast."""

from __future__ import annotations

import json
from typing import Any

import msgspec

_decode = msgspec.json.Decoder().decode


def read_json(text: bytes) -> Any:
    """Return what `json.loads` returns, in half its time.

    Raises:
        UnicodeDecodeError: The text is not UTF-8.
        ValueError: It is no JSON.
    """
    try:
        return _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # It also takes NaN and halves of surrogates, and tells what is wrong and where.
        return json.loads(text.decode("utf-8"))
