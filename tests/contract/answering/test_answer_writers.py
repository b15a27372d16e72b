"""The writers we have, under the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.answering.adapters.llm_writer import LLMWriter
from services.answering.adapters.opencc_script import to_traditional
from services.answering.adapters.template_writer import TemplateWriter
from services.answering.ports import AnswerWriter
from services.answering.settings import WriterSettings
from tests.contract.answering.answer_writer_contract import AnswerWriterContract
from tests.fakes.answer_writer import FakeAnswerWriter
from tests.fakes.llm import FakeLLM
from tests.stand_in_llm import StandInLLM
from tests.unit.answering.records import VOCABULARY

TEMPLATE = TemplateWriter(VOCABULARY, to_traditional)


class TestTemplateWriter(AnswerWriterContract):
    @pytest.fixture
    def writer(self) -> AnswerWriter:
        return TEMPLATE


class TestFakeAnswerWriter(AnswerWriterContract):
    @pytest.fixture
    def writer(self) -> AnswerWriter:
        return FakeAnswerWriter()


class TestLLMWriter(AnswerWriterContract):
    @pytest.fixture
    def writer(self) -> AnswerWriter:
        return LLMWriter(FakeLLM(), TEMPLATE, VOCABULARY, WriterSettings())


@pytest.mark.integration
class TestLLMWriterOnTriton(AnswerWriterContract):
    @pytest.fixture
    async def writer(self) -> AsyncIterator[AnswerWriter]:
        stand_in = StandInLLM()
        yield LLMWriter(stand_in.client, TEMPLATE, VOCABULARY, WriterSettings())
        await stand_in.close()
