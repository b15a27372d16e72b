"""A turn as a change of the plan in force: the state machine of a conversation.

Each conjunct that a turn gives meets what is in force by the first row that fits. The words of the
left column are classes of `data/cues.yaml`; the delta carries the guest's own words.

| words | meets | change | delta |
|---|---|---|---|
| `new_request`, a noun of its own ("再帮我找一家…") | anything | the turn's own conditions, and the city | RESET |
| `restart` ("重新来") | anything | the turn's own conditions alone | RESET |
| `resume` ("最开始说的那个", "刚才成都那个") | an earlier plan | that plan stands again | RESUME |
| `drop` and a value ("早餐可以不要", "没有早餐也行") | its condition | it goes | DROP |
| `drop` and a field's name ("价格的要求去掉") | the field's conditions | they go | DROP |
| `waive` ("价格无所谓", "都行" to a question) | the field's conditions | they go and stay noted | WAIVE |
| `widen` and a value ("海淀也可以") | a denial of it | the denial goes | DROP |
| `widen` and a value | a condition of its field | either will do | RELAX |
| `correct` and a facility ("口误，是泳池", "换成…") | the facility asked for last | the new one instead | REPLACE |
| another city ("换成杭州") | places and districts of the one before | they go | DROP |
| a facility | the same denied, or the other way round | the new one instead | REPLACE |
| a facility, `not` a name or a brand | anything else | one condition more | ADD |
| a denied value ("不要静安了") | a choice with it | the rest of the choice | ADD |
| a bound from below ("at least 300") | one from above of the field, or the other way round | both | ADD |
| a wider bound ("放宽到八百") | a bound of the field | the new one instead | RELAX |
| a value of another field | a condition of that field | the new one instead | REPLACE |
| anything | nothing of its field | one condition more | ADD |

A denied district, city, kind, brand, level or number of stars leaves the others in force alone. Which plan is in force, and when a
request is a new one, `continuation.py` decides; what the words deny or waive, `compose.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from services.plan.condition import (
    All,
    Any,
    Condition,
    Field,
    Name,
    Near,
    Not,
    Range,
    Term,
)
from services.plan.query_plan import DeltaKind, PlanDelta, QueryPlan
from services.plan.tree import conjunction, conjuncts, leaves
from services.query_understanding.domain.assemble import Part
from services.query_understanding.domain.clause import family
from services.query_understanding.domain.compose import Composed
from services.query_understanding.domain.one_turn import alternatives

# "A homestay, not a hostel", "是北京不是上海": a denial leaves other values of these alone.
_DENIED_BESIDE = frozenset({Field.DISTRICT, Field.CITY, Field.KIND, Field.BRAND, Field.TIER})


def fields_of(condition: Condition | None) -> frozenset[Field]:
    """Return the fields that a condition speaks of, stars counted as market level."""
    return frozenset(family(field_of(leaf)) for leaf in leaves(condition))


def field_of(leaf: Condition) -> Field:
    """Return the field of a leaf."""
    match leaf:
        case Term(field=field) | Range(field=field):
            return field
        case Near():
            return Field.NEARBY
        case _:
            return Field.NAME


def last_added(plan: QueryPlan | None) -> Condition | None:
    """Return the facility that the last turn asked for: what a correction takes back."""
    if plan is None:
        return None
    for delta in reversed(plan.deltas):
        if delta.kind in (DeltaKind.ADD, DeltaKind.REPLACE) and delta.field is Field.FACILITY:
            return delta.node
    return None


def merge(
    before: Condition | None,
    parts: Sequence[Part],
    composed: Composed,
    corrected: Condition | None = None,
) -> tuple[Condition | None, list[PlanDelta]]:
    """Apply a turn's conditions, drops and waivers to those in force.

    Args:
        before: The condition in force, `None` for a fresh start.
        parts: The turn's hard conjuncts.
        composed: Its drops and waivers.
        corrected: The facility that a correction takes back.
    """
    held = list(conjuncts(before))
    deltas: list[PlanDelta] = []
    for atom in composed.dropped:
        held = _drop(held, atom.field, atom.leaf, deltas)
    for field in composed.dropped_fields:
        held = _drop_field(held, field, deltas)
    for field in composed.waived:
        held = [c for c in held if not _speaks_of(c, field)]
        deltas.append(PlanDelta(DeltaKind.WAIVE, field))
    if composed.corrected and any(fields_of(p.condition) == {Field.FACILITY} for p in parts):
        held = [c for c in held if corrected is None or not _same(c, corrected)]
    for part in parts:
        widened = _widen(held, part.condition, deltas) if part.widens else None
        if widened is not None:
            held = widened
            continue
        for condition in _one_by_one(part.condition):
            if _is_another_city(condition, held):
                held = _left_behind(held, deltas)
            held = _put(held, condition, deltas)
    return conjunction(tuple(held)), deltas


def _is_another_city(new: Condition, held: Sequence[Condition]) -> bool:
    """Tell whether a city is named and another one is in force."""
    if not (isinstance(new, Term) and new.field is Field.CITY):
        return False
    cities = [c for c in held if isinstance(c, Term) and c.field is Field.CITY]
    return any(city.values != new.values for city in cities)


def _left_behind(held: list[Condition], deltas: list[PlanDelta]) -> list[Condition]:
    """Drop what only the city before has: its places and its districts."""
    for field in (Field.NEARBY, Field.DISTRICT):
        held = _drop_field(held, field, deltas)
    return held


def _one_by_one(condition: Condition) -> tuple[Condition, ...]:
    """Take lists of facilities and of denials apart: each is said, repeated and dropped by itself."""
    parts = conjuncts(condition)
    apart = fields_of(condition) == {Field.FACILITY} or all(isinstance(p, Not) for p in parts)
    return parts if apart else (condition,)


def _widen(
    held: list[Condition], new: Condition, deltas: list[PlanDelta]
) -> list[Condition] | None:
    """Let a value do as well as what is held of its field, latest first; `None`: nothing is."""
    fields = fields_of(new)
    for index in range(len(held) - 1, -1, -1):
        old = held[index]
        if fields_of(old) != fields:
            continue
        rest = [*held[:index], *held[index + 1 :]]
        opposite = _opposite(new)
        if opposite is not None and _same(old, opposite):
            deltas.append(PlanDelta(DeltaKind.DROP, min(fields), old, new.spans))
            return rest
        options = (*alternatives(old), *(o for o in alternatives(new) if not _held(o, old)))
        wider = Any(tuple(options), (*old.spans, *new.spans))
        deltas.append(PlanDelta(DeltaKind.RELAX, min(fields), wider, new.spans))
        return [*held[:index], wider, *held[index + 1 :]]
    return None


def _held(option: Condition, old: Condition) -> bool:
    return any(_same(option, other) for other in alternatives(old))


def _speaks_of(condition: Condition, field: Field) -> bool:
    """Tell whether a condition is of a field alone; a price band is a price, a distance a place."""
    own = fields_of(condition)
    return own == {family(field)} or own == {_ALSO.get(field, family(field))}


_ALSO = {Field.PRICE: Field.PRICE_BAND, Field.DISTANCE: Field.NEARBY}


def _drop_field(held: list[Condition], field: Field, deltas: list[PlanDelta]) -> list[Condition]:
    gone = [c for c in held if _speaks_of(c, field)]
    deltas += [PlanDelta(DeltaKind.DROP, field, c) for c in gone]
    return [c for c in held if c not in gone]


def _drop(
    held: list[Condition], field: Field, leaf: Condition, deltas: list[PlanDelta]
) -> list[Condition]:
    kept: list[Condition] = []
    for condition in held:
        if field is Field.FACILITY and isinstance(leaf, Term):
            rest = _without(condition, leaf)
        else:
            of_field = fields_of(condition) == {family(field)}
            rest = _other_options(condition, leaf) if of_field else condition
        if rest != condition:
            gone = condition if rest is None or field is Field.FACILITY else leaf
            deltas.append(PlanDelta(DeltaKind.DROP, field, gone))
        if rest is not None:
            kept.append(rest)
    return kept


def _other_options(condition: Condition, leaf: Condition) -> Condition | None:
    """Return what is left of a choice without one of its options, `None` of anything else."""
    options = alternatives(condition)
    left = tuple(option for option in options if not _same(option, leaf))
    if not left or len(left) == len(options):
        return None
    return left[0] if len(left) == 1 else Any(left)


def _without(condition: Condition, leaf: Term) -> Condition | None:
    """Return a condition without a facility and what is narrower in name ("室内泳池" for "泳池")."""
    match condition:
        case Term(field=Field.FACILITY, values=values):
            same = any(v == w or v.endswith(f"_{w}") for v in values for w in leaf.values)
            return None if same else condition
        case Any(items=items):
            left = tuple(rest for item in items if (rest := _without(item, leaf)) is not None)
            return None if not left else left[0] if len(left) == 1 else Any(left)
        case _:
            return condition


def _put(held: list[Condition], new: Condition, deltas: list[PlanDelta]) -> list[Condition]:
    fields = fields_of(new)
    if fields == {Field.FACILITY}:
        clash = _opposite(new)
        kept = [
            c for c in held if not _same(c, new) and not (clash is not None and _same(c, clash))
        ]
        kind = DeltaKind.REPLACE if len(kept) < len(held) else DeltaKind.ADD
        deltas.append(PlanDelta(kind, Field.FACILITY, new, new.spans))
        return [*kept, new]
    if isinstance(new, Not) and fields in ({Field.HOTEL_ID}, {Field.NAME}, {Field.BRAND}):
        deltas.append(PlanDelta(DeltaKind.ADD, next(iter(fields)), new, new.spans))
        return [*held, new]
    narrowed = _narrowed(held, new)
    if narrowed is not None:
        deltas.append(PlanDelta(DeltaKind.ADD, min(fields), new, new.spans))
        return narrowed
    kept = [c for c in held if not _replaced(c, new, fields)]
    gone = [c for c in held if c not in kept]
    for field in sorted(fields):
        kind = DeltaKind.REPLACE if gone else DeltaKind.ADD
        if any(_looser(new, old) for old in gone):
            kind = DeltaKind.RELAX
        deltas.append(PlanDelta(kind, field, new, new.spans))
    return [*kept, new]


def _narrowed(held: list[Condition], new: Condition) -> list[Condition] | None:
    """Return what is held with one condition of it narrowed, `None` where nothing held can be.

    "不要静安了" leaves 浦东 of 浦东 or 静安; "at least 300" leaves 300 to 500 of up to 500.
    """
    for index, old in enumerate(held):
        if isinstance(new, Not) and isinstance(old, Any):
            rest = _other_options(old, new.item)
        elif isinstance(new, Range) and isinstance(old, Range) and new.field is old.field:
            rest = _between(old, new)
        else:
            rest = None
        if rest is not None:
            return [*held[:index], *held[index + 1 :], rest]
    return None


def _between(old: Range, new: Range) -> Range | None:
    """Return the bounds of both where one is from above, one from below and they can hold both."""
    low, high = (old, new) if new.min is None else (new, old)
    if low.min is None or low.max is not None or high.max is None or high.min is not None:
        return None
    if low.min >= high.max:
        return None
    spans = (*old.spans, *new.spans)
    return Range(new.field, low.min, high.max, low.min_exclusive, high.max_exclusive, spans)


def _looser(new: Condition, old: Condition) -> bool:
    """Tell whether every number that the old bounds let pass the new ones do too."""
    if not (isinstance(new, Range) and isinstance(old, Range) and new.field is old.field):
        return False
    low = float("-inf") if new.min is None else new.min
    high = float("inf") if new.max is None else new.max
    below = float("-inf") if old.min is None else old.min
    above = float("inf") if old.max is None else old.max
    return low <= below and above <= high and (low, high) != (below, above)


def _replaced(old: Condition, new: Condition, fields: frozenset[Field]) -> bool:
    own = fields_of(old)
    if not own or not own & fields:
        return False
    if (isinstance(old, Not) or isinstance(new, Not)) and own & _DENIED_BESIDE:
        alike = any(_same(one, other) for one in leaves(old) for other in leaves(new))
        return alike or bool(set(_values(old)) & set(_values(new)))
    return own <= fields


def _values(condition: Condition) -> Iterable[str]:
    for leaf in leaves(condition):
        if isinstance(leaf, Term):
            yield from leaf.values
        elif isinstance(leaf, Name):
            yield leaf.value


def _opposite(condition: Condition) -> Condition | None:
    match condition:
        case Not(item=item):
            return item
        case Term():
            return Not(condition)
        case _:
            return None


def _same(left: Condition, right: Condition) -> bool:
    match left, right:
        case (Not(item=a), Not(item=b)):
            return _same(a, b)
        case (Term(field=f, values=v), Term(field=g, values=w)):
            return f is g and v == w
        case (Range(), Range()):
            return replace(left, spans=()) == replace(right, spans=())
        case (All(items=a), All(items=b)) | (Any(items=a), Any(items=b)):
            return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
        case _:
            return False
