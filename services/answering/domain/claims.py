"""Reading the claims of a sentence, clause by clause, and checking each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from services.answering.domain.absence import MISSING
from services.answering.domain.clauses import Clause, Quantity, Subject
from services.answering.domain.comparisons import ComparisonReader
from services.answering.domain.evidence import Evidence
from services.answering.domain.lexicon import Lexicon
from services.answering.domain.mentions import folded
from services.answering.domain.numbers import agrees
from services.answering.domain.numerals import read_number
from services.answering.domain.subjects import SubjectReader, among
from services.answering.domain.tokens import Kind, Number, Token, Unit
from services.plan.condition import Field

Holds = Callable[[int], bool]

# Kinds of house that every guest calls a hotel.
_ANY_HOUSE = frozenset({"hotel", "guesthouse", "inn"})
_MODIFIERS = frozenset(
    {"approximate", "nearly", "below", "at_most", "above", "at_least", "just_over", "from"}
)
# A modifier that stands behind its number.
_BEHIND = frozenset({"左右", "上下", "以内", "之内", "以下", "以上", "出头", "起", "or so", "内"})
_NIGHTS = re.compile(
    r"(\d+|[一二两三四五六七八九十]+|one|two|three|four|five|six|seven) ?(?:晚|nights?)"
)
_AMOUNTS = re.compile(r"\d[\d,]*(?:\.\d+)?|[一二两三四五六七八九十百千万]{2,}")


class ClaimReader:
    """Reads sentences in order and gathers what does not hold in `problems`.

    Args:
        evidence: What the sentences may rest on.
        lexicon: The verifier's words.
        cited: The hotels that the writer says it speaks of, by position: they settle whom a
            name that several hotels share means.

    Attributes:
        problems: (start, end, why) in the folded sentence.
    """

    def __init__(
        self, evidence: Evidence, lexicon: Lexicon, cited: frozenset[int] = frozenset()
    ) -> None:
        self._evidence = evidence
        self._records = evidence.records
        self._lexicon = lexicon
        self._places = frozenset(folded(name) for name in evidence.places())
        self.problems: list[tuple[int, int, str]] = []

        self._subjects = SubjectReader(evidence, cited, self._fail)

    def read(self, clauses: Sequence[Clause]) -> None:
        """Check the clauses of one sentence."""
        self._subjects.begin()
        self._field: Field | None = None
        self._nights: float | None = None
        self._last_facility: Token | None = None
        comparisons = ComparisonReader(self._records, self._fail)
        for index, clause in enumerate(clauses):
            ahead = self._subjects.first_single(clauses[index:])
            self._clause(clause, ahead, comparisons, clauses[index:])
        comparisons.end()

    # --- one clause ------------------------------------------------------------------------------
    def _clause(
        self,
        clause: Clause,
        ahead: Subject | None,
        comparisons: ComparisonReader,
        rest: Sequence[Clause],
    ) -> None:
        against = comparisons.other_side(clause)
        budget = clause.has("budget") and clause.has("within", "at_most", "matching", "below")
        comparing = comparisons.compares(clause)
        for night in _numbers(clause, Unit.NIGHTS):
            assert night.number is not None
            self._nights = night.number.value if night.number.value != 1 else None
        for index, token in enumerate(clause.tokens):
            if token.kind is Kind.UNKNOWN:
                self._fail(token, "no cited record says this")
                continue
            if against is not None and token.start >= against.start:
                found = self._subjects.mention(token, clause, index)
                if found is not None:
                    comparisons.take_other(found)
                    continue
            found = self._subjects.mention(token, clause, index)
            if found is not None:
                if among(clause, index) and not found.single and self._subjects.current is not None:
                    self._subjects.scope = found
                    continue
                self._subjects.take(found)
                comparisons.take_subject(found)
                continue
            if "pronoun" in token.roles and self._subjects.current is None and ahead is not None:
                continue
            self._note_field(token)
            subject = self._subjects.current or ahead or self._subjects.everyone
            if token.number is not None:
                self._number(token, clause, index, subject, comparisons, budget, comparing)
            else:
                self._word(token, clause, subject)
        subject = self._subjects.current or ahead or self._subjects.everyone
        if budget:
            self._budget(clause, subject)
        self._missing(clause, subject)
        self._free_alone(clause, subject)
        comparisons.clause(
            clause, subject, self._subjects.scope, self._field, rest, self._subjects.first_single
        )

    # --- words -----------------------------------------------------------------------------------
    def _word(self, token: Token, clause: Clause, subject: Subject) -> None:
        if "wrong_unit" in token.roles:
            self._fail(token, "prices are per room and night")
        elif "week" in token.roles:
            self._nights = 7
        elif token.kind is Kind.VALUE:
            self._value(token, clause, subject)
        elif token.facilities and not self._is_place_word(token, clause):
            self._facility(token, clause, subject)
        elif token.tier and not self._is_budget(token, clause):
            self._check(token, clause, subject, lambda n: self._records[n].tier == token.tier)
        elif token.house and token.house not in _ANY_HOUSE and "neutral" not in token.roles:
            self._check(token, clause, subject, lambda n: self._is_house(n, token))
        elif "available" in token.roles:
            self._check(token, clause, subject, lambda n: self._records[n].available is True)
        elif "unavailable" in token.roles:
            self._check(token, clause, subject, lambda n: self._records[n].available is False)

    def _value(self, token: Token, clause: Clause, subject: Subject) -> None:
        # A place of the plan may be another hotel's station, district or name besides.
        place = token.field in (Field.DISTANCE, Field.NEARBY) or folded(token.text) in self._places
        if place and _numbers(clause, Unit.DISTANCE_KM):
            return  # the number is checked against the distance to it
        if token.field is Field.DISTANCE:
            if clause.has("near"):
                self._fail(token, "no record lists it as near")
            return

        def holds(n: int) -> bool:
            listed = bool(token.facilities & self._records[n].facility_ids())
            if clause.unlisted and token.facilities:
                return listed
            return n in token.hotels or listed

        self._check(token, clause, subject, holds)

    def _facility(self, token: Token, clause: Clause, subject: Subject) -> None:
        scopes = [
            t.scope for t in clause.tokens if t.scope and t.scope.facility in token.facilities
        ]
        if token.scope is not None and token.scope.facility not in token.facilities:
            return

        def listed(n: int) -> bool:
            held = self._records[n].facility_ids()
            if not all(any(id in held for id in scope.ids) for scope in scopes):
                return False
            if clause.has("free") and not self._free(token, held):
                return False
            if clause.has("paid") and not self._paid(token, held):
                return False
            return any(id in held for id in token.facilities)

        self._check(token, clause, subject, listed)

    def _free_alone(self, clause: Clause, subject: Subject) -> None:
        """Check "free" where no facility stands beside it: of the last one named, never a hotel."""
        named = [t for t in clause.tokens if t.facilities]
        self._last_facility = named[-1] if named else self._last_facility
        for token in clause.tokens:
            if "free" in token.roles and not named:
                what = self._last_facility

                def holds(n: int, what: Token | None = what) -> bool:
                    held = self._records[n].facility_ids()
                    return what is not None and self._free(what, held)

                self._check(token, clause, subject, holds)

    def _free(self, token: Token, held: frozenset[str]) -> bool:
        return any(
            id in self._lexicon.free_ids and bool(self._implied(id) & token.facilities)
            for id in held
        )

    def _paid(self, token: Token, held: frozenset[str]) -> bool:
        return any(
            id.startswith("paid_") and bool(self._implied(id) & token.facilities) for id in held
        )

    def _implied(self, id: str) -> frozenset[str]:
        return self._lexicon.implied.get(id, frozenset([id]))

    def _check(self, token: Token, clause: Clause, subject: Subject, holds: Holds) -> None:
        """Fail the token unless it holds for the subject under the clause's polarity."""
        if clause.unlisted:
            if any(holds(n) for n in subject.hotels):
                self._fail(token, "the record lists it")
            return
        if clause.denies(token):
            self._fail(token, "no record says that it is not so")
            return
        if not _true(subject, holds):
            self._fail(token, "not in the record of this hotel")
        elif clause.has("only") and subject.single:
            others = [n for n in self._subjects.scope.hotels if n not in subject.hotels]
            if any(holds(n) for n in others):
                self._fail(token, "another hotel shown has it too")

    def _missing(self, clause: Clause, subject: Subject) -> None:
        """Check "no price on record" and its like; "has no sights" is never supported."""
        if not clause.has("unlisted", "negation") or any(t.number for t in clause.tokens):
            return
        for token in clause.tokens:
            if token.facilities and not clause.has("near"):
                continue
            for role in token.roles & MISSING.keys():
                if not clause.unlisted and role in ("attraction_words", "restaurant_words"):
                    self._fail(token, "what is not on record is not known")
                elif not all(MISSING[role](self._records[n]) for n in subject.hotels):
                    self._fail(token, "the record has it")

    # --- numbers ---------------------------------------------------------------------------------
    def _number(
        self,
        token: Token,
        clause: Clause,
        index: int,
        subject: Subject,
        comparisons: ComparisonReader,
        budget: bool,
        comparing: bool,
    ) -> None:
        number = token.number
        assert number is not None
        unit = self._unit(number, clause)
        words = _modifiers(clause, index)
        if unit in (Unit.NIGHTS, Unit.HOTELS, Unit.ORDINAL):
            return
        if unit is Unit.BARE:
            if token.text != "一" and number.value not in self._evidence.counts:
                self._fail(token, "no record has this number")
            return
        if unit is Unit.DURATION:
            self._fail(token, "no record states times")
            return
        if budget and unit is Unit.PRICE:
            if number.value not in _amounts(self._evidence.request):
                self._fail(token, "the guest named no such budget")
            return
        if comparing and comparisons.difference(
            number, unit, subject, self._subjects.scope, self._budget_amount()
        ):
            return
        if clause.has("respectively"):
            subject = self._by_order(clause, token, unit) or subject
        elif any("versus" in t.roles for t in clause.tokens[max(0, index - 1) : index]):
            subject = comparisons.other or subject
        if clause.unlisted or clause.denies(token):
            self._fail(token, "the record does not say so")
        elif not _true(subject, lambda n: self._agrees(number, unit, n, words, clause)):
            self._fail(token, "not in the record of this hotel")

    def _agrees(
        self, number: Number, unit: Unit, n: int, words: frozenset[str], clause: Clause
    ) -> bool:
        record = self._records[n]
        match unit:
            case Unit.PRICE:
                currency = record.currency.casefold()
                if number.currency and number.currency != currency:
                    return False
                price = record.price
                nights = self._nights_meant(clause)
                if price is not None and nights is not None:
                    price *= nights
                return agrees(number, price, words)
            case Unit.RATING:
                return agrees(number, record.guest_rating, words - {"approximate", "nearly"})
            case Unit.STARS:
                return agrees(number, record.star_rating, frozenset())
            case Unit.REVIEWS:
                return agrees(number, record.review_count, words)
            case _:
                return any(abs(km - number.value) <= 0.05 + 1e-9 for km in self._km(n, clause))

    def _km(self, n: int, clause: Clause) -> list[float]:
        named = {token.text for token in clause.tokens if token.kind is Kind.VALUE}
        distances = self._evidence.distances[n] if n < len(self._evidence.distances) else ()
        known = [(folded(name), km) for name, km in distances]
        known += [
            (folded(place.name), place.distance_km)
            for place in self._records[n].nearby or ()
            if place.distance_km is not None
        ]
        return [km for name, km in known if any(text in name for text in named)]

    def _nights_meant(self, clause: Clause) -> float | None:
        if clause.has("total") and self._nights is None:
            match = _NIGHTS.search(folded(self._evidence.request))
            return None if match is None else read_number(match.group(1))
        if clause.has("per_night") and not clause.has("total"):
            return None
        return self._nights

    def _unit(self, number: Number, clause: Clause) -> Unit:
        if number.unit is not Unit.BARE:
            return number.unit
        if self._field is Field.GUEST_RATING and number.value <= 5:
            return Unit.RATING
        priced = self._field is Field.PRICE or number.more or clause.has(*_MODIFIERS)
        if clause.has("per_night") or (number.value >= 20 and priced):
            return Unit.PRICE
        return Unit.BARE

    def _by_order(self, clause: Clause, token: Token, unit: Unit) -> Subject | None:
        numbers = [t for t in clause.tokens if t.number and self._unit(t.number, clause) is unit]
        position = numbers.index(token) if token in numbers else -1
        order = (
            self._subjects.mentioned
            if len(self._subjects.mentioned) > 1
            else list(self._subjects.everyone.hotels)
        )
        if len(numbers) != len(order) or position < 0:
            return None
        return Subject((order[position],))

    def _budget(self, clause: Clause, subject: Subject) -> None:
        limit = self._budget_amount()
        stated = [t.number.value for t in clause.tokens if t.number and t.number.unit is Unit.PRICE]
        limit = stated[0] if stated else limit
        token = next(t for t in clause.tokens if "budget" in t.roles)

        def within(n: int) -> bool:
            price = self._records[n].price
            return price is not None and limit is not None and price <= limit

        if not _true(subject, within) or clause.has("negation"):
            self._fail(token, "the price on record is not within the guest's budget")

    def _budget_amount(self) -> float | None:
        amounts = [amount for amount in _amounts(self._evidence.request) if amount >= 20]
        return max(amounts, default=None)

    # --- small parts -----------------------------------------------------------------------------
    def _note_field(self, token: Token) -> None:
        if "rating_words" in token.roles:
            self._field = Field.GUEST_RATING
        elif "price_words" in token.roles or "per_night" in token.roles:
            self._field = Field.PRICE

    def _is_house(self, n: int, token: Token) -> bool:
        record = self._records[n]
        return record.kind == token.house or any(
            token.text in folded(name.text) for name in record.names
        )

    @staticmethod
    def _is_place_word(token: Token, clause: Clause) -> bool:
        return clause.has("near") and bool(token.roles & {"restaurant_words", "attraction_words"})

    @staticmethod
    def _is_budget(token: Token, clause: Clause) -> bool:
        return "budget" in token.roles and clause.has("within", "at_most", "matching", "below")

    def _fail(self, token: Token, why: str) -> None:
        self.problems.append((token.start, token.end, why))


