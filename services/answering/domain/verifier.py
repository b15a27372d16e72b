"""Whether a sentence follows from the cited records: deterministic, fail closed.

A sentence is cut into tokens (`tokens`) and clauses (`clauses`); every token that claims
something is checked against the records of the hotels its clause speaks of (`claims`). A word
that no record, no vocabulary and no lexicon explains is itself a problem.
"""

from __future__ import annotations

from collections.abc import Collection

from services.answering.domain import lexicon
from services.answering.domain.claims import ClaimReader
from services.answering.domain.clauses import sentences
from services.answering.domain.evidence import Evidence, Problem, Verdict
from services.answering.domain.mentions import Literals, folded, one_comma
from services.answering.domain.tokens import scan
from services.text.fold import fold


class Verifier:
    """Checks sentences against one answer's evidence."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._lexicon = lexicon.load()
        self._literals = Literals(
            evidence.records,
            echoes=evidence.echoes,
            places=evidence.places(),
            asked=evidence.asked,
            lexicon=self._lexicon,
        )
        self._system = frozenset(folded(text) for text in evidence.system)

    def verify(self, sentence: str, *, hotel_ids: Collection[str] = ()) -> Verdict:
        """Tell whether every claim of the sentence follows from the evidence.

        Args:
            sentence: One sentence or a few.
            hotel_ids: Hotels that its citations name; they only settle whom a name means that
                several of the hotels share.
        """
        if folded(sentence) in self._system:
            return Verdict()
        text = fold(one_comma(sentence))
        reader = ClaimReader(self._evidence, self._lexicon, self._positions(hotel_ids))
        for clauses in sentences(scan(text.text, lexicon=self._lexicon, literals=self._literals)):
            reader.read(clauses)
        problems = []
        for start, end, why in reader.problems:
            first, last = text.span(start, end)
            problems.append(Problem(sentence[first:last], why))
        return Verdict(tuple(problems))

    def _positions(self, hotel_ids: Collection[str]) -> frozenset[int]:
        records = enumerate(self._evidence.records)
        return frozenset(n for n, record in records if record.hotel_id in hotel_ids)
