"""A turn as a change of the plan in force.

| the turn | what happens to the conditions in force |
|---|---|
| a new request ("再帮我找一家…") | RESET: only the turn's own conditions hold |
| a value for a field in force | REPLACE: the new value instead of the old |
| a facility, or a field not in force | ADD |
| "X 算了", "I don't need X" | DROP |
| "都行", "doesn't matter" | WAIVE: the field's condition goes, and stays noted |
| "最开始说的那个" | RESUME: an earlier plan stands again |
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.plan.condition import All, Any, Condition, Field, Name, Near, Not, Range, Term
from services.plan.query_plan import DeltaKind, PlanDelta
from services.plan.tree import conjunction, conjuncts, leaves
from services.query_understanding.domain.assemble import Part
from services.query_understanding.domain.clause import family
from services.query_understanding.domain.compose import Composed


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


def merge(
    before: Condition | None, parts: Sequence[Part], composed: Composed
) -> tuple[Condition | None, list[PlanDelta]]:
    """Apply a turn's conditions, drops and waivers to those in force.

    Args:
        before: The condition in force, `None` for a fresh start.
        parts: The turn's hard conjuncts.
        composed: Its drops and waivers.
    """
    held = list(conjuncts(before))
    deltas: list[PlanDelta] = []
    for atom in composed.dropped:
        held = _drop(held, atom.field, atom.leaf, deltas)
    for field in composed.waived:
        gone = [c for c in held if fields_of(c) == {family(field)}]
        held = [c for c in held if c not in gone]
        deltas.append(PlanDelta(DeltaKind.WAIVE, field))
    for part in parts:
        held = _put(held, part.condition, deltas)
    return conjunction(tuple(held)), deltas


def _drop(
    held: list[Condition], field: Field, leaf: Condition, deltas: list[PlanDelta]
) -> list[Condition]:
    kept: list[Condition] = []
    for condition in held:
        if field is Field.FACILITY and isinstance(leaf, Term):
            rest = _without(condition, leaf)
        else:
            rest = None if fields_of(condition) == {family(field)} else condition
        if rest is None:
            deltas.append(PlanDelta(DeltaKind.DROP, field, condition))
        else:
            kept.append(rest)
    return kept


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
    kept = [c for c in held if not _replaced(c, new, fields)]
    for field in sorted(fields):
        kind = DeltaKind.REPLACE if len(kept) < len(held) else DeltaKind.ADD
        deltas.append(PlanDelta(kind, field, new, new.spans))
    return [*kept, new]


def _replaced(old: Condition, new: Condition, fields: frozenset[Field]) -> bool:
    own = fields_of(old)
    if not own or not own & fields:
        return False
    if isinstance(old, Not) != isinstance(new, Not) and Field.DISTRICT in own:
        return bool(set(_values(old)) & set(_values(new)))
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
        case (All(items=a), All(items=b)) | (Any(items=a), Any(items=b)):
            return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
        case _:
            return False
