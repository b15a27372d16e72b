"""The rerankers we have, under the contract."""

from __future__ import annotations

import pytest

from services.ranking.ports import Reranker
from tests.contract.ranking.reranker_contract import RerankerContract
from tests.fakes.reranker import FakeReranker


class TestFakeReranker(RerankerContract):
    @pytest.fixture
    def reranker(self) -> Reranker:
        return FakeReranker()
