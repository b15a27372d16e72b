"""How a turn was read, for people who look into a plan: each word, what it was taken for, by what."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from services.plan.condition import Range, Span
from services.query_understanding.domain.cascade import Reading, Turn
from services.query_understanding.domain.catalog_names import CatalogLexicon
from services.query_understanding.domain.heads import Heads
from services.query_understanding.domain.lexemes import Lexemes
from services.query_understanding.domain.mention import Atom
from services.query_understanding.domain.places import read_places
from services.query_understanding.domain.proposal import Proposal
from services.query_understanding.domain.recognise import recognise
from services.query_understanding.domain.recognised import Recognised
from services.query_understanding.domain.turn_text import read


@dataclass(frozen=True, slots=True)
class WordReading:
    """Words with what they were taken for.

    Attributes:
        span: The guest's words.
        meaning: A field with its value, or what the words do to those around them.
        source: What knows them: "vocabulary", "need", "catalogue", "cues", "number", "place",
            "hotel name" or "model".
    """

    span: Span
    meaning: str
    source: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a turn was read.

    Attributes:
        words: In the order of the words.
        signs: What the gate told the outcome from, by the names of `Heads`.
        took_s: Seconds by step, in the order of the steps.
        refused: Proposals of models that were not taken up.
    """

    words: tuple[WordReading, ...]
    signs: tuple[str, ...]
    took_s: dict[str, float]
    refused: tuple[Proposal, ...] = ()


def explain(turn: Turn, reading: Reading) -> Explanation:
    """Read a turn step by step once more and keep what each step found."""
    took: dict[str, float] = {}
    start = time.perf_counter()

    def done(step: str) -> None:
        nonlocal start
        now = time.perf_counter()
        took[step] = now - start
        start = now

    folded = read(turn.text, turn.locale)
    done("fold")
    said = recognise(folded, turn.lexemes, turn.lexicon, hints=reading.hints)
    done("recognise")
    places = read_places(said, turn.lexicon, turn.before.city)
    done("places")
    heads = Heads(said, places, turn.before)
    done("heads")
    turn.read(reading.hints)
    took["whole turn"] = time.perf_counter() - start
    words = [*_conditions(said, reading, turn.lexemes, turn.lexicon), *_steering(said)]
    words += [WordReading(m.spans[0], m.name, "place") for _, _, m in places.named if m.spans]
    words += [
        WordReading(folded.span(hotel.start, hotel.end), hotel.name, "hotel name")
        for hotel in said.hotels
    ]
    signs = tuple(sorted(sign for sign, value in vars(heads).items() if value is True))
    return Explanation(
        tuple(sorted(words, key=lambda word: (word.span.start, word.span.end))),
        signs, took, reading.refused,
    )  # fmt: skip


def _conditions(
    said: Recognised, reading: Reading, lexemes: Lexemes, lexicon: CatalogLexicon
) -> Iterator[WordReading]:
    text = said.turn.text
    hinted = {hint.span for hint in reading.hints}
    worded = {(f.start, f.end): f.need for f in lexemes.find(text) if f.section != "cue"}
    named = {(name.start, name.end) for name in lexicon.find(text)}
    for atom in (*said.atoms, *said.bands):
        span, at = said.turn.span(atom.start, atom.end), (atom.start, atom.end)
        if span in hinted:
            source = "model"
        elif at in worded:
            source = "need" if worded[at] else "vocabulary"
        else:
            source = "catalogue" if at in named else "need" if atom.implied else "number"
        yield WordReading(span, _meaning(atom), source)


def _meaning(atom: Atom) -> str:
    value = atom.value
    if isinstance(atom.leaf, Range):
        low, high = atom.leaf.min, atom.leaf.max
        value = f"{'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'}"
    return f"{atom.field.value} {value}".strip()


def _steering(said: Recognised) -> Iterator[WordReading]:
    """Cues, those that share a stretch together."""
    classes: dict[tuple[int, int], list[str]] = {}
    for cue in said.cues:
        classes.setdefault((cue.start, cue.end), []).append(cue.name)
    for (start, end), names in classes.items():
        yield WordReading(said.turn.span(start, end), ", ".join(names), "cues")
