"""A writer that writes what it is told to, and can be away."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence

from services.answering.domain.answer import AnswerTask, Sentence
from services.answering.domain.evidence import Problem
from services.platform.errors import Unavailable


class FakeAnswerWriter:
    """Writes fixed sentences.

    Args:
        sentences: What it writes, in order.
        again: Second versions by first version.
        fails_after: Sentences it gets out before it is away; `None`: it is never away.
    """

    name = "fake"

    def __init__(
        self,
        sentences: Sequence[str] = ("谢谢。",),
        *,
        again: Mapping[str, str] | None = None,
        fails_after: int | None = None,
    ) -> None:
        self._sentences = sentences
        self._again = again or {}
        self._fails_after = fails_after
        self.rewritten: list[str] = []

    async def write(self, task: AnswerTask) -> AsyncGenerator[Sentence, None]:
        for position, text in enumerate(self._sentences):
            if self._fails_after is not None and position >= self._fails_after:
                raise Unavailable("the writer is away", reason="WRITER_AWAY")
            yield Sentence(text)

    async def rewrite(
        self, task: AnswerTask, sentence: Sentence, problems: Sequence[Problem]
    ) -> Sentence | None:
        self.rewritten.append(sentence.text)
        text = self._again.get(sentence.text)
        return None if text is None else Sentence(text)
