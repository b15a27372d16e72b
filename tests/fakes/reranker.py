"""A reranker that counts shared words, and can be away or slow."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from services.platform.errors import Unavailable


class FakeReranker:
    """Scores by the share of the query's words that a passage has.

    Args:
        down: It is away.
        hangs: It never answers.
    """

    def __init__(self, *, down: bool = False, hangs: bool = False) -> None:
        self._down = down
        self._hangs = hangs

    async def score(self, query: str, passages: Mapping[str, str]) -> Mapping[str, float]:
        if self._down:
            raise Unavailable("the reranker is away", reason="RERANKER_AWAY")
        if self._hangs:
            await asyncio.Event().wait()
        words = set(query.casefold().split())
        return {
            id: len(words & set(passage.casefold().split())) / max(1, len(words))
            for id, passage in passages.items()
        }
