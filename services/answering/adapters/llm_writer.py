"""`AnswerWriter` on a language model. What it writes is a draft that answering verifies."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from string import Template

from services.answering.domain.answer import AnswerTask, Sentence
from services.answering.domain.drafts import DraftReader, Fact
from services.answering.domain.evidence import Problem
from services.answering.domain.plain_text import plain_text
from services.answering.ports import AnswerWriter
from services.answering.settings import WriterSettings
from services.plan.condition import Field
from services.platform.deadline import Deadline
from services.platform.errors import Unavailable
from services.platform.inference import LLMClient
from services.vocabulary import Vocabulary

PROMPTS = Path(__file__).parents[1] / "prompts"
LANGUAGES = {"zh": "Simplified Chinese", "zh-Hant": "Traditional Chinese", "en": "English"}
MAX_SENTENCES = 6
MAX_REWRITE_TOKENS = 200
# What of a record goes into a prompt.
MAX_RECORDS = 5
MAX_LISTED = 30
MAX_GUEST_CHARACTERS = 500


class LLMWriter:
    """Lets a model word what the records and the template's answer say.

    Questions back, small talk, refusals and empty results speak of no hotel: those are the
    template's, word for word, and the model is not asked.

    Args:
        llm: The model.
        template: Who writes the draft.
        vocabulary: Labels of ids.
        settings: How long the model may write.
    """

    def __init__(
        self,
        llm: LLMClient,
        template: AnswerWriter,
        vocabulary: Vocabulary,
        settings: WriterSettings,
    ) -> None:
        self._llm = llm
        self._template = template
        self._vocabulary = vocabulary
        self._settings = settings
        self._answer_prompt = Template((PROMPTS / "answer.v1.md").read_text(encoding="utf-8"))
        self._rewrite_prompt = Template((PROMPTS / "rewrite.v1.md").read_text(encoding="utf-8"))

    @property
    def name(self) -> str:
        """The model's name."""
        return self._llm.name

    async def write(self, task: AnswerTask) -> AsyncGenerator[Sentence, None]:
        """Stream sentences as their lines are complete; see `AnswerWriter`."""
        draft = [sentence async for sentence in self._template.write(task)]
        if not task.records():
            for sentence in draft:
                yield sentence
            return
        reader = DraftReader(task, self._vocabulary)
        prompt = self._answer_prompt.substitute(
            language=LANGUAGES[task.language],
            sentences=MAX_SENTENCES,
            guest=_quoted(plain_text(task.text, limit=MAX_GUEST_CHARACTERS)),
            records=_numbered(reader.facts),
            draft=_quoted([sentence.text for sentence in draft]),
        )
        said = False
        lines = self._lines(prompt, self._settings.max_tokens, self._settings.budget_s)
        async with aclosing(lines):
            async for line in lines:
                for sentence in reader.sentences(line):
                    said = True
                    yield sentence
        if not said:
            raise Unavailable(f"{self.name} wrote nothing", reason="WRITER_SILENT")

    async def rewrite(
        self, task: AnswerTask, sentence: Sentence, problems: Sequence[Problem]
    ) -> Sentence | None:
        """Ask for the sentence once more, with what was wrong; see `AnswerWriter`."""
        if not task.records():
            return None
        reader = DraftReader(task, self._vocabulary)
        prompt = self._rewrite_prompt.substitute(
            language=LANGUAGES[task.language],
            sentence=_quoted(sentence.text),
            problems=_quoted([f"{problem.text}: {problem.why}" for problem in problems]),
            records=_numbered(reader.facts),
        )
        lines = self._lines(prompt, MAX_REWRITE_TOKENS, self._settings.rewrite_budget_s)
        async with aclosing(lines):
            async for line in lines:
                for again in reader.sentences(line):
                    return again
        return None

    async def _lines(
        self, prompt: str, max_tokens: int, budget_s: float
    ) -> AsyncGenerator[str, None]:
        """Yield the lines of the model's text as each is complete."""
        pieces = self._llm.generate(
            prompt, max_tokens=max_tokens, deadline=Deadline.after(budget_s)
        )
        rest = ""
        async with aclosing(pieces):
            async for piece in pieces:
                *lines, rest = (rest + piece).split("\n")
                for line in lines:
                    yield line
        yield rest


def _quoted(data: object) -> str:
    """Return data from outside as JSON: it ends where it ends, whatever is in it."""
    return json.dumps(data, ensure_ascii=False)


def _numbered(facts: Sequence[Sequence[Fact]]) -> str:
    """Return what is known of each hotel as a numbered line of JSON."""
    return "\n".join(
        f"{number} {_quoted(_by_field(known))}"
        for number, known in enumerate(facts[:MAX_RECORDS], start=1)
    )


def _by_field(known: Sequence[Fact]) -> Mapping[str, Sequence[str]]:
    told: dict[str, list[str]] = {}
    for fact in known:
        values = told.setdefault(fact.field, [])
        if len(values) < MAX_LISTED:
            distance = fact.field is Field.DISTANCE
            values.append(f"{fact.asked}: {fact.value}" if distance else fact.value)
    return told
