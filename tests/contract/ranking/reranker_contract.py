"""What every `Reranker` must do, whichever server is behind it."""

from __future__ import annotations

import asyncio

from services.ranking.ports import Reranker

PASSAGES = {"h1": "quiet garden hotel", "h2": "airport hotel with a bar", "h3": ""}


class RerankerContract:
    """A subclass brings the fixture `reranker`."""

    async def test_it_scores_every_hotel_it_was_given(self, reranker: Reranker) -> None:
        assert set(await reranker.score("quiet", PASSAGES)) == set(PASSAGES)

    async def test_scores_are_probabilities(self, reranker: Reranker) -> None:
        scores = await reranker.score("quiet garden", PASSAGES)
        assert all(0.0 <= score <= 1.0 for score in scores.values())

    async def test_a_passage_that_says_the_query_beats_an_empty_one(
        self, reranker: Reranker
    ) -> None:
        scores = await reranker.score("quiet garden hotel", PASSAGES)
        assert scores["h1"] > scores["h3"]

    async def test_no_hotels_are_no_scores(self, reranker: Reranker) -> None:
        assert dict(await reranker.score("quiet", {})) == {}

    async def test_calls_at_once_do_not_mix(self, reranker: Reranker) -> None:
        first, second = await asyncio.gather(
            reranker.score("quiet", {"a": "quiet"}), reranker.score("quiet", {"b": "quiet"})
        )
        assert (set(first), set(second)) == ({"a"}, {"b"})
