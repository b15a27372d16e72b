"""The template realiser: plain, correct sentences from records, without a model.

Every sentence carries a citation for each claim. What a record lacks is said to be missing from
the record; it is never said not to exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from services.answering.domain.answer import AnswerTask, Citation, Sentence, ShownHit
from services.answering.domain.evidence import Evidence
from services.answering.domain.facts import FactTeller, Told
from services.answering.domain.phrases import SECTIONS, Phrases, condition_words
from services.answering.domain.phrases_en import EnglishPhrases
from services.answering.domain.phrases_zh import ChinesePhrases
from services.answering.domain.plain_text import plain_text
from services.answering.domain.record import HotelRecord
from services.plan.condition import Condition, Field, Near, Term
from services.plan.query_plan import Outcome, Reason, RequestedFact, Trend
from services.plan.tree import conjuncts, leaves
from services.vocabulary import Vocabulary

HIT_SENTENCES = 3
"""Hits that get a sentence of their own."""
RELAXATIONS = 3
SHOWN = 5
"""Hotels that one question is answered for."""


def phrases_for(language: str) -> Phrases:
    """Return the words of the language; English for languages we do not write."""
    return ChinesePhrases() if language.startswith("zh") else EnglishPhrases()


@dataclass(frozen=True, slots=True)
class Realiser:
    """Writes one answer.

    Attributes:
        task: What is to be answered.
        vocabulary: Labels of ids.
    """

    task: AnswerTask
    vocabulary: Vocabulary

    def sentences(self) -> Iterator[Sentence]:
        """Yield the answer's sentences in reading order."""
        match self.task.plan.outcome:
            case Outcome.SEARCH if self.task.hits:
                yield from self._results()
            case Outcome.SEARCH:
                yield from self._no_match()
            case Outcome.ABOUT_SHOWN:
                yield from self._about_shown()
            case Outcome.CLARIFY:
                yield from (Sentence(text) for text in self._question())
            case Outcome.CHITCHAT:
                yield Sentence(self._talk())
            case Outcome.OUT_OF_DOMAIN:
                injected = self.task.plan.outcome_reason == Reason.PROMPT_INJECTION
                fixed = self._phrases.fixed
                yield Sentence(fixed.injection if injected else fixed.out_of_domain)

    def evidence(self) -> Evidence:
        """Return all that sentences of this answer may rest on."""
        task, fixed = self.task, self._phrases.fixed
        words = [self._words(part) for part in self._conditions()]
        for relaxation in task.relaxations:
            words.append(self._words(relaxation.condition))
            if relaxation.replacement is not None:
                words.append(self._words(relaxation.replacement))
        counts = {relaxation.match_count for relaxation in task.relaxations}
        if task.total_matches is not None:
            counts.add(task.total_matches)
        return Evidence(
            records=task.records(),
            request=task.text,
            distances=tuple(
                tuple((d.place_name, d.distance_km) for d in distances)
                for distances in task.distances()
            ),
            counts=frozenset(counts),
            asked=tuple(self._asked_words()),
            echoes=tuple(words),
            system=frozenset(
                [*self._question(), *(getattr(fixed, name) for name in fixed.__slots__)]
            ),
        )

    @property
    def _phrases(self) -> Phrases:
        return phrases_for(self.task.language)

    @property
    def _facts(self) -> FactTeller:
        return FactTeller(self._phrases, self.vocabulary)

    # --- a search --------------------------------------------------------------------------------
    def _results(self) -> Iterator[Sentence]:
        # Hotels left out turn by turn have the same words.
        asked = list(dict.fromkeys(self._words(part) for part in self._conditions()))
        yield Sentence(self._phrases.found(asked, self.task.total_matches))
        for hit in self.task.hits[:HIT_SENTENCES]:
            yield self._sentence(hit.record, self._hit(hit))

    def _hit(self, hit: ShownHit) -> Iterator[Told]:
        told = list(self._of_every_hit(hit))
        yield from told
        known = {(part.citation.field, part.citation.asked_value) for part in told}
        for fact in self.task.plan.requested_facts:
            if (fact.field, fact.value) not in known:
                yield from self._facts.tell(hit.record, fact)

    def _of_every_hit(self, hit: ShownHit) -> Iterator[Told]:
        record, facts = hit.record, self._facts
        yield from facts.tell(record, RequestedFact(Field.PRICE))
        if record.guest_rating is not None:
            yield from facts.tell(record, RequestedFact(Field.GUEST_RATING))
        for field in (Field.REVIEW_COUNT, Field.STAR_RATING, Field.TIER):
            yield from facts.tell_if_known(record, field)
        yield from facts.tell_facilities(record, self._asked_facilities())
        yield from facts.tell_listed(record, self._asked_places())
        for distance in hit.distances:
            yield facts.told_distance(record, distance)

    def _asked_facilities(self) -> list[str]:
        plan = self.task.plan
        wishes = [p.wish for p in plan.preferences if p.weight > 0]
        trees = [plan.condition, *(w for w in wishes if not isinstance(w, Trend))]
        return list(
            dict.fromkeys(
                value
                for tree in trees
                for leaf in leaves(tree)
                if isinstance(leaf, Term) and leaf.field is Field.FACILITY
                for value in leaf.values
            )
        )

    def _asked_words(self) -> list[str]:
        facts = self.task.plan.requested_facts
        asked = [fact.value for fact in facts if fact.field is Field.FACILITY and fact.value]
        section, language = SECTIONS[Field.FACILITY], self._phrases.language
        return [
            self.vocabulary.label(section, id, language)
            for id in (*asked, *self._asked_facilities())
        ]

    def _asked_places(self) -> frozenset[str]:
        return frozenset(
            place.name
            for leaf in leaves(self.task.plan.condition)
            if isinstance(leaf, Near)
            for place in leaf.listed
        )

    def _no_match(self) -> Iterator[Sentence]:
        phrases, task = self._phrases, self.task
        yield Sentence(phrases.no_match([self._words(part) for part in self._conditions()]))
        for relaxation in task.relaxations[:RELAXATIONS]:
            words, count = self._words(relaxation.condition), relaxation.match_count
            yield Sentence(
                phrases.dropping(words, count)
                if relaxation.replacement is None
                else phrases.replacing(words, self._words(relaxation.replacement), count)
            )
        if not task.relaxations:
            yield Sentence(phrases.fixed.try_relaxing)

    def _conditions(self) -> tuple[Condition, ...]:
        return conjuncts(self.task.plan.condition)

    def _words(self, condition: Condition) -> str:
        places = {p.id: p.called(self._phrases.language) for p in self.task.plan.places}
        words = condition_words(condition, self._phrases, places, self.vocabulary)
        return plain_text(words.translate(_NO_QUOTES))

    def _talk(self) -> str:
        fixed = self._phrases.fixed
        match self.task.plan.outcome_reason:
            case Reason.THANKS:
                return fixed.thanks
            case Reason.ACKNOWLEDGED:
                return fixed.acknowledged
            case Reason.FAREWELL:
                return fixed.farewell
            case _:
                return fixed.greeting

    # --- everything else -------------------------------------------------------------------------
    def _about_shown(self) -> Iterator[Sentence]:
        if not self.task.shown:
            yield Sentence(self._phrases.fixed.record_unread)
        for hit in self.task.shown[:SHOWN]:
            record, facts = hit.record, self._facts
            asked = self.task.plan.requested_facts
            told: list[Told] = []
            for fact in asked:
                if fact.field is Field.DISTANCE and hit.distances:
                    told.extend(facts.told_distance(record, d) for d in hit.distances)
                else:
                    told.extend(facts.tell(record, fact))
            if not asked:
                told.extend(facts.overview(record))
            yield self._sentence(record, iter(told))
        if self.task.plan.outcome_reason == Reason.PICKED:
            yield Sentence(self._phrases.fixed.cannot_book)
        if self.task.plan.outcome_reason == Reason.NOT_ON_RECORD:
            yield Sentence(self._phrases.fixed.not_on_record)
        yield from self._extremes()

    def _extremes(self) -> Iterator[Sentence]:
        """Say which of several hotels has the least and the most of what they are compared by."""
        shown = [hit.record for hit in self.task.shown[:SHOWN]]
        if self.task.plan.outcome_reason != Reason.COMPARED or len(shown) < 2:
            return
        for fact in self.task.plan.requested_facts:
            of = _COMPARED.get(fact.field)
            values = [of(record) if of is not None else None for record in shown]
            known = [(v, r) for v, r in zip(values, shown, strict=True) if v is not None]
            # Where one is not known, none is the cheapest.
            if len(known) < len(shown) or len({value for value, _ in known}) < len(shown):
                continue
            for least in (True, False):
                _, record = (min if least else max)(known, key=lambda entry: entry[0])
                part = self._facts.extreme(record, fact.field, least=least)
                if part is not None:
                    yield self._sentence(record, iter([part]))

    def _question(self) -> list[str]:
        clarification = self.task.plan.clarification
        if clarification is None:
            return [self._phrases.fixed.ask_again]
        question = plain_text(clarification.question, limit=400)
        options = [plain_text(option) for option in clarification.options]
        # Some planners put the options into the question already.
        missing = [option for option in options if option not in question]
        return [question, *([self._phrases.choices(options)] if missing else [])]

    def _sentence(self, record: HotelRecord, told: Iterator[Told]) -> Sentence:
        parts = list(told)
        name = record.name(self._phrases.language)
        text = self._phrases.sentence(name, [part.text for part in parts if part.text])
        named = Citation(record.hotel_id, Field.NAME, name, (name,))
        return Sentence(text, (named, *(part.citation for part in parts)))


_COMPARED: dict[Field, Callable[[HotelRecord], float | None]] = {
    Field.PRICE: lambda record: record.price,
    Field.GUEST_RATING: lambda record: record.guest_rating,
}
_NO_QUOTES = str.maketrans("", "", '"“”„«»「」『』《》')
