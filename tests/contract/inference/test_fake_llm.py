"""The fake model under the contract."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from services.platform.inference import LLMClient
from tests.contract.inference.llm_client_contract import (
    ASKED,
    ASKED_FORM,
    ASKED_SLOWLY,
    FILLED,
    SAID,
    LLMClientContract,
    text_of,
)
from tests.fakes.llm import FakeLLM

SCRIPT = {ASKED: SAID, ASKED_SLOWLY: SAID, ASKED_FORM: FILLED}


class TestFakeLLM(LLMClientContract):
    @pytest.fixture
    def llm(self) -> FakeLLM:
        return FakeLLM(SCRIPT)

    @pytest.fixture
    def late_llm(self) -> LLMClient:
        return FakeLLM(SCRIPT, late=True)

    @pytest.fixture
    def failing_llm(self) -> LLMClient:
        return FakeLLM(SCRIPT, fails_after=1)

    @pytest.fixture
    def absent_llm(self) -> LLMClient:
        return FakeLLM(down=True)

    @pytest.fixture
    def cancelled(self, llm: FakeLLM) -> Callable[[], Awaitable[int]]:
        async def count() -> int:
            return llm.cancelled

        return count


async def test_replies_in_a_list_are_told_one_by_one() -> None:
    llm = FakeLLM({"again": ["first", "second"]})
    assert [await text_of(llm, "say it again") for _ in range(3)] == ["first", "second", "second"]
