"""Events to bytes and headers, and back. CloudEvents 1.0, Kafka protocol binding, binary mode."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

from google.protobuf.message import DecodeError, Message

from services.platform import events as names
from services.platform.errors import InvalidArgument
from services.platform.events import Event, Record

M = TypeVar("M", bound=Message)


def headers_of(event: Event[Any]) -> dict[str, bytes]:
    """Return the event's headers by name."""
    headers = {
        names.CE_ID: event.id.encode(),
        names.CE_SOURCE: event.source.encode(),
        names.CE_TIME: datetime.fromtimestamp(event.time, UTC).isoformat().encode(),
        names.CE_SPECVERSION: b"1.0",
        names.CONTENT_TYPE: b"application/protobuf",
    }
    if event.message is not None:
        headers[names.CE_TYPE] = event.message.DESCRIPTOR.full_name.encode()
    if event.traceparent is not None:
        headers[names.TRACEPARENT] = event.traceparent.encode()
    if event.deadline is not None:
        headers[names.EXPIRES_AT] = str(int(event.deadline.expires_at * 1000)).encode()
    return headers


def value_of(event: Event[Any]) -> bytes | None:
    """Return the event's value; `None` for a tombstone."""
    return None if event.message is None else event.message.SerializeToString()


def decode(record: Record, kind: type[M]) -> M:
    """Read a record's message.

    Raises:
        InvalidArgument: It is a tombstone, of another type, or not decodable.
    """
    wanted = kind.DESCRIPTOR.full_name
    if record.value is None:
        raise InvalidArgument("is a tombstone where a message is needed", field="value")
    if record.type != wanted:
        raise InvalidArgument(f"is {record.type or 'missing'}, not {wanted}", field=names.CE_TYPE)
    try:
        return kind.FromString(record.value)
    except DecodeError as error:
        raise InvalidArgument(f"is no {wanted}", field="value") from error


def decode_shared(record: Record, kind: type[M]) -> M:
    """As `decode`, once for all readers of the record in this process: nobody may change it."""
    return record.made(kind, lambda: decode(record, kind))
