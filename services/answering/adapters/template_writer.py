"""`AnswerWriter` without a model: the template realiser."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace

from services.answering.domain.answer import AnswerTask, Sentence
from services.answering.domain.evidence import Problem
from services.answering.domain.realiser import Realiser
from services.vocabulary import Vocabulary


class TemplateWriter:
    """Writes with templates in Chinese and English.

    Args:
        vocabulary: Labels of ids.
        to_traditional: Simplified characters to traditional ones.
    """

    name = "template"

    def __init__(self, vocabulary: Vocabulary, to_traditional: Callable[[str], str]) -> None:
        self._vocabulary = vocabulary
        self._to_traditional = to_traditional

    async def write(self, task: AnswerTask) -> AsyncGenerator[Sentence, None]:
        """Stream the sentences."""
        for sentence in Realiser(task, self._vocabulary).sentences():
            yield self._traditional(sentence) if task.language == "zh-Hant" else sentence

    async def rewrite(
        self, task: AnswerTask, sentence: Sentence, problems: Sequence[Problem]
    ) -> Sentence | None:
        """Return `None`: a template has one way to say a thing."""
        return None

    def _traditional(self, sentence: Sentence) -> Sentence:
        return Sentence(
            self._to_traditional(sentence.text),
            tuple(
                replace(citation, claim=self._to_traditional(citation.claim))
                for citation in sentence.citations
            ),
        )
