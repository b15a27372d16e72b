"""The words known from data files: vocabulary and cues, found in one pass over the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from operator import and_
from pathlib import Path
from typing import NamedTuple

import ahocorasick
import yaml

from services.platform.errors import FailedPrecondition
from services.query_understanding.domain.misspellings import Misspellings
from services.query_understanding.domain.pinyin_words import PinyinWords
from services.text.fold import fold_text
from services.vocabulary import Vocabulary

DATA = Path(__file__).parents[1] / "data"
_SECTIONS = (
    "facilities", "tiers", "kinds", "room_types", "price_bands", "brands", "districts",
    "cities",
)  # fmt: skip
# Sections whose words are read though mistyped; names of brands are like other names.
_MISSPELT = frozenset({"facilities", "tiers", "kinds", "price_bands", "cities"})
_GAP = re.compile(r"\s*\.\.\s*")
_GAP_REACH = 16
_LATIN_WORD = re.compile(r"[a-z]+")


class Found(NamedTuple):
    """A known word in the text: [start, end), its section of the vocabulary or "cue", its id.

    A tuple, because every turn makes dozens.
    """

    start: int
    end: int
    section: str
    id: str
    need: bool = False


class Lexemes:
    """Finds vocabulary words and cues. Built once; reading is pure."""

    def __init__(self, vocabulary: Vocabulary, cues: Mapping[str, Iterable[str]]) -> None:
        self.vocabulary = vocabulary
        self.version = vocabulary.version
        self._automaton = ahocorasick.Automaton()
        self._words: dict[str, dict[tuple[str, str], bool]] = {}
        self._patterns: list[tuple[re.Pattern[str], str, str]] = []
        # Their numbers by a part that a text must have: most texts need not be searched at all.
        self._patterns_with: dict[str, list[int]] = {}
        self._parts = ahocorasick.Automaton()
        for section in _SECTIONS:
            for concept in vocabulary.section(section).values():
                for word in concept.words():
                    self._add(word, section, concept.id, need=False)
                for need in concept.needs:
                    self._add_need(need, section, concept.id)
        for name, words in cues.items():
            for word in words:
                self._add(word, "cue", name, need=False)
        self._latin = _latin_words(self._words)
        self.everyday = _latin_words(
            word for word, payload in self._words.items()
            if any(section != "brands" for section, _ in payload)
        )  # fmt: skip
        """Latin words of the vocabulary, but for brands, and the cues: no names by themselves."""
        self._misspellings = Misspellings(
            word for word, payload in self._words.items()
            if any(
                section in _MISSPELT or id == "hotel_word"
                for (section, id), need in payload.items() if not need
            )
        )  # fmt: skip
        self._pinyin = PinyinWords(
            (word, tuple(payload.items())) for word, payload in self._words.items()
        )
        for word, payload in self._words.items():
            self._automaton.add_word(word, (len(word), tuple(payload.items())))
        self._automaton.make_automaton()
        for part, numbers in self._patterns_with.items():
            self._parts.add_word(part, tuple(numbers))
        self._parts.make_automaton()

    @classmethod
    def load(cls, vocabulary: Vocabulary, folder: Path = DATA) -> Lexemes:
        """Read the cue file beside the vocabulary.

        Raises:
            FailedPrecondition: The file is not a map of lists of words.
        """
        return _load(vocabulary, folder)

    def find(self, text: str) -> list[Found]:
        """Return every known word, overlaps included, in order of its end."""
        found: list[Found] = []
        inside = _inside(text)
        for last, (length, payload) in self._automaton.iter(text):
            start, end = last - length + 1, last + 1
            if inside[start] or inside[end]:
                continue
            for (section, id), need in payload:
                found.append(Found(start, end, section, id, need))
        for typed in _LATIN_WORD.finditer(text):
            if typed.group() in self._latin:
                continue
            meant = self._misspellings.meant(typed.group())
            for (section, id), need in (self._words[meant] if meant is not None else {}).items():
                found.append(Found(*typed.span(), section, id, need))
        for start, end, payload in self._pinyin.find(text):
            found += [Found(start, end, section, id, need) for (section, id), need in payload]
        for number in self._likely(text):
            pattern, section, id = self._patterns[number]
            match = pattern.search(text)
            if match is not None:
                found.append(Found(match.start(), match.end(), section, id, True))
        return found

    def _likely(self, text: str) -> list[int]:
        """Return the numbers of the patterns that a text has a part of, in order."""
        if not self._patterns:
            return []  # an automaton without words cannot be asked
        return sorted({number for _, numbers in self._parts.iter(text) for number in numbers})

    def _add(self, word: str, section: str, id: str, *, need: bool) -> None:
        folded = fold_text(word).strip()
        for form in _forms(folded, plural=section == "facilities" and not need):
            self._words.setdefault(form, {}).setdefault((section, id), need)

    def _add_need(self, need: str, section: str, id: str) -> None:
        parts = _GAP.split(need)
        if len(parts) == 1:
            self._add(need, section, id, need=True)
            return
        folded = [fold_text(part).strip() for part in parts]
        bounded_parts = [_escaped(part) for part in folded]
        reach = _GAP_REACH if not need.isascii() else 3 * _GAP_REACH
        gap = f"[^。!?;]{{0,{reach}}}?"
        pattern = re.compile(gap.join(bounded_parts))
        part = max(folded, key=len)
        self._patterns_with.setdefault(part, []).append(len(self._patterns))
        self._patterns.append((pattern, section, id))


def _latin_words(words: Iterable[str]) -> frozenset[str]:
    return frozenset(part for word in words for part in _LATIN_WORD.findall(word))


def bounded(text: str, start: int, end: int) -> bool:
    """Tell whether a Latin word or number stands alone there; Han needs no blank around it."""
    if start > 0 and is_latin(text[start]) and is_latin(text[start - 1]):
        return False
    return not (end < len(text) and is_latin(text[end - 1]) and is_latin(text[end]))


def _inside(text: str) -> list[bool]:
    """Tell for each place of a text, and its end, whether a Latin word or number goes on over it."""
    latin = [character.isascii() and character.isalnum() for character in text]
    return [False, *map(and_, latin, latin[1:]), False]


def is_latin(character: str) -> bool:
    """Tell whether a folded character is a Latin letter or a digit."""
    return character.isascii() and character.isalnum()


def _escaped(part: str) -> str:
    escaped = re.escape(part)
    return rf"(?<![a-z0-9]){escaped}(?![a-z0-9])" if part.isascii() else escaped


def _forms(word: str, *, plural: bool) -> Iterable[str]:
    yield word
    if " " in word and not word.isascii():
        yield word.replace(" ", "")
    spellings = [word]
    if "-" in word and word.isascii():
        spellings += [word.replace("-", " "), word.replace("-", "")]
        yield from spellings[1:]
    if plural and word.isascii() and word[-1:].isalpha() and not word.endswith("s"):
        yield from (spelling + "s" for spelling in spellings)


@lru_cache(maxsize=4)
def _load(vocabulary: Vocabulary, folder: Path) -> Lexemes:
    path = folder / "cues.yaml"
    # Every scalar stays text: "no" and "on" are words here, not booleans.
    raw = yaml.load(path.read_bytes(), Loader=yaml.BaseLoader)
    if not isinstance(raw, dict) or not all(isinstance(words, list) for words in raw.values()):
        raise FailedPrecondition("cues.yaml is not a map of lists of words")
    return Lexemes(vocabulary, raw)
