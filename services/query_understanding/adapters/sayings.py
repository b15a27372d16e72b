"""How guests ask for things without their names: sayings by concept, and those most like a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import yaml

from services.platform.errors import FailedPrecondition
from services.text.fold import fold_text
from services.vocabulary import Vocabulary

DATA = Path(__file__).parents[1] / "data" / "sayings"
NONE = "none"


@dataclass(frozen=True, slots=True)
class Saying:
    """A saying and the concept it asks for: `section.id`, or `NONE`."""

    text: str
    concept: str
    language: str


def load(vocabulary: Vocabulary, folder: Path = DATA) -> list[Saying]:
    """Read the sayings of every language, a file each.

    Raises:
        FailedPrecondition: A file is no map of lists of texts, or names an unknown concept.
    """
    found: list[Saying] = []
    for file in sorted(folder.glob("*.yaml")):
        raw = yaml.load(file.read_bytes(), Loader=yaml.BaseLoader)
        if not isinstance(raw, dict) or not all(isinstance(texts, list) for texts in raw.values()):
            raise FailedPrecondition(f"sayings {file.name} are not a map of lists")
        for concept, texts in raw.items():
            section, _, id = concept.partition(".")
            if concept != NONE and id not in vocabulary.section(section):
                raise FailedPrecondition(f"sayings {file.name} name the unknown {concept}")
            found += [Saying(str(text), concept, file.stem) for text in texts]
    return found


class Nearest:
    """Finds the sayings most like a text, by the cosine of their pairs of characters."""

    def __init__(self, sayings: Sequence[Saying]) -> None:
        self._sayings = [(saying, _pairs(saying.text)) for saying in sayings]

    def to(self, text: str, *, count: int) -> list[Saying]:
        """Return the `count` sayings most like a text, most like first."""
        wanted = _pairs(text)
        ranked = sorted(self._sayings, key=lambda entry: -_cosine(wanted, entry[1]))
        return [saying for saying, _ in ranked[:count]]


def _pairs(text: str) -> Mapping[str, int]:
    folded = f" {fold_text(text)} "
    return Counter(folded[at : at + 2] for at in range(len(folded) - 1))


def _cosine(a: Mapping[str, int], b: Mapping[str, int]) -> float:
    common = sum(count * b[pair] for pair, count in a.items() if pair in b)
    norms = sqrt(sum(n * n for n in a.values()) * sum(n * n for n in b.values()))
    return common / norms if norms else 0.0
