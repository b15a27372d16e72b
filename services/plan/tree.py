"""Walking and rebuilding condition trees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from services.plan.condition import All, Any, Condition, Leaf, Not


def leaves(condition: Condition | None) -> Iterator[Leaf]:
    """Yield the leaves from left to right."""
    match condition:
        case None:
            return
        case All(items=items) | Any(items=items):
            for item in items:
                yield from leaves(item)
        case Not(item=item):
            yield from leaves(item)
        case _:
            yield condition


def conjuncts(condition: Condition | None) -> tuple[Condition, ...]:
    """Return the conditions that must all hold, an AND within an AND taken apart too."""
    match condition:
        case None:
            return ()
        case All(items=items):
            return tuple(part for item in items for part in conjuncts(item))
        case _:
            return (condition,)


def conjunction(parts: tuple[Condition, ...]) -> Condition | None:
    """Return the AND of the parts: `None` for none, the part itself for one."""
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else All(parts)


def map_leaves(condition: Condition, change: Callable[[Leaf], Condition]) -> Condition:
    """Return the tree with every leaf replaced by what `change` makes of it."""
    match condition:
        case All(items=items) | Any(items=items):
            return replace(condition, items=tuple(map_leaves(item, change) for item in items))
        case Not(item=item):
            return replace(condition, item=map_leaves(item, change))
        case _:
            return change(condition)
