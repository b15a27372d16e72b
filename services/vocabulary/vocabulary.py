"""The vocabulary: concepts with labels, synonyms and what they imply."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from services.platform.errors import FailedPrecondition

DATA = Path(__file__).with_name("data")

NEAR_METRO = "near_metro"
"""The facility that ingestion tells from records and guests ask for in words of their own."""


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing that has a name.

    Attributes:
        id: Stable id, lower case ASCII with underscores; what records and plans hold.
        labels: Display name by language, "zh" and "en" at least.
        synonyms: Other words for it in any language, as guests and catalogues write them.
        implies: Ids that are true whenever this one is ("free breakfast" implies "breakfast").
        needs: Words of a need that this meets ("轮椅", "wheelchair"), for implied requests.
    """

    id: str
    labels: Mapping[str, str]
    synonyms: tuple[str, ...] = ()
    implies: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def words(self) -> tuple[str, ...]:
        """Return every name of the concept: labels, then synonyms."""
        return (*self.labels.values(), *self.synonyms)


class Vocabulary:
    """All concepts by section, with lookups that fold case, width and blanks.

    Sections are file names under `data/`: facilities, kinds, tiers, room_types, price_bands,
    brands.
    """

    def __init__(self, sections: Mapping[str, Mapping[str, Concept]], version: str) -> None:
        self.sections = sections
        self.version = version
        self._ids = {
            section: {
                fold(word): concept.id
                for concept in concepts.values()
                for word in (concept.id, *concept.words())
            }
            for section, concepts in sections.items()
        }
        self._closure = {
            section: {id: self._implied(concepts, id) for id in concepts}
            for section, concepts in sections.items()
        }

    @classmethod
    def load(cls, folder: Path = DATA) -> Vocabulary:
        """Read the data files.

        Raises:
            FailedPrecondition: A file is malformed, or a concept implies one that is not there.
        """
        return _load(folder)

    def section(self, name: str) -> Mapping[str, Concept]:
        """Return the concepts of a section by id; empty when there is no such file."""
        return self.sections.get(name, {})

    def find(self, section: str, word: str) -> str | None:
        """Return the id that the word names exactly, or `None`."""
        return self._ids.get(section, {}).get(fold(word))

    def canonical(self, section: str, word: str) -> str:
        """Return the id that the word names, or the folded word where nobody knows it."""
        return self.find(section, word) or fold(word)

    def closure(self, section: str, ids: Iterable[str]) -> frozenset[str]:
        """Return the ids and all that they imply. Unknown ids stay as they are."""
        table = self._closure.get(section, {})
        return frozenset(implied for id in ids for implied in table.get(id, (id,)))

    def label(self, section: str, id: str, language: str) -> str:
        """Return the display name in the language, else in English, else the id itself."""
        concept = self.section(section).get(id)
        if concept is None:
            return id
        wanted = "zh" if language.startswith("zh") else language
        return concept.labels.get(wanted) or concept.labels.get("en") or id

    @staticmethod
    def _implied(concepts: Mapping[str, Concept], id: str) -> frozenset[str]:
        seen: set[str] = set()
        open_ids = [id]
        while open_ids:
            current = open_ids.pop()
            if current not in seen:
                seen.add(current)
                open_ids.extend(concepts[current].implies)
        return frozenset(seen)


def fold(word: str) -> str:
    """Return the word in NFKC, case-folded, with single blanks and no blank between Han."""
    folded = " ".join(unicodedata.normalize("NFKC", word).casefold().split())
    return folded if folded.isascii() else folded.replace(" ", "")


@lru_cache(maxsize=4)
def _load(folder: Path) -> Vocabulary:
    digest = hashlib.sha256()
    sections: dict[str, dict[str, Concept]] = {}
    for file in sorted(folder.glob("*.yaml")):
        raw = file.read_bytes()
        digest.update(file.name.encode() + raw)
        entries = yaml.safe_load(raw)
        if not isinstance(entries, dict):
            raise FailedPrecondition(f"vocabulary file {file.name} is not a map of concepts")
        concepts = {id: _concept(file.name, str(id), entry) for id, entry in entries.items()}
        for concept in concepts.values():
            for implied in concept.implies:
                if implied not in concepts:
                    raise FailedPrecondition(
                        f"vocabulary file {file.name}: {concept.id} implies unknown {implied}"
                    )
        sections[file.stem] = concepts
    return Vocabulary(sections, digest.hexdigest()[:12])


def _concept(file: str, id: str, entry: object) -> Concept:
    if not isinstance(entry, dict) or not isinstance(entry.get("labels"), dict):
        raise FailedPrecondition(f"vocabulary file {file}: {id} has no labels")
    unknown = set(entry) - {"labels", "synonyms", "implies", "needs"}
    if unknown:
        raise FailedPrecondition(f"vocabulary file {file}: {id} has unknown keys {unknown}")
    return Concept(
        id=id,
        labels={str(k): str(v) for k, v in entry["labels"].items()},
        synonyms=tuple(str(word) for word in entry.get("synonyms", ())),
        implies=tuple(str(word) for word in entry.get("implies", ())),
        needs=tuple(str(word) for word in entry.get("needs", ())),
    )
