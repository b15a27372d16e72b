"""Keyword search between the contract and the domain."""

from __future__ import annotations

from collections.abc import Sequence

from concierge.catalog.v1 import hotel_pb2
from concierge.keyword_search.v1 import keyword_search_pb2 as pb

from services.platform.errors import InvalidArgument

MAX_IDS = 500


def hotel_ids(request: pb.GetHotelsRequest) -> list[str]:
    """Read the ids asked for.

    Raises:
        InvalidArgument: None or too many, or an empty one.
    """
    ids = list(request.hotel_ids)
    if not 1 <= len(ids) <= MAX_IDS:
        raise InvalidArgument(f"must be 1 to {MAX_IDS} ids", field="hotel_ids")
    for index, id in enumerate(ids):
        if not 1 <= len(id) <= 128:
            raise InvalidArgument("must be 1 to 128 characters", field=f"hotel_ids[{index}]")
    return ids


def hotels_response(records: Sequence[bytes], missing: Sequence[str]) -> pb.GetHotelsResponse:
    """Return the records and the ids without one."""
    return pb.GetHotelsResponse(
        hotels=[hotel_pb2.Hotel.FromString(record) for record in records], missing_ids=missing
    )
