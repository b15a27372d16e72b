"""What answering needs from outside: somebody who writes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from services.answering.domain.answer import AnswerTask, Sentence
from services.answering.domain.evidence import Problem


class AnswerWriter(Protocol):
    """Writes answers, a sentence at a time. Nothing it writes is trusted."""

    @property
    def name(self) -> str:
        """Who writes: "template" or the model's name."""
        ...

    def write(self, task: AnswerTask) -> AsyncGenerator[Sentence, None]:
        """Stream sentences in reading order, at least one; closing it ends the writing.

        Raises:
            Unavailable: The model is away or past its deadline.
        """
        ...

    async def rewrite(
        self, task: AnswerTask, sentence: Sentence, problems: Sequence[Problem]
    ) -> Sentence | None:
        """Write a sentence again that was not supported; `None` when there is no other way.

        Raises:
            Unavailable: The model is away or past its deadline.
        """
        ...
