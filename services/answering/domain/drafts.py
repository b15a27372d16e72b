"""What a model is told of hotels, and from what it wrote back to sentences with citations.

Nothing that it wrote is trusted here: whether a sentence holds is the verifier's to say.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from services.answering.domain.answer import AnswerTask, Citation, PlaceDistance, Sentence
from services.answering.domain.facts import FactTeller
from services.answering.domain.plain_text import plain_text
from services.answering.domain.realiser import phrases_for
from services.answering.domain.record import HotelRecord
from services.plan.condition import Field
from services.text.fold import Folded, fold, fold_text
from services.vocabulary import Vocabulary

MAX_CHARACTERS = 400
"""Longest sentence that is read; what is behind it is cut."""

# What a guest wants to know of a hotel; never its description, which anybody may have written.
_FIELDS = (
    *(Field.PRICE, Field.GUEST_RATING, Field.REVIEW_COUNT, Field.STAR_RATING, Field.TIER),
    *(Field.BRAND, Field.CITY, Field.DISTRICT, Field.ADDRESS, Field.TRANSPORT, Field.PHONE),
    *(Field.FACILITY, Field.ROOM_TYPE, Field.NEARBY, Field.AVAILABLE),
)
# Values that are numbers, and a word of which one is in a sentence that tells them.
_NUMBERS = {
    Field.PRICE: "",
    Field.GUEST_RATING: "评|分|rat|score",
    Field.REVIEW_COUNT: "评|review",
    Field.STAR_RATING: "星|star",
}
# A branch in brackets, which short names leave out.
_BRANCH = re.compile(r"\s*[(（][^()（）]*[)）]")
_TAG = re.compile(r"\s*\[(\d{1,3})\]")
_LIST_MARK = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)、])\s+")
_CLOSERS = r"[”’」』）)\"']*(?:\s*\[\d+\])*"
# A full stop ends a sentence behind a word, not behind an abbreviation such as "St.".
_SENTENCE = re.compile(
    rf".+?(?:[。！？]{_CLOSERS}|(?:[^\W\d_]{{3}}|\d|\])[.!?]{_CLOSERS}(?=\s+[A-Z])|$)\s*"
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of a hotel's record.

    Attributes:
        field: The field.
        value: As citations give it.
        words: Any of these in a sentence tells it.
        asked: A facility's id, the place of a distance.
    """

    field: Field
    value: str
    words: tuple[str, ...]
    asked: str = ""


class DraftReader:
    """Reads what a model writes about the hotels of one task.

    Attributes:
        facts: What is known of each hotel, in the order of the task's records.
    """

    def __init__(self, task: AnswerTask, vocabulary: Vocabulary) -> None:
        self._records = task.records()
        self._vocabulary = vocabulary
        self._teller = FactTeller(phrases_for(task.language), vocabulary)
        distances = task.distances()
        self.facts = [
            list(self._facts(record, distances[position] if distances else ()))
            for position, record in enumerate(self._records)
        ]

    def sentences(self, line: str) -> Iterator[Sentence]:
        """Yield the sentences of one line, plain, with what each rests on.

        A hotel is cited when its number stands behind the sentence, `[1]` being the first record,
        or its name in it; with each value of its record that the sentence repeats.
        """
        for match in _SENTENCE.finditer(_LIST_MARK.sub("", line)):
            tagged = {int(number) - 1 for number in _TAG.findall(match[0])}
            text = plain_text(_TAG.sub("", match[0]), limit=MAX_CHARACTERS)
            if any(character.isalnum() for character in text):
                yield Sentence(text, tuple(self._citations(text, tagged)))

    def _citations(self, text: str, tagged: Collection[int]) -> Iterator[Citation]:
        folded = fold(text)
        for position, record in enumerate(self._records):
            found = [
                Citation(record.hotel_id, fact.field, claim, (fact.value,), fact.asked)
                for fact in self.facts[position]
                if (claim := _claim(text, folded, fact))
            ]
            named = any(citation.field is Field.NAME for citation in found)
            if position in tagged and not named:
                yield Citation(record.hotel_id, Field.NAME, text, (record.names[0].text,))
            if position in tagged or named:
                yield from found

    def _facts(self, record: HotelRecord, distances: Sequence[PlaceDistance]) -> Iterator[Fact]:
        names = [name.text for name in record.names]
        short = [_BRANCH.sub("", name) for name in names]
        words = tuple(name for name in (*names, *short) if name)
        yield Fact(Field.NAME, record.name(self._teller.phrases.language), words)
        for field in _FIELDS:
            for told in self._teller.tell_if_known(record, field):
                for value in told.citation.values:
                    told_by = value.partition(" ")[0] if field in _NUMBERS else value
                    yield Fact(field, value, (told_by,), self._asked(field, value))
        for distance in distances:
            value = f"{distance.distance_km:.1f} km"
            yield Fact(Field.DISTANCE, value, (distance.place_name,), distance.place_name)

    def _asked(self, field: Field, value: str) -> str:
        if field is not Field.FACILITY:
            return ""
        return self._vocabulary.find("facilities", value) or ""


def _claim(text: str, folded: Folded, fact: Fact) -> str:
    """Return the words of the text that tell the fact, "" when there are none."""
    about = _NUMBERS.get(fact.field)
    if about and not re.search(about, folded.text):
        return ""
    for words in fact.words:
        pattern = re.escape(fold_text(words))
        if about is not None:
            pattern = rf"(?<![\d.]){pattern}(?!\d|\.\d)"
        if match := re.search(pattern, folded.text):
            first, last = folded.span(*match.span())
            return text[first:last]
    return ""
