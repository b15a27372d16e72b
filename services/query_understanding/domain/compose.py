"""Clauses to one condition: choices, exceptions, case splits, wishes, what is waived or dropped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from services.plan.condition import Field, Near, Term
from services.query_understanding.domain.assemble import Part, assemble
from services.query_understanding.domain.clause import (
    Clause,
    Group,
    clauses,
    family,
    groups,
    negate_atoms,
)
from services.query_understanding.domain.mention import Atom, Item
from services.query_understanding.domain.one_turn import of_one_turn

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
# "五星三星都行" is a choice; these words leave none.
_MATTERS_NOT = re.compile(
    r"无所谓|不重要|不在乎|没关系|不介意|不讲究|没要求|没有要求|(?:is(?:n't| not)|are(?:n't| not)|not) (?:that |very )?important"
    r"|do(?:es)?(?:n't| not| n't)(?: really)? matter|makes no difference"
)
_BETWEEN_SUBJECT = re.compile(
    r"\s*(?:有没有|有无|带不带|含不含|在不在|近不近|远不远|远近|近|远|什么的|这些|倒是|倒|都|也|就|我|我们|的话|,)*\s*"
)
# Characters between what is dropped and the words that drop it.
_SUBJECT_REACH = 2
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


_OR_ELSE = re.compile(r"(?:or\b|或者|或是|或)(?! (?:else|not|maybe not))")
_NOT_NEEDED = re.compile(
    r"\bno [a-z -]{2,24}? (?:is |are )?(?:needed|required|necessary)\b"
    r"|\bwithout [a-z -]{2,24}? (?:is|would be) (?:fine|ok|okay|alright|good)\b"
)
_TO_BE = re.compile(r" be$")
_FREE = re.compile(r"free|免费")
_NO_LONGER = re.compile(
    r"不(?:想)?(?:要|用|需要|考虑)[^,，。]{1,12}了|\b(?:any ?more|any longer|after all|no longer)\b"
)
# What may follow a refusal that ends its clause: in "不要太吵" it has an object of its own.
_NOTHING_MORE = re.compile(
    r"[的了啊吧呢哦哈呀嘛啦哟噢呗哒谢好就行都\s]*"
    r"(?:(?:please|thanks|thank you|at all|though|for (?:me|us)|either|sorry)\s*)*[^\w]*"
)


@dataclass(slots=True)
class Composed:
    """What an utterance says about the hotels wanted.

    Attributes:
        parts: Conjuncts and wishes in the order of the words.
        dropped: Atoms the guest takes back.
        unneeded: Those of them that the guest can do without: "I don't need parking".
        dropped_fields: Fields whose conditions the guest takes back: "价格的要求去掉".
        waived: Fields the guest does not care about.
        keep: The rest of the last plan is to stand, in so many words.
        corrected: The words correct themselves or the turn before.
    """

    parts: list[Part] = field(default_factory=list)
    dropped: list[Atom] = field(default_factory=list)
    unneeded: list[Atom] = field(default_factory=list)
    dropped_fields: list[Field] = field(default_factory=list)
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
        _put_in_place_of(clause, result, text)
    _correct(cut, result, text)
    _backward_controls(cut, result, text, in_force)
    _strengths(cut)
    made = [groups(clause) for clause in cut]
    _one_of_before(cut, made)
    _join_lists(cut, made)
    parts = of_one_turn(assemble(cut, made, text))
    if parts and _OR_ELSE.match(text):
        parts[0] = replace(parts[0], widens=True)  # "or the centre", after "in the east"
    result.parts = parts
    result.keep = any(clause.has("keep") for clause in cut)
    return result


_IN_PLACE_OF = re.compile(r"instead of|rather than")


def _put_in_place_of(clause: Clause, result: Composed, text: str) -> None:
    """ "A pool instead of a gym": the gym is no longer asked for, and houses may have one."""
    cue = next((c for c in clause.cues if _IN_PLACE_OF.fullmatch(text, c.start, c.end)), None)
    if cue is None:
        return
    replaced = [
        a for a, no in zip(clause.atoms, clause.negative, strict=True)
        if no and a.field is Field.FACILITY and a.start >= cue.end
    ]  # fmt: skip
    if not replaced or len(replaced) == len(clause.atoms):
        return
    result.dropped += replaced
    clause.leave_out(replaced)


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
            before = _last_with_atoms(cut, index)
            if before is not None and any(a.field is Field.FACILITY for a in later):
                # "要泳池，啊不是，要健身房": the one said last, of facilities many are wanted.
                said = [a for a in before.atoms if a.field is Field.FACILITY]
                before.leave_out(said[-1:])
            for earlier in cut[: index + 1]:
                earlier.leave_out(
                    [a for a in earlier.atoms if a.end <= cue.start and family(a.field) in fields]
                )


def _backward_controls(
    cut: list[Clause], result: Composed, text: str, in_force: frozenset[Field]
) -> None:
    for index, clause in enumerate(cut):
        before = _last_with_atoms(cut, index)
        pointed = next((cue for cue in clause.cues if cue.name == "not_these"), None)
        # "with neither" points back; "with neither pool nor gym" says what it denies.
        points_back = pointed is not None and all(a.start < pointed.end for a in clause.atoms)
        if points_back and before is not None:
            for at, atom in enumerate(before.atoms):
                if atom.field is Field.FACILITY:
                    before.negative[at] = True
        refusals = [cue for cue in clause.cues if cue.name == "not_after"]
        closed = bool(refusals) and _NOTHING_MORE.fullmatch(text, refusals[-1].end, clause.end)
        if not clause.atoms and closed and not clause.has("concede", "waive"):
            alone = not _field_words(clause)
            words = text[clause.start : clause.end]
            if (
                before is not None and alone and cut[index - 1] is before
                and not before.strong_end and not clause.has("drop")
                and not any(word in words for word in _ELSEWHERE)
            ):  # fmt: skip
                # "没有窗户的，不要" cancels out; "不要青旅，一概不要" says it twice.
                refused = before.has("not_before", "except_open")
                before.negative = [
                    value if atom.implied else refused or not value
                    for value, atom in zip(before.negative, before.atoms, strict=True)
                ]
        _drop_and_waive(clause, result, text, in_force, first=index == 0)


def _drop_and_waive(
    clause: Clause, result: Composed, text: str, in_force: frozenset[Field], *, first: bool
) -> None:
    named = _field_words(clause)
    if clause.has("widen") or _NOT_NEEDED.search(text, clause.start, clause.end):
        # "没有早餐也行", "no parking needed": going without is fine.
        without = [a for a, no in zip(clause.atoms, clause.negative, strict=True) if no]
        result.dropped += without
        result.unneeded += without
        clause.leave_out(without)
    if Field.FACILITY in in_force and _NO_LONGER.search(text, clause.start, clause.end):
        # "不要早餐了": the wish is taken back, not turned round.
        gone = [
            a for a, no in zip(clause.atoms, clause.negative, strict=True)
            if no and a.field is Field.FACILITY
        ]  # fmt: skip
        result.dropped += gone
        result.unneeded += gone
        clause.leave_out(gone)
    if clause.has("drop") and named and not clause.atoms and in_force:
        result.dropped_fields += [f for _, f in named]
    if clause.has("drop") and not clause.has("concede"):
        dropping = [c for c in clause.cues if c.name == "drop"]
        last = max(c.start for c in dropping)
        gone = [
            a for a in clause.atoms
            if family(a.field) in {family(f) for f in in_force} or clause.begins_with("drop")
            or any(c.end <= a.start for c in dropping)
            # "parking doesn't need to be free"
            or (a is clause.atoms[-1] and 0 <= last - a.end <= _SUBJECT_REACH)
        ]  # fmt: skip
        if gone:
            result.dropped += gone
            # "It does not have to be free parking": parking is needed, if not for free.
            freed = _TO_BE.search(text, dropping[-1].start, dropping[-1].end) is not None
            result.unneeded += [
                a for a in gone if not (freed and _FREE.search(text, a.start, a.end))
            ]
            clause.leave_out(gone)
    if not clause.has("waive"):
        return
    waiving = [c for c in clause.cues if c.name == "waive"]
    if clause.atoms and _waives_its_subject(clause, waiving, text):
        (atom,) = clause.atoms
        if atom.field is Field.FACILITY:
            result.dropped.append(atom)
            result.unneeded.append(atom)
        else:
            result.waived.append(atom.field)
        clause.atoms, clause.negative = [], []
        return
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


def _waives_its_subject(clause: Clause, waiving: Sequence[Item], text: str) -> bool:
    """Tell whether the one thing named does not matter: "停车场无所谓", "parking doesn't matter"."""
    if len(clause.atoms) != 1 or not isinstance(clause.atoms[0].leaf, Term | Near):
        return False
    atom = clause.atoms[0]
    return any(
        _MATTERS_NOT.fullmatch(text, cue.start, cue.end)
        and _BETWEEN_SUBJECT.fullmatch(text, atom.end, cue.start)
        for cue in waiving
        if cue.start >= atom.end
    )


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
    joined: list[Group] = []
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
            # "要有早餐，健身房或泳池有一个就行": its own list is the choice.
            and not (
                first.choice and len(first.atoms) > 1 and cut[index].has("one_of", "either_open")
            )
            # "a pool or a sauna, and breakfast": the choice is closed.
            and not (
                last.choice
                and len(last.atoms) > 1
                and cut[index].begins_with("list")
                and not cut[index].has("one_of", "or")
            )
        ):
            choice = cut[index].begins_with("or") or last.choice or first.choice
            choice = choice or cut[index].has("one_of")
            last.atoms = last.atoms + first.atoms
            last.choice = choice
            if joined and joined[-1] is first:
                joined.pop()
            joined.append(last)
            cut[index - 1].cues += cut[index].cues
            made[index] = []
    # Once per list, however many clauses it runs over.
    for group in joined:
        group.remake(choice=group.choice)
