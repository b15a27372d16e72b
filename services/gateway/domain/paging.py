"""Page tokens: where the next page of a finished search starts."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from services.platform.errors import InvalidArgument

_FORM = re.compile(r"1:([0-9a-f]{32}):(\d{1,6}):(\d{1,3})")


@dataclass(frozen=True, slots=True)
class PagePosition:
    """The start of a page.

    Attributes:
        search_id: The finished search, 32 hexadecimal digits.
        offset: First hit of the page, from 0.
        page_size: Hits per page, 1 to 100.
    """

    search_id: str
    offset: int
    page_size: int


def encode(position: PagePosition) -> str:
    """Return the opaque token of a position."""
    raw = f"1:{position.search_id}:{position.offset}:{position.page_size}"
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def decode(token: str) -> PagePosition:
    """Read a token.

    Raises:
        InvalidArgument: The token is not one of ours.
    """
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        match = _FORM.fullmatch(raw.decode("ascii"))
    except (binascii.Error, ValueError):
        match = None
    if match is None or not 1 <= int(match[3]) <= 100:
        raise InvalidArgument("is not a token of this service", field="page_token")
    return PagePosition(match[1], int(match[2]), int(match[3]))
