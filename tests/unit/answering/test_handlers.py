"""What reaches the guest: only what records support, whoever writes."""

from __future__ import annotations

from services.answering.adapters.opencc_script import to_traditional
from services.answering.adapters.template_writer import TemplateWriter
from services.answering.domain.answer import Sentence
from services.answering.domain.realiser import Realiser
from services.answering.handlers import Summary, answer
from tests.fakes.answer_writer import FakeAnswerWriter
from tests.unit.answering.records import LAKE, VOCABULARY, task

TEMPLATE = TemplateWriter(VOCABULARY, to_traditional)
ASKED = task(records=(LAKE,), total=1)
TRUE = "湖畔云庭酒店每晚480元。"
FALSE = "湖畔云庭酒店每晚408元。"


async def answered(writer: FakeAnswerWriter | TemplateWriter) -> tuple[list[str], Summary]:
    said, summary = [], None
    evidence = Realiser(ASKED, VOCABULARY).evidence()
    async for part in answer(ASKED, evidence, writer=writer, fallback=TEMPLATE):
        if isinstance(part, Sentence):
            assert summary is None, "the summary comes last"
            said.append(part.text)
        else:
            summary = part
    assert summary is not None
    return said, summary


async def test_supported_sentences_pass_in_order() -> None:
    writer = FakeAnswerWriter([TRUE, "谢谢。"])
    assert await answered(writer) == ([TRUE, "谢谢。"], Summary("fake", 0, False))
    assert writer.rewritten == []


async def test_an_unsupported_sentence_is_written_again_once() -> None:
    writer = FakeAnswerWriter([FALSE, "谢谢。"], again={FALSE: TRUE})
    assert await answered(writer) == ([TRUE, "谢谢。"], Summary("fake", 0, False))
    assert writer.rewritten == [FALSE]


async def test_a_sentence_that_stays_unsupported_is_dropped_and_counted() -> None:
    writer = FakeAnswerWriter([FALSE, "谢谢。"], again={FALSE: FALSE})
    assert await answered(writer) == (["谢谢。"], Summary("fake", 1, False))


async def test_a_writer_that_is_away_is_replaced_by_the_template_and_it_shows() -> None:
    said, summary = await answered(FakeAnswerWriter([TRUE], fails_after=0))
    assert said
    assert summary == Summary("template", 0, True)


async def test_a_writer_that_fails_on_the_way_ends_the_answer_there() -> None:
    said, summary = await answered(FakeAnswerWriter([TRUE, "谢谢。"], fails_after=1))
    assert (said, summary) == ([TRUE], Summary("fake", 0, True))


async def test_a_writer_without_a_good_sentence_is_replaced() -> None:
    said, summary = await answered(FakeAnswerWriter([FALSE]))
    assert FALSE not in said
    assert said
    assert summary == Summary("template", 1, False)


async def test_the_template_drops_nothing() -> None:
    _, summary = await answered(TEMPLATE)
    assert summary == Summary("template", 0, False)
