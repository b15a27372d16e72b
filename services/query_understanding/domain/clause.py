"""Cutting an utterance into clauses, and what the words of one clause do to its conditions."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile

from services.plan.condition import All, Any, Condition, Field, Not, Range, Term
from services.query_understanding.domain.mention import (
    SINGLE_VALUED,
    Atom,
    Break,
    Cue,
    Item,
)

_BESIDES = re.compile(r"还(?:要|得|想|需)|也(?:要|得)|(?<=[,，])(?:最好|再)")
_BESIDES_REACH = 4
_NEXT_REACH_HAN = 4
_NEXT_REACH_LATIN = 14
_LIST_REACH = 14
# Words after which the clause wants something again: "不要青旅要民宿".
_WANTED_AGAIN = frozenset({"must", "prefer", "except_close"})


@dataclass(slots=True)
class Clause:
    """One clause: its atoms in order, its cues, and how firm the break after it is.

    Attributes:
        negative: For each atom whether the words around it deny it.
        soft: "hard", "prefer" or "wish".
        targets: Conditions in the order of the words, after grouping.
    """

    start: int
    end: int
    atoms: list[Atom] = field(default_factory=list)
    cues: list[Cue] = field(default_factory=list)
    strong_end: bool = False
    after_but: bool = False
    negative: list[bool] = field(default_factory=list)
    strength: str = "hard"
    said_must: bool = False

    def has(self, *names: str) -> bool:
        """Tell whether a cue of one of these classes is in the clause."""
        return not {cue.name for cue in self.cues}.isdisjoint(names)

    def leave_out(self, atoms: Sequence[Atom]) -> None:
        """Take atoms out, and with them what is said of each."""
        kept = [
            (atom, negative)
            for atom, negative in zip(self.atoms, self.negative, strict=True)
            if atom not in atoms
        ]
        self.atoms = [atom for atom, _ in kept]
        self.negative = [negative for _, negative in kept]

    def begins_with(self, name: str) -> bool:
        """Tell whether a cue of the class comes before the first atom, with no atom before it."""
        first = self.atoms[0].start if self.atoms else self.end
        return any(cue.name == name and cue.end <= first for cue in self.cues)


def clauses(items: Sequence[Item], length: int) -> list[Clause]:
    """Cut a sequence of mentions at its breaks and at every "but"."""
    cut: list[Clause] = []
    current = Clause(0, 0)
    for item in items:
        if isinstance(item, Break):
            current.end = item.start
            if current.atoms or current.cues:
                current.strong_end = item.strong
                cut.append(current)
                current = Clause(item.end, item.end)
            else:
                if cut and item.strong:
                    cut[-1].strong_end = True
                current.start = item.end
        elif isinstance(item, Atom):
            current.atoms.append(item)
        elif item.name == "but":
            # "but" itself opens the next clause, whether or not a comma stood before it.
            if current.atoms or current.cues:
                current.end = item.start
                cut.append(current)
            current = Clause(item.end, item.end, after_but=True)
        else:
            current.cues.append(item)
    current.end = length
    if current.atoms or current.cues:
        current.strong_end = True
        cut.append(current)
    return cut


def negate_atoms(clause: Clause, text: str) -> None:
    """Set for each atom of the clause whether it is denied. Two denials cancel out."""
    flips = [0] * len(clause.atoms)
    of_shown = clause.has("other_than_shown")
    for cue in clause.cues:
        if cue.name in ("not_before", "not_next", "not_after"):
            for index in _reached(clause, cue, text):
                flips[index] += 1
        elif cue.name == "except_open" and not of_shown:
            for index in _excepted(clause, cue, text):
                flips[index] += 1
        elif cue.name == "except_close" and not clause.begins_with("except_open"):
            # "浦东以外的酒店"
            for index, atom in enumerate(clause.atoms):
                flips[index] += atom.end == cue.start
    # What a need implies is not denied by the words that complain about going without it.
    clause.negative = [
        count % 2 == 1 and not (atom.implied and not _denied_at_once(clause, atom))
        for count, atom in zip(flips, clause.atoms, strict=True)
    ]


def _denied_at_once(clause: Clause, atom: Atom) -> bool:
    return any(
        cue.name in ("not_before", "not_next") and 0 <= atom.start - cue.end <= 2
        for cue in clause.cues
    )


def _reached(clause: Clause, cue: Cue, text: str) -> Sequence[int]:
    first = bisect_left(clause.atoms, cue.end, key=lambda atom: atom.start)
    while first and _is_said_by(clause.atoms[first - 1], cue):
        first -= 1
    after = range(first, len(clause.atoms))
    if cue.name == "not_after":
        if after:
            return []
        before = bisect_left(clause.atoms, cue.start, key=lambda atom: atom.start)
        return [i for i in range(before) if clause.atoms[i].end <= cue.start]
    if not after:
        return []
    gap = text[cue.end : clause.atoms[first].start]
    if cue.name == "not_next":
        if len(gap) > (_NEXT_REACH_LATIN if gap.isascii() else _NEXT_REACH_HAN):
            return []
        return _coordinated(clause, after, text)
    later = bisect_right(clause.cues, cue.start, key=lambda other: other.start)
    # "不要民宿不要青旅": each has its own.
    wanted = (
        c.start for c in islice(clause.cues, later, None)
        if c.name in _WANTED_AGAIN
        or (c.name == "not_before" and c.start >= cue.end and not _tells_which(clause, cue, c, text))
    )  # fmt: skip
    stop = next(wanted, clause.end)
    reached = after[
        : bisect_left(clause.atoms, stop, lo=first, key=lambda atom: atom.start) - first
    ]
    return _without_where(clause, reached, text, cue.end)


_LACKING = re.compile(
    r"with(?:out| no)\b|w/o|(?:that )?lack|ha(?:s|ve) no|do(?:es)?(?: ?n[o']t|n't) ha"
)


def _tells_which(clause: Clause, cue: Cue, next_one: Cue, text: str) -> bool:
    """Tell whether a second denial says which houses are not wanted: "no hotel without parking"."""
    between = any(cue.end <= atom.start < next_one.start for atom in clause.atoms)
    return not between and _LACKING.match(text, next_one.start) is not None


def _without_where(clause: Clause, indexes: Sequence[int], text: str, end: int) -> Sequence[int]:
    """Leave out the area after what is denied: "anything except hostels in Shanghai".

    Args:
        clause: The clause.
        indexes: Its atoms that a denial reaches.
        text: The folded text.
        end: Where the words of the denial end; "far from the station in Shanghai" is in Shanghai.
    """
    return [
        index for index in indexes
        if (index == indexes[0] and not text[:end].endswith(" from"))
        or clause.atoms[index].field not in (Field.CITY, Field.DISTRICT)
        or not text[: clause.atoms[index].start].endswith(" in ")
    ]  # fmt: skip


def _is_said_by(atom: Atom, cue: Cue) -> bool:
    """Tell whether a denial is the word of nearness itself: "far from the Bund"."""
    return atom.field is Field.NEARBY and atom.start == cue.start and cue.end > cue.start


def _coordinated(clause: Clause, indexes: Sequence[int], text: str) -> list[int]:
    """Return the first atom and those listed with it: "no bar or sauna", "没桑拿和棋牌室"."""
    reached = [*indexes[:1]]
    for index in indexes[1:]:
        previous, atom = clause.atoms[index - 1], clause.atoms[index]
        gap = (previous.end, atom.start)
        between = [cue.name for cue in _between(clause, *gap)]
        if "not_next" in between or "not_before" in between:
            break  # "不带泳池也不带健身房": each has its own
        joined = any(name in ("list", "or", "all_of") for name in between)
        tight = gap[1] - gap[0] == 0 or (joined and gap[1] - gap[0] <= _LIST_REACH)
        wants = text[gap[0] : gap[1]].strip() in ("with", "要", "plus", "但要")
        if not tight or atom.field is not previous.field or wants:
            break
        reached.append(index)
    return reached


def _excepted(clause: Clause, cue: Cue, text: str) -> list[int]:
    later = bisect_right(clause.cues, cue.end, key=lambda other: other.start)
    # What a further "except" takes out is its own.
    close = next(
        (c for c in islice(clause.cues, later, None) if c.name.startswith("except_")), None
    )
    if close is None and _BESIDES.search(text, cue.end, clause.end + _BESIDES_REACH):
        return []  # "除了早餐还要健身房", "除了要有泳池，还要有桑拿" ask for both
    stop = close.start if close is not None else clause.end
    others = [
        at for word in ("其他", "其它", "都行", "都可以") if (at := text.find(word, cue.end)) >= 0
    ]
    stop = min([stop, *others])
    first = bisect_left(clause.atoms, cue.end, key=lambda atom: atom.start)
    excepted = range(first, bisect_left(clause.atoms, stop, key=lambda atom: atom.start))
    return list(_without_where(clause, excepted, text, cue.end))


# --- grouping ------------------------------------------------------------------------------------
@dataclass(slots=True)
class Group:
    """Atoms of one field side by side, with the condition that they make."""

    field: Field
    atoms: list[Atom]
    negative: bool
    condition: Condition
    choice: bool = False

    def remake(self, *, choice: bool) -> None:
        """Make the condition anew as a choice of the atoms, or as all of them."""
        self.choice = choice
        self.condition = make(self.atoms, self.negative, choice=choice)


def family(field: Field) -> Field:
    """Return the field that stands for a family: stars and market levels are one scale."""
    return Field.TIER if field is Field.STAR_RATING else field


def groups(clause: Clause) -> list[Group]:
    """Group neighbouring atoms of one field and polarity."""
    made: list[Group] = []
    joins: list[str] = []
    for index, atom in enumerate(clause.atoms):
        negative = clause.negative[index]
        join = _join(clause, index)
        last = made[-1] if made else None
        if (
            last is not None
            and family(last.field) is family(atom.field)
            and last.negative is negative
            and not (join == "or" and joins[-1] == "" and _opens_choice(clause, index))
        ):
            last.atoms.append(atom)
            joins[-1] = "or" if "or" in (join, joins[-1]) else joins[-1]
        else:
            made.append(Group(atom.field, [atom], negative, atom.leaf))
            joins.append("")
    together = clause.has("all_of")
    one_of = clause.has("one_of", "either_open") and not together
    for group, join in zip(made, joins, strict=True):
        several = len(group.atoms) > 1
        if group.negative:
            group.remake(choice=not together)
        elif several:
            group.remake(
                choice=join == "or"
                or (one_of and group.field not in (Field.PRICE, Field.GUEST_RATING))
            )
            beside = together or all(atom.together for atom in group.atoms)
            if beside and group.field is Field.NEARBY:
                # "离国贸和三里屯都不远": a house can be near both.
                group.condition = All(tuple(atom.leaf for atom in group.atoms))
    return made


def _join(clause: Clause, index: int) -> str:
    if index == 0:
        return ""
    between = _between(clause, clause.atoms[index - 1].end, clause.atoms[index].start)
    return "or" if any(cue.name in ("or", "either_open") for cue in between) else ""


def _opens_choice(clause: Clause, index: int) -> bool:
    """Tell whether "either" before an atom parts it from the list: "breakfast and either a or b"."""
    between = _between(clause, clause.atoms[index - 1].end, clause.atoms[index].start)
    names = [cue.name for cue in between]
    return "either_open" in names and "list" in names


def _between(clause: Clause, low: int, high: int) -> list[Cue]:
    """Return the cues of a clause that lie in a stretch of the text; they never overlap."""
    first = bisect_left(clause.cues, low, key=lambda cue: cue.start)
    return list(takewhile(lambda cue: cue.end <= high, islice(clause.cues, first, None)))


def joined_by_or(clause: Clause, left: Group, right: Group) -> bool:
    """Tell whether "or" stands between two groups of a clause."""
    between = _between(clause, left.atoms[-1].end, right.atoms[0].start)
    return any(cue.name == "or" for cue in between)


def make(atoms: Sequence[Atom], negative: bool, *, choice: bool) -> Condition:
    """Return the condition of atoms of one field.

    Values of a single-valued field can only be a choice; bounds that can hold together do.
    """
    leaves = _distinct([atom.leaf for atom in atoms])
    if len(leaves) == 1:
        return deny(leaves[0]) if negative else leaves[0]
    if negative and not choice:
        return Not(All(tuple(leaves)))
    if negative:
        parts = [deny(leaf) for leaf in leaves]
        return All(tuple(parts))
    field = atoms[0].field
    ranges = [leaf for leaf in leaves if isinstance(leaf, Range)]
    if len(ranges) == len(leaves) and not choice and compatible(ranges):
        return All(tuple(leaves))
    if choice or field in SINGLE_VALUED or len(ranges) == len(leaves):
        return Any(tuple(leaves))
    return All(tuple(leaves))


def compatible(ranges: Sequence[Range]) -> bool:
    """Tell whether a number can lie in all the ranges; exact values never go together."""
    low = max((r.min for r in ranges if r.min is not None), default=float("-inf"))
    high = min((r.max for r in ranges if r.max is not None), default=float("inf"))
    return low <= high and not all(r.min == r.max for r in ranges)


def deny(condition: Condition) -> Condition:
    """Return the denial, in the words of bounds where there is one bound.

    "评分低于4.5的不看" asks for 4.5 and more; the bound that was denied is itself allowed.
    """
    if isinstance(condition, Range) and condition.field is not Field.STAR_RATING:
        if condition.min is None and condition.max is not None:
            return Range(condition.field, min=condition.max, spans=condition.spans)
        if condition.max is None and condition.min is not None:
            return Range(condition.field, max=condition.min, spans=condition.spans)
    if isinstance(condition, Not):
        return condition.item
    return Not(condition, condition.spans)


def _distinct(conditions: Sequence[Condition]) -> list[Condition]:
    kept: list[Condition] = []
    keys: set[object] = set()
    for condition in conditions:
        key = (
            (condition.field, condition.values) if isinstance(condition, Term)
            else (condition.field, condition.min, condition.max, condition.min_exclusive,
                  condition.max_exclusive) if isinstance(condition, Range)
            else condition
        )  # fmt: skip
        if key not in keys:
            keys.add(key)
            kept.append(condition)
    return kept
