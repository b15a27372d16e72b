"""Waiting for a condition instead of sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


async def eventually(condition: Callable[[], Awaitable[bool]], *, within_s: float = 20.0) -> None:
    """Return when the condition holds; fail after the time given."""
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(0.01)