def _true(subject: Subject, holds: Holds) -> bool:
    if not subject.hotels:
        return False
    match subject.quantity:
        case Quantity.ALL:
            return all(holds(n) for n in subject.hotels)
        case Quantity.SOME:
            return any(holds(n) for n in subject.hotels)
        case Quantity.EXACTLY:
            return sum(holds(n) for n in subject.hotels) == subject.count


def _numbers(clause: Clause, unit: Unit) -> list[Token]:
    return [t for t in clause.tokens if t.number is not None and t.number.unit is unit]


def _modifiers(clause: Clause, index: int) -> frozenset[str]:
    """Return the roles of the words that bend the number at `index`."""
    found: set[str] = set()
    for token in reversed(clause.tokens[max(0, index - 3) : index]):
        if token.number is not None:
            break
        if token.text not in _BEHIND and token.roles & _MODIFIERS:
            found |= token.roles & _MODIFIERS
            break
    for token in clause.tokens[index + 1 : index + 3]:
        if token.text in _BEHIND or "just_over" in token.roles:
            found |= token.roles & _MODIFIERS
        elif token.kind is not Kind.PHRASE or token.roles == {"neutral"}:
            break
    return frozenset(found)


def _amounts(request: str) -> list[float]:
    found = (read_number(match) for match in _AMOUNTS.findall(folded(request)))
    return [amount for amount in found if amount is not None]
