"""The rerankers we have, under the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.platform.errors import Unavailable
from services.platform.settings import TritonSettings
from services.ranking.adapters.triton_reranker import TritonReranker
from services.ranking.adapters.word_reranker import WordReranker
from services.ranking.ports import Reranker
from tests.contract.ranking.reranker_contract import PASSAGES, RerankerContract
from tests.endpoints import endpoint
from tests.fakes.reranker import FakeReranker


class TestFakeReranker(RerankerContract):
    @pytest.fixture
    def reranker(self) -> Reranker:
        return FakeReranker()


class TestWordReranker(RerankerContract):
    @pytest.fixture
    def reranker(self) -> Reranker:
        return WordReranker()

    async def test_a_rare_word_tells_more_than_a_common_one(self, reranker: Reranker) -> None:
        passages = {**PASSAGES, "h4": "quiet airport stop"}
        scores = await reranker.score("airport bar", passages)
        assert scores["h2"] > scores["h4"] > scores["h1"]

    async def test_a_query_without_words_tells_nothing(self, reranker: Reranker) -> None:
        assert set((await reranker.score("!?", PASSAGES)).values()) == {0.5}


@pytest.mark.integration
class TestTritonReranker(RerankerContract):
    @pytest.fixture
    async def reranker(self) -> AsyncIterator[Reranker]:
        settings = TritonSettings(url=endpoint("TRITON"), model="reranker", timeout_s=20)
        reranker = TritonReranker(settings)
        yield reranker
        await reranker.close()

    @pytest.mark.parametrize("query", ["quiet garden", "安静的酒店", ""])
    async def test_the_scores_are_those_made_in_process(
        self, reranker: Reranker, query: str
    ) -> None:
        expected = await WordReranker().score(query, PASSAGES)
        assert await reranker.score(query, PASSAGES) == pytest.approx(expected, abs=1e-6)


async def test_a_triton_that_is_away_is_named() -> None:
    reranker = TritonReranker(TritonSettings(url="127.0.0.1:9", model="reranker"))
    with pytest.raises(Unavailable, match="reranker") as caught:
        await reranker.score("quiet", PASSAGES)
    assert caught.value.reason == "TRITON_AWAY"
    await reranker.close()
