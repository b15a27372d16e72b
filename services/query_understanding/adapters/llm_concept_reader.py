"""`ConceptReader` on a language model: one call, its answer held to a JSON schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import aclosing
from copy import deepcopy
from pathlib import Path
from string import Template
from typing import Any

from services.plan.condition import Span
from services.platform.deadline import Deadline
from services.platform.errors import Unavailable
from services.platform.inference import LLMClient
from services.query_understanding.adapters import sayings
from services.query_understanding.domain.catalog_names import CatalogLexicon
from services.query_understanding.domain.proposal import PROPOSABLE, Hint, Proposal, Question
from services.vocabulary import Vocabulary

PROMPTS = Path(__file__).parents[1] / "prompts"
MAX_TOKENS = 400
EXAMPLES = 8
# Values that only the catalogue has, of each field, that a prompt lists.
MOST_VALUES = 100


class LLMConceptReader:
    """Asks a language model what the unexplained stretches of a turn ask for.

    Args:
        llm: The model.
        vocabulary: What may be asked for.
        lexicon: What the catalogue holds besides.
    """

    def __init__(self, llm: LLMClient, vocabulary: Vocabulary, lexicon: CatalogLexicon) -> None:
        self._llm = llm
        self._vocabulary = vocabulary
        self._lexicon = lexicon
        self._prompt = Template((PROMPTS / "plan.v1.md").read_text(encoding="utf-8"))
        self._schema = json.loads((PROMPTS / "plan.v1.schema.json").read_text(encoding="utf-8"))
        self._nearest = sayings.Nearest(sayings.load(vocabulary))

    @property
    def name(self) -> str:
        """The model's name."""
        return self._llm.name

    @property
    def version(self) -> str:
        """The model's version, and the prompt's."""
        return f"{self._llm.version}/plan.v1"

    async def read(self, question: Question, *, deadline: Deadline) -> Sequence[Proposal]:
        """Ask once; see `ConceptReader`."""
        concepts = self._concepts()
        pieces = self._llm.generate(
            self._words(question, concepts),
            schema=self._held_to(concepts),
            max_tokens=MAX_TOKENS,
            deadline=deadline,
        )
        async with aclosing(pieces):
            answer = "".join([piece async for piece in pieces])
        return self._proposals(answer, question.stretches)

    def _concepts(self) -> dict[str, str]:
        """Return what may be asked for, by id, with its labels."""
        found: dict[str, str] = {}
        for section, field in PROPOSABLE.items():
            held = self._vocabulary.section(section)
            for concept in held.values():
                found[f"{section}.{concept.id}"] = " / ".join(concept.labels.values())
            others = sorted(self._lexicon.values(field) - set(held))[:MOST_VALUES]
            found |= {f"{section}.{value}": value for value in others}
        return found

    def _words(self, question: Question, concepts: dict[str, str]) -> str:
        examples: dict[str, str] = {}
        for stretch in question.stretches:
            for saying in self._nearest.to(question.clause(stretch), count=EXAMPLES):
                examples.setdefault(saying.text, saying.concept)
        return self._prompt.substitute(
            concepts="\n".join(f"- {id}: {labels}" for id, labels in concepts.items()),
            examples="\n".join(
                f"- {_quoted(text)} -> {concept}"
                for text, concept in list(examples.items())[:EXAMPLES]
            ),
            text=_quoted(question.text),
            stretches="\n".join(
                f"{number}. {_quoted(stretch.text)}"
                for number, stretch in enumerate(question.stretches, start=1)
            ),
        )

    def _held_to(self, concepts: dict[str, str]) -> dict[str, Any]:
        schema: dict[str, Any] = deepcopy(self._schema)
        reading = schema["properties"]["readings"]["items"]["properties"]
        reading["concept"]["enum"] = [*concepts, sayings.NONE]
        return schema

    def _proposals(self, answer: str, stretches: Sequence[Span]) -> list[Proposal]:
        try:
            readings = json.loads(answer)["readings"]
            return [
                Proposal(
                    Hint(
                        stretches[_number(reading["stretch"], len(stretches))], *_concept(reading)
                    ),
                    wanted=_flag(reading["wanted"]),
                    wish=_flag(reading["wish"]),
                )
                for reading in readings
                if reading["concept"] != sayings.NONE
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise Unavailable(
                f"{self.name} answered what cannot be read",
                reason="LLM_MALFORMED",
                metadata={"model": self.name},
            ) from error


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _number(number: object, count: int) -> int:
    if not isinstance(number, int) or not 1 <= number <= count:
        raise ValueError(f"no stretch {number}")
    return number - 1


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("not a boolean")
    return value


def _concept(reading: dict[str, Any]) -> tuple[str, str]:
    section, dot, id = str(reading["concept"]).partition(".")
    if not dot:
        raise ValueError("no section")
    return section, id
