"""What every `AnswerWriter` must do, whoever is behind it."""

from __future__ import annotations

from services.answering.domain.evidence import Problem
from services.answering.ports import AnswerWriter
from services.plan.query_plan import Outcome
from tests.unit.answering.records import LAKE, TOWER, task


class AnswerWriterContract:
    """A subclass brings the fixture `writer`."""

    async def test_it_has_a_name(self, writer: AnswerWriter) -> None:
        assert writer.name

    async def test_it_writes_at_least_one_sentence_whatever_the_outcome(
        self, writer: AnswerWriter
    ) -> None:
        for outcome in Outcome:
            for records in ((), (LAKE, TOWER)):
                asked = task(outcome, records=records, total=len(records))
                sentences = [sentence async for sentence in writer.write(asked)]
                assert sentences
                assert all(sentence.text.strip() for sentence in sentences)

    async def test_a_sentence_is_one_line(self, writer: AnswerWriter) -> None:
        async for sentence in writer.write(task(records=(LAKE,), total=1)):
            assert "\n" not in sentence.text

    async def test_rewriting_gives_a_sentence_or_none(self, writer: AnswerWriter) -> None:
        asked = task(records=(LAKE,), total=1)
        async for first in writer.write(asked):
            again = await writer.rewrite(asked, first, [Problem("x", "no record says so")])
            assert again is None or again.text.strip()
