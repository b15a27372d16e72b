"""Groups of clauses put together: or, unless, otherwise, if, cases; everything else is AND."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.plan.condition import All, Any, Condition, Field, Not
from services.plan.tree import conjuncts
from services.query_understanding.domain.clause import Clause, Group, deny, family, joined_by_or
from services.query_understanding.domain.mention import Atom

_CASE_FIELDS = frozenset({Field.DISTRICT, Field.TIER, Field.KIND, Field.BRAND, Field.PRICE})


# "如果想住周边，那有没有…": the guest tells a plan and asks; nothing depends on anything.
_INTENT = re.compile(r"想|打算|准备|要住|要去")
_ASKS = re.compile(r"有没有|有哪些|有什么|有啥|哪家|推荐|吗|[?？]")


@dataclass(frozen=True, slots=True)
class Part:
    """A conjunct of the condition, or a wish, with the atoms it came from.

    Attributes:
        strength: "hard", "prefer" or "wish".
        widens: It will do as well as what is in force: "海淀也可以".
    """

    condition: Condition
    atoms: tuple[Atom, ...]
    strength: str = "hard"
    widens: bool = False


def assemble(cut: list[Clause], made: list[list[Group]], text: str) -> list[Part]:
    """Put the clauses together: or, unless, otherwise, if, cases; everything else is AND."""
    parts: list[Part] = []
    cases = _cases(cut, made)
    handled: set[int] = set()
    if cases is not None:
        part, handled = cases
        parts.append(part)
    # The parts that the clause before gave: what "or", "unless", "otherwise" set against.
    last: list[Part] = []
    premise: Part | None = None
    for index, clause in enumerate(cut):
        if index in handled or not made[index]:
            continue
        own = _clause_parts(clause, made[index])
        starts_or = clause.begins_with("or") or (
            clause.begins_with("either_open") and last and any(
                c.begins_with("either_open") for c in cut[:index]
            )
        )  # fmt: skip
        if last and (clause.begins_with("unless") or clause.begins_with("else") or starts_or):
            for part in last:
                parts.remove(part)
            joined = _either(last, own)
            parts.append(joined)
            last, premise = [joined], None
            continue
        if premise is not None and own and not clause.has("if", "if_close"):
            parts.remove(premise)
            if not _is_conditional(cut, index, text):
                parts.append(premise)
                parts += own
                last, premise = own, None
                continue
            implied = _implication(cut, made, index, premise, own)
            parts.append(implied)
            last, premise = [implied], None
            continue
        parts += own
        last = own
        conditional = clause.has("if", "if_close") and clause.strength == "hard"
        consequent = index + 1 < len(cut) and not clause.strong_end
        if conditional and len(own) == 1 and consequent and _has_consequence(cut, made, index):
            premise = own[0]
    return parts


def _is_conditional(cut: list[Clause], index: int, text: str) -> bool:
    """Tell a condition from a way of asking: "如果住故宫附近，有没有早餐" only asks."""
    premise = text[cut[index - 1].start : cut[index - 1].end]
    consequence = text[cut[index].start : cut[index].end].lstrip()
    otherwise = index + 1 < len(cut) and cut[index + 1].begins_with("else")
    if not otherwise and _INTENT.search(premise) and _ASKS.search(consequence):
        return False
    return (
        otherwise
        or consequence.startswith(("那", "就", "得", "则", "then"))
        or any(word in premise for word in ("不", "没", "low", "not", "n't", "no ", "less"))
    )


def _has_consequence(cut: list[Clause], made: list[list[Group]], index: int) -> bool:
    following = cut[index + 1]
    return bool(made[index + 1]) and not following.has("if", "if_close")


def _implication(
    cut: list[Clause], made: list[list[Group]], index: int, premise: Part, own: list[Part]
) -> Part:
    """ "If P then Q": P fails or Q holds; with an "otherwise" after it, P and Q, or the other."""
    atoms = (*premise.atoms, *(atom for part in own for atom in part.atoms))
    consequence = _all([part.condition for part in own])
    otherwise = index + 1 < len(cut) and cut[index + 1].begins_with("else")
    if otherwise:
        return Part(All((premise.condition, consequence)), atoms)
    return Part(Any((deny(premise.condition), consequence)), atoms)


def _either(left: list[Part], right: list[Part]) -> Part:
    atoms = tuple(atom for part in (*left, *right) for atom in part.atoms)
    options: list[Condition] = []
    for side in (left, right):
        condition = _all([part.condition for part in side])
        options += condition.items if isinstance(condition, Any) else (condition,)
    return Part(Any(tuple(options)), atoms, (left + right)[0].strength)


def _clause_parts(clause: Clause, made: list[Group]) -> list[Part]:
    """Return the conjuncts of one clause; "or" inside joins the groups beside it."""
    if clause.has("if") and len(made) > 1 and not clause.has("else"):
        pass
    parts: list[Part] = []
    index = 0
    while index < len(made):
        options = [made[index]]
        while index + 1 < len(made) and joined_by_or(clause, made[index], made[index + 1]):
            index += 1
            options.append(made[index])
        atoms = tuple(atom for group in options for atom in group.atoms)
        condition = (
            options[0].condition if len(options) == 1
            else Any(tuple(group.condition for group in options))
        )  # fmt: skip
        parts.append(Part(condition, atoms, clause.strength, clause.has("widen")))
        index += 1
    return parts


def _cases(cut: list[Clause], made: list[list[Group]]) -> tuple[Part, set[int]] | None:
    """Find a case split: clauses headed by different values of one field, with more said of one.

    "住海淀的话要能健身，住朝阳的话要能游泳" is two cases; "海淀，朝阳" is a list.
    """
    heads: dict[Field, list[int]] = {}
    for index, own in enumerate(made):
        if own and not own[0].negative and family(own[0].field) in _CASE_FIELDS:
            heads.setdefault(family(own[0].field), []).append(index)
    for indexes in heads.values():
        if len(indexes) < 2 or not _distinct_heads([made[i][0] for i in indexes]):
            continue
        members = {index: [index] for index in indexes}
        for position, index in enumerate(indexes):
            if len(made[index]) == 1 and not cut[index].strong_end and index + 1 < len(cut):
                following = index + 1
                limit = indexes[position + 1] if position + 1 < len(indexes) else len(cut)
                if following < limit and made[following] and not cut[following].after_but:
                    members[index].append(following)
        if not any(len(made[i]) > 1 or len(members[i]) > 1 for i in indexes):
            continue
        options: list[Condition] = []
        atoms: list[Atom] = []
        handled: set[int] = set()
        for index in indexes:
            inner: list[Condition] = []
            for member in members[index]:
                handled.add(member)
                for part in _clause_parts(cut[member], made[member]):
                    inner += conjuncts(part.condition)
                    atoms += part.atoms
            options.append(_all(inner))
        return Part(Any(tuple(options)), tuple(atoms)), handled
    return None


def _distinct_heads(heads: list[Group]) -> bool:
    return all(
        _bare(left.condition) != _bare(right.condition)
        for at, left in enumerate(heads)
        for right in heads[at + 1 :]
    )


def _bare(condition: Condition) -> object:
    leaf = condition.item if isinstance(condition, Not) else condition
    return tuple(
        getattr(leaf, name) for name in ("field", "values", "min", "max") if hasattr(leaf, name)
    )


def _all(conditions: Sequence[Condition]) -> Condition:
    flat = [item for condition in conditions for item in conjuncts(condition)]
    return flat[0] if len(flat) == 1 else All(tuple(flat))
