"""Random messages of any type, drawn by its descriptor: half-filled, extreme, and of any depth."""

from __future__ import annotations

import math
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st

DEPTH = 4
TEXTS = st.one_of(
    st.sampled_from(
        (
            "",
            " ",
            "\x00",
            "\u202e",
            "a" * 5_000,
            "-1",
            "NaN",
            "北京",
            "hotel",
            "pool",
            "concierge.catalog.hotel.v1",
        )
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
FLOATS = st.one_of(
    st.sampled_from((0.0, -0.0, -1.0, 1e308, math.nan, math.inf, -math.inf, 39.9, 116.4, 180.1)),
    st.floats(width=32),
)

_INTEGERS = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_SINT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_SINT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
}


def messages(descriptor: Descriptor, depth: int = DEPTH) -> st.SearchStrategy[Message]:
    """Return a strategy for messages of a type, at most `depth` messages deep."""
    return st.composite(_message)(descriptor, depth)


def _message(draw: st.DrawFn, descriptor: Descriptor, depth: int) -> Message:
    message = message_factory.GetMessageClass(descriptor)()
    if not descriptor.fields:
        return message
    chosen = draw(st.lists(st.sampled_from(list(descriptor.fields)), unique_by=lambda f: f.number))
    for field in chosen:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            _fill_map(draw, message, field, depth)
        elif field.is_repeated:
            _fill_list(draw, message, field, depth)
        elif field.message_type is None:
            setattr(message, field.name, draw(_scalars(field)))
        elif depth > 1:
            drawn = draw(messages(field.message_type, depth - 1))
            getattr(message, field.name).CopyFrom(drawn)
    return message


def _fill_list(draw: st.DrawFn, message: Message, field: FieldDescriptor, depth: int) -> None:
    values: Any = getattr(message, field.name)
    if field.message_type is None:
        values.extend(draw(st.lists(_scalars(field), max_size=3)))
    elif depth > 1:
        values.extend(draw(st.lists(messages(field.message_type, depth - 1), max_size=3)))


def _fill_map(draw: st.DrawFn, message: Message, field: FieldDescriptor, depth: int) -> None:
    assert field.message_type is not None
    entry = field.message_type.fields_by_name
    values: Any = getattr(message, field.name)
    for key in draw(st.lists(_scalars(entry["key"]), max_size=2)):
        if entry["value"].message_type is None:
            values[key] = draw(_scalars(entry["value"]))
        elif depth > 1:
            values[key].CopyFrom(draw(messages(entry["value"].message_type, depth - 1)))


def _scalars(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.type in _INTEGERS:
        least, most = _INTEGERS[field.type]
        edges = st.sampled_from((least, most, 0, 1, 2, 10))
        return edges | st.integers(least, most)
    if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT):
        return FLOATS
    if field.type == FieldDescriptor.TYPE_BOOL:
        return st.booleans()
    if field.type == FieldDescriptor.TYPE_BYTES:
        return st.binary(max_size=20)
    if field.enum_type is not None:
        known = [value.number for value in field.enum_type.values]
        return st.sampled_from([*known, 99, -1])
    return TEXTS
