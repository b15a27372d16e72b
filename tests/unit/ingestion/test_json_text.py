"""Rows are read fast and as the standard library reads them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingestion.json_text import read_json

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(value=_VALUES, ascii_only=st.booleans())
def test_a_row_is_read_as_the_standard_library_reads_it(value: object, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert read_json(text) == json.loads(text)


@pytest.mark.parametrize(
    "text", ["[NaN]", '{"a": 1, "a": 2}', r'"\ud800"', "9" * 40, "1e400", "-0"]
)
def test_what_is_hardly_json_is_read_alike(text: str) -> None:
    assert repr(read_json(text.encode())) == repr(json.loads(text))


@pytest.mark.parametrize("text", [b"", b"{", b'{"a":1}x', b'"\x01"', b'"\xff"', b"\xef\xbb\xbf{}"])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises((json.JSONDecodeError, UnicodeDecodeError)):
        read_json(text)
