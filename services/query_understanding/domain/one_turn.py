"""What several parts of one turn say of one field, settled before it meets what is in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.plan.condition import Any, Condition, Field, Range
from services.query_understanding.domain.assemble import Part
from services.query_understanding.domain.clause import compatible, family


def of_one_turn(parts: Sequence[Part]) -> list[Part]:
    """Settle what several parts say of one field before they meet what is in force.

    "不一定要五星，四星也行": either will do. "300 to 500, ideally closer to 300": a milder word after
    a firm one is a wish. "三百到五百，不要超过五百": a further bound leaves the other side standing.
    """
    settled: list[Part] = []
    for part in parts:
        field = _only_field(part)
        at = next(
            (i for i in range(len(settled) - 1, -1, -1) if _only_field(settled[i]) is field), None
        )
        if field is None or at is None:
            settled.append(part)
            continue
        before = settled[at]
        if part.widens and before.strength == "wish" and part.strength != "wish":
            either = Any((before.condition, part.condition))
            settled.append(replace(part, condition=either, atoms=(*before.atoms, *part.atoms)))
        elif part.strength == "prefer" and before.strength == "hard" and _narrows(before, part):
            settled.append(replace(part, strength="wish"))
        elif part.strength == before.strength and (both := _bounds_of_both(before, part)):
            settled[at] = replace(part, condition=both, atoms=(*before.atoms, *part.atoms))
        else:
            settled.append(part)
    return settled


def _narrows(before: Part, after: Part) -> bool:
    """Tell whether what is preferred is among what was asked for."""
    old, new = before.condition, after.condition
    if isinstance(old, Range) and isinstance(new, Range):
        return old.field is new.field and compatible((old, new))
    return isinstance(old, Any) and all(option in old.items for option in alternatives(new))


def alternatives(condition: Condition) -> tuple[Condition, ...]:
    """Return the conditions of which one is enough: those of an OR, or the condition itself."""
    return condition.items if isinstance(condition, Any) else (condition,)


def _only_field(part: Part) -> Field | None:
    fields = {family(atom.field) for atom in part.atoms}
    return fields.pop() if len(fields) == 1 and Field.FACILITY not in fields else None


def _bounds_of_both(before: Part, after: Part) -> Range | None:
    """Return the later bounds with the earlier one on a side that they leave open."""
    old, new = before.condition, after.condition
    if not (isinstance(old, Range) and isinstance(new, Range)) or old.field is not new.field:
        return None
    low, high = (old if new.min is None else new), (old if new.max is None else new)
    if low is high or low.min is None or high.max is None or low.min > high.max:
        return None
    return Range(new.field, low.min, high.max, low.min_exclusive, high.max_exclusive)
