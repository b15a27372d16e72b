"""Clauses to one condition: choices, exceptions, case splits, wishes, what is waived or dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.plan.condition import All, Any, Condition, Field, Not
from services.plan.tree import conjuncts
from services.query_understanding.domain.clause import (
    Clause,
    Group,
    clauses,
    deny,
    family,
    groups,
    joined_by_or,
    negate_atoms,
)
from services.query_understanding.domain.mention import Atom, Item

_FIELD_WORDS = {
    "field_price": Field.PRICE,
    "field_rating": Field.GUEST_RATING,
    "field_star": Field.STAR_RATING,
    "field_tier": Field.TIER,
    "field_district": Field.DISTRICT,
    "field_kind": Field.KIND,
    "field_room_type": Field.ROOM_TYPE,
    "field_distance": Field.DISTANCE,
    "field_brand": Field.BRAND,
    "field_facility": Field.FACILITY,
}
# "再往上免谈", "别的区不谈": what is denied is not what was said before.
_ELSEWHERE = (
    "再往上",
    "再高",
    "更贵",
    "更高",
    "再贵",
    "别的",
    "其他",
    "其它",
    "剩下",
    "others",
    "else",
)
_CASE_FIELDS = frozenset({Field.DISTRICT, Field.TIER, Field.KIND, Field.BRAND, Field.PRICE})


@dataclass(frozen=True, slots=True)
class Part:
    """A conjunct of the condition, or a wish, with the atoms it came from."""

    condition: Condition
    atoms: tuple[Atom, ...]
    strength: str = "hard"


@dataclass(slots=True)
class Composed:
    """What an utterance says about the hotels wanted.

    Attributes:
        parts: Conjuncts and wishes in the order of the words.
        dropped: Atoms the guest takes back.
        waived: Fields the guest does not care about.
        keep: The rest of the last plan is to stand, in so many words.
        corrected: The words correct themselves or the turn before.
    """

    parts: list[Part] = field(default_factory=list)
    dropped: list[Atom] = field(default_factory=list)
    waived: list[Field] = field(default_factory=list)
    waived_all: bool = False
    keep: bool = False
    corrected: bool = False


def compose(items: Sequence[Item], text: str, *, in_force: frozenset[Field]) -> Composed:
    """Compose the condition of one utterance.

    Args:
        items: Mentions and breaks in order.
        text: The folded text they lie in.
        in_force: Fields that the plan in force constrains: what can be dropped.
    """
    cut = clauses(items, len(text))
    result = Composed()
    for clause in cut:
        negate_atoms(clause, text)
    _correct(cut, result, text)
    _backward_controls(cut, result, text, in_force)
    _strengths(cut)
    made = [_part_groups(clause) for clause in cut]
    _one_of_before(cut, made)
    _join_lists(cut, made)
    result.parts = _assemble(cut, made, text)
    result.keep = any(clause.has("keep") for clause in cut)
    return result


# --- what reaches back over a clause ------------------------------------------------------------------
def _correct(cut: list[Clause], result: Composed, text: str) -> None:
    """After "不对" a value of the same field said before is gone: "四星不对五星的"."""
    for index, clause in enumerate(cut):
        for cue in clause.cues:
            if cue.name != "correct":
                continue
            result.corrected = True
            later = [a for a in clause.atoms if a.start >= cue.end]
            for following in cut[index + 1 :]:
                later += following.atoms
            fields = {family(atom.field) for atom in later if atom.field is not Field.FACILITY}
            for earlier in cut[: index + 1]:
                keep = [
                    i for i, a in enumerate(earlier.atoms)
                    if a.end > cue.start or family(a.field) not in fields
                ]  # fmt: skip
                earlier.atoms = [earlier.atoms[i] for i in keep]
                earlier.negative = [earlier.negative[i] for i in keep]


def _backward_controls(
    cut: list[Clause], result: Composed, text: str, in_force: frozenset[Field]
) -> None:
    for index, clause in enumerate(cut):
        before = _last_with_atoms(cut, index)
        if clause.has("not_these") and before is not None:
            for at, atom in enumerate(before.atoms):
                if atom.field is Field.FACILITY:
                    before.negative[at] = True
        if not clause.atoms and clause.has("not_after") and not clause.has("concede", "waive"):
            alone = not _field_words(clause)
            words = text[clause.start : clause.end]
            if (
                before is not None and alone and cut[index - 1] is before
                and not before.strong_end and not clause.has("drop")
                and not any(word in words for word in _ELSEWHERE)
            ):  # fmt: skip
                before.negative = [
                    value if atom.implied else not value
                    for value, atom in zip(before.negative, before.atoms, strict=True)
                ]
        _drop_and_waive(clause, result, text, in_force, first=index == 0)


def _drop_and_waive(
    clause: Clause, result: Composed, text: str, in_force: frozenset[Field], *, first: bool
) -> None:
    named = _field_words(clause)
    if clause.has("drop") and not clause.has("concede"):
        dropping = [c for c in clause.cues if c.name == "drop"]
        gone = [
            a for a in clause.atoms
            if family(a.field) in {family(f) for f in in_force} or clause.begins_with("drop")
            or any(c.end <= a.start for c in dropping)
        ]  # fmt: skip
        if gone:
            result.dropped += gone
            keep = [i for i, a in enumerate(clause.atoms) if a not in gone]
            clause.atoms = [clause.atoms[i] for i in keep]
            clause.negative = [clause.negative[i] for i in keep]
    if not clause.has("waive"):
        return
    waiving = [c for c in clause.cues if c.name == "waive"]
    if clause.atoms:
        # "住哪个区随便": the word waived is a field's name; "五星三星都行" is a choice.
        for cue in waiving:
            near = [
                f for w, f in named if abs(w.start - cue.end) < 24 or abs(cue.start - w.end) < 8
            ]
            result.waived += [f for f in near if f not in {a.field for a in clause.atoms}]
            for atom in list(clause.atoms):
                if cue.end <= atom.start <= cue.end + 16 and text[cue.end : atom.start].strip(
                    " "
                ) in (
                    "about",
                    "about the",
                    "about having",
                    "if it has",
                    "either about",
                    "whether it has",
                    "if there is",
                    "what",
                    "about a",
                ):
                    result.dropped.append(atom)
                    at = clause.atoms.index(atom)
                    del clause.atoms[at], clause.negative[at]
        return
    if named:
        result.waived += [f for _, f in named]
    else:
        result.waived_all = True


def _field_words(clause: Clause) -> list[tuple[Item, Field]]:
    return [(cue, _FIELD_WORDS[cue.name]) for cue in clause.cues if cue.name in _FIELD_WORDS]


def _last_with_atoms(cut: list[Clause], index: int) -> Clause | None:
    return next((clause for clause in reversed(cut[:index]) if clause.atoms), None)


# --- strength -------------------------------------------------------------------------------------
def _strengths(cut: list[Clause]) -> None:
    """Decide what is hard: a mild "最好" is a wish only beside something firmer."""
    firm = any(clause.has("must") and clause.atoms for clause in cut) or any(
        clause.has("must") and not clause.atoms for clause in cut
    )
    for index, clause in enumerate(cut):
        before = _last_with_atoms(cut, index)
        clause.said_must = clause.has("must")
        if clause.has("wish"):
            target = clause if clause.atoms else before
            if target is not None:
                target.strength = "wish"
        elif clause.has("prefer") and not clause.said_must and clause.strength == "hard":
            clause.strength = "wish" if firm else "prefer"
        if clause.has("concede"):
            mild = [earlier for earlier in cut[:index] if earlier.strength == "prefer"]
            if mild and not clause.atoms:
                for earlier in mild:
                    earlier.strength = "wish"
                continue
            target = clause if clause.atoms else before
            if target is not None and not target.said_must:
                target.strength = "wish"


# --- groups over clauses -----------------------------------------------------------------------------
def _part_groups(clause: Clause) -> list[Group]:
    return groups(clause)


def _one_of_before(cut: list[Clause], made: list[list[Group]]) -> None:
    """ "棋牌室、桑拿，哪家有其中一样": the list before the words is the choice."""
    for index, clause in enumerate(cut):
        if not clause.has("one_of") or clause.has("all_of"):
            continue
        own = [g for g in made[index] if len(g.atoms) > 1 and not g.negative]
        if own:
            continue
        for earlier in range(index - 1, -1, -1):
            several = [
                g for g in made[earlier]
                if len(g.atoms) > 1 and g.field in (Field.FACILITY, Field.ROOM_TYPE)
            ]  # fmt: skip
            if several:
                several[-1].remake(choice=True)
                break
            if made[earlier]:
                break


def _join_lists(cut: list[Clause], made: list[list[Group]]) -> None:
    """Join a list that commas cut: "Chaoyang, Dongcheng, doesn't matter which"."""
    for index in range(len(cut) - 1, 0, -1):
        here, before = made[index], made[index - 1]
        if not here or not before:
            continue
        first, last = here[0], before[-1]
        if (
            first.field is last.field
            and first.negative is last.negative
            and not cut[index - 1].strong_end
            and cut[index - 1].strength == cut[index].strength
            and cut[index - 1].said_must == cut[index].said_must
            and len(here) == 1
            and len(before) == 1
            and first.field not in (Field.PRICE, Field.GUEST_RATING)
        ):
            choice = cut[index].begins_with("or") or last.choice or first.choice
            choice = choice or cut[index].has("one_of")
            last.atoms = last.atoms + first.atoms
            last.remake(choice=choice)
            cut[index - 1].cues += cut[index].cues
            made[index] = []


# --- assembling --------------------------------------------------------------------------------------
def _assemble(cut: list[Clause], made: list[list[Group]], text: str) -> list[Part]:
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
        parts.append(Part(condition, atoms, clause.strength))
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
