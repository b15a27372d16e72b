"""What every `ConceptReader` must do, whatever is behind it."""

from __future__ import annotations

import pytest

from services.plan.condition import Span
from services.platform.deadline import Deadline
from services.platform.errors import DeadlineExceeded
from services.query_understanding.domain.proposal import PROPOSABLE, Question
from services.query_understanding.ports import ConceptReader

TEXT = "带射箭场的酒店，爷爷拄着拐"
QUESTION = Question(TEXT, (Span(1, 4, "射箭场"), Span(10, 13, "拄着拐")), "zh")


class ConceptReaderContract:
    """A subclass brings the fixture `reader`."""

    async def test_it_says_who_it_is(self, reader: ConceptReader) -> None:
        assert reader.name
        assert reader.version

    async def test_it_proposes_concepts_for_the_stretches_it_was_given(
        self, reader: ConceptReader
    ) -> None:
        for proposal in await reader.read(QUESTION, deadline=Deadline.after(5)):
            assert proposal.hint.span in QUESTION.stretches
            assert proposal.hint.section in PROPOSABLE
            assert proposal.hint.id
            assert 0 <= proposal.confidence <= 1

    async def test_it_answers_the_same_twice(self, reader: ConceptReader) -> None:
        first = await reader.read(QUESTION, deadline=Deadline.after(5))
        assert await reader.read(QUESTION, deadline=Deadline.after(5)) == first

    async def test_a_deadline_that_is_over_is_told(self, reader: ConceptReader) -> None:
        with pytest.raises(DeadlineExceeded):
            await reader.read(QUESTION, deadline=Deadline(0))
