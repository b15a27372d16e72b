"""The verifier's words: what phrases of an answer do, from data files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from services.platform.errors import FailedPrecondition
from services.text.fold import fold_text
from services.vocabulary import Vocabulary

DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True, slots=True)
class Scope:
    """Words that widen or narrow a facility: one of `ids` must be listed."""

    facility: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Phrases by what they do; all folded.

    Attributes:
        roles: Sections of the data file that a phrase stands in, the neutral one included.
        facilities: Facility ids that a phrase may mean.
        scopes: Scopes by phrase.
        tiers: Market level by phrase.
        kinds: Kind of house by phrase.
        free_ids: Facilities whose own words say that they are free.
        implied: Facility ids that each facility id implies, itself included.
        labels: For brands, room types and price bands the words of each id.
        name_words: Words of names and addresses that name no hotel by themselves.
        longest: Characters of the longest phrase.
    """

    roles: Mapping[str, frozenset[str]]
    facilities: Mapping[str, frozenset[str]]
    scopes: Mapping[str, Scope]
    tiers: Mapping[str, str]
    kinds: Mapping[str, str]
    free_ids: frozenset[str]
    implied: Mapping[str, frozenset[str]]
    labels: Mapping[str, tuple[str, ...]]
    name_words: frozenset[str]
    longest: int

    def known(self, phrase: str) -> bool:
        """Tell whether the phrase is in any section."""
        return (
            phrase in self.roles
            or phrase in self.facilities
            or phrase in self.scopes
            or phrase in self.tiers
            or phrase in self.kinds
        )


@lru_cache(maxsize=2)
def load(folder: Path = DATA) -> Lexicon:
    """Read the data files and the vocabulary.

    Raises:
        FailedPrecondition: A file is malformed, or a paraphrase names an unknown facility.
    """
    vocabulary = Vocabulary.load()
    sections = _read(folder / "lexicon.yaml")
    paraphrases = _read(folder / "paraphrases.yaml")
    name_words = frozenset(_fold(word) for word in sections.pop("name_words"))
    known = vocabulary.section("facilities")
    roles: dict[str, set[str]] = {}
    for section, phrases in sections.items():
        lists = phrases.values() if isinstance(phrases, dict) else [phrases]
        for phrase in (phrase for part in lists for phrase in part):
            if not isinstance(phrase, str):
                raise FailedPrecondition(f"lexicon section {section}: {phrase!r} is no text")
            roles.setdefault(_fold(phrase), set()).add(section)
    facilities: dict[str, set[str]] = {}
    for concept in known.values():
        for word in (*concept.words(), *concept.needs):
            facilities.setdefault(_fold(word), set()).add(concept.id)
    for id, words in paraphrases["words"].items():
        if id not in known:
            raise FailedPrecondition(f"paraphrases: {id} is no facility")
        for word in words:
            # The vocabulary's own reading of a word stands.
            facilities.setdefault(_fold(word), {id})
    scopes = {
        _fold(word): Scope(facility, tuple(scope["ids"]))
        for facility, several in paraphrases["scopes"].items()
        for scope in several
        for word in scope["words"]
    }
    tiers = _words(vocabulary, "tiers")
    kinds = _words(vocabulary, "kinds")
    phrases = [*roles, *facilities, *scopes, *tiers, *kinds]
    return Lexicon(
        roles={phrase: frozenset(names) for phrase, names in roles.items()},
        facilities={phrase: frozenset(ids) for phrase, ids in facilities.items()},
        scopes=scopes,
        tiers=tiers,
        kinds=kinds,
        free_ids=frozenset(c.id for c in known.values() if _says_free(c.labels)),
        implied={id: vocabulary.closure("facilities", [id]) for id in known},
        labels={
            concept.id: tuple(map(_fold, concept.words()))
            for section in ("brands", "room_types", "price_bands")
            for concept in vocabulary.section(section).values()
        },
        name_words=name_words,
        longest=max(map(len, phrases)),
    )


def _read(file: Path) -> Any:
    # BaseLoader keeps every scalar a string: "on" and "no" are words here, not booleans.
    return yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


def _words(vocabulary: Vocabulary, section: str) -> dict[str, str]:
    return {
        _fold(word): concept.id
        for concept in vocabulary.section(section).values()
        for word in concept.words()
    }


def _says_free(labels: Mapping[str, str]) -> bool:
    return "免费" in labels.get("zh", "") or labels.get("en", "").startswith("free ")


def _fold(phrase: str) -> str:
    return fold_text(phrase).strip()
