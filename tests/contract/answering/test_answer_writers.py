"""The writers we have, under the contract."""

from __future__ import annotations

import pytest

from services.answering.adapters.opencc_script import to_traditional
from services.answering.adapters.template_writer import TemplateWriter
from services.answering.ports import AnswerWriter
from tests.contract.answering.answer_writer_contract import AnswerWriterContract
from tests.fakes.answer_writer import FakeAnswerWriter
from tests.unit.answering.records import VOCABULARY


class TestTemplateWriter(AnswerWriterContract):
    @pytest.fixture
    def writer(self) -> AnswerWriter:
        return TemplateWriter(VOCABULARY, to_traditional)


class TestFakeAnswerWriter(AnswerWriterContract):
    @pytest.fixture
    def writer(self) -> AnswerWriter:
        return FakeAnswerWriter()
