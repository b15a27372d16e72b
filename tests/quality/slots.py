"""A plan in a data set's own slots: no data set is named here, the words are in `slots.yaml`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any as Json

import yaml

from services.plan.condition import (
    All,
    Any,
    Condition,
    Field,
    Name,
    NameMatch,
    Near,
    Not,
    PlaceCategory,
    Range,
    Term,
)
from services.plan.query_plan import Outcome, QueryPlan

Tree = dict[str, Json]

_GATE_LABEL = {
    Outcome.SEARCH: "search",
    Outcome.ABOUT_SHOWN: "lookup",
    Outcome.CLARIFY: "search",
    Outcome.CHITCHAT: "chitchat",
    Outcome.OUT_OF_DOMAIN: "other_domain",
}


@dataclass(frozen=True, slots=True)
class SlotProfile:
    """How plan leaves are called in a data set.

    Attributes:
        terms: By field: its slot, the word of each value, and whether the slot is a list.
        bounds: By field: slot of the lower and of the upper bound.
        levels: By field of numbers that the data set writes as words: slot, word by number.
        places: Slot by category of place.
        tree: By field: leaf field, operator and words in the data set's tree form.
        facts: Answer slot by field; `{value}` is replaced by the value's word.
        place_names: Other languages' names of places to the data set's own.
        spellings: Names with single blanks to the data set's own spelling.
    """

    terms: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    bounds: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    levels: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    tree: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    place_names: Mapping[str, str] = field(default_factory=dict)
    spellings: Mapping[str, str] = field(default_factory=dict)
    name_slot: str = "name"
    name_overrides: bool = True
    name_lower: bool = False

    @classmethod
    def load(cls, file: Path, data: Path | None = None) -> SlotProfile:
        """Read a `slots.yaml`; files it names lie in `data`, absent ones count as empty."""
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
        names: dict[str, str] = {}
        spellings: dict[str, str] = {}
        # Read by `profile.py`: which files hold the hotels and their places.
        for other in ("databases", "gazetteer", "places_named"):
            raw.pop(other, None)
        source = raw.pop("place_names", None)
        if source is not None and data is not None and (data / source["file"]).exists():
            with (data / source["file"]).open(encoding="utf-8") as lines:
                for line in lines:
                    row = json.loads(line)
                    names.setdefault(_plain(row[source["from"]]), row[source["to"]])
                    spellings[" ".join(row[source["to"]].split())] = row[source["to"]]
        return cls(**raw, place_names=names, spellings=spellings)


# --- constraints ----------------------------------------------------------------------------------
def constraints_of(plan: QueryPlan, profile: SlotProfile) -> dict[str, Json]:
    """Return the plan's condition as slot-value pairs; NOT has no place in this form."""
    slots: dict[str, Json] = {}
    for leaf in _positive(plan.condition):
        _put(slots, leaf, plan, profile)
    name = slots.get(profile.name_slot)
    if name and profile.name_overrides:
        return {profile.name_slot: name}
    facilities = profile.terms.get("facility", {}).get("slots", {})
    for value in plan.unneeded_facilities:
        target = facilities.get(value, {})
        if "unneeded" in target:
            slots.setdefault(target["slot"], target["unneeded"])
    return slots


def _positive(condition: Condition | None) -> Iterable[Condition]:
    match condition:
        case None | Not():
            return
        case All(items=items):
            for item in items:
                yield from _positive(item)
        case Any(items=items):
            yield from _positive(items[0])
        case _:
            yield condition


def _put(slots: dict[str, Json], leaf: Condition, plan: QueryPlan, profile: SlotProfile) -> None:
    match leaf:
        case Term(field=kind, values=values):
            spec = profile.terms.get(kind.value)
            if spec is None:
                return
            for value in values[:1]:
                target = spec.get("slots", {}).get(value)
                if target is not None:
                    slots[target["slot"]] = target["value"]
                    continue
                if "slot" not in spec:
                    continue
                word = _word(spec.get("values", {}), value)
                if spec.get("list"):
                    slots.setdefault(spec["slot"], []).append(word)
                else:
                    slots[spec["slot"]] = word
        case Range(field=kind):
            _put_range(slots, leaf, kind.value, profile)
        case Name(value=value):
            slots[profile.name_slot] = (
                value.lower().removeprefix("the ") if profile.name_lower else value
            )
        case Near(place_id=place_id):
            mention = next((p for p in plan.places if p.id == place_id), None)
            if mention is not None:
                category = (mention.category or PlaceCategory.ATTRACTION).value
                slot = profile.places.get(category)
                if slot is not None:
                    slots[slot] = _place_name(mention.name, mention.canonical_name, profile)


def _put_range(slots: dict[str, Json], leaf: Range, kind: str, profile: SlotProfile) -> None:
    levels = profile.levels.get(kind)
    if levels is not None:
        bound = leaf.min if leaf.min is not None else leaf.max
        words = {float(k): v for k, v in levels.get("values", {}).items()}
        slots[levels["slot"]] = words.get(float(bound or 0), f"{bound:g}")
        return
    spec = profile.bounds.get(kind, {})
    for bound, slot in ((leaf.min, spec.get("min")), (leaf.max, spec.get("max"))):
        if bound is not None and slot is not None:
            slots[slot] = int(bound) if float(bound).is_integer() else bound


def _word(values: Mapping[str, Json], value: str) -> Json:
    word = values.get(value, value)
    return word[0] if isinstance(word, list) else word


def _place_name(name: str, canonical: str, profile: SlotProfile) -> str:
    for candidate in (canonical, name):
        if candidate and _plain(candidate) in profile.place_names:
            return profile.place_names[_plain(candidate)]
    return canonical or name


def _plain(name: str) -> str:
    plain = "".join(c for c in name.casefold() if c.isalnum())
    return plain.removeprefix("the")


# --- the tree -------------------------------------------------------------------------------------
def condition_tree_of(
    plan: QueryPlan, profile: SlotProfile, hotel_names: Mapping[str, str]
) -> Tree | None:
    """Return the plan's condition in the data set's tree form.

    Args:
        plan: After geocoding, where places are to be circles.
        profile: The words.
        hotel_names: Name by hotel id, for conditions on hotels shown.
    """
    return None if plan.condition is None else _tree(plan.condition, plan, profile, hotel_names)


def _tree(
    condition: Condition, plan: QueryPlan, profile: SlotProfile, names: Mapping[str, str]
) -> Tree:
    match condition:
        case All(items=items):
            return {"and": [_tree(item, plan, profile, names) for item in items]}
        case Any(items=items):
            return {"or": [_tree(item, plan, profile, names) for item in items]}
        case Not(item=item):
            return {"not": _tree(item, plan, profile, names)}
        case Term(field=Field.HOTEL_ID, values=values):
            return _one_of([_leaf("name", "eq", names.get(v, v)) for v in values])
        case Term(field=kind, values=values):
            spec = profile.tree.get(kind.value, {"field": kind.value, "op": "eq"})
            words: list[Json] = []
            for value in values:
                word = spec.get("values", {}).get(value, value)
                words += word if isinstance(word, list) else [word]
            return _one_of([_leaf(spec["field"], spec["op"], word) for word in words])
        case Range():
            return _range_tree(condition, profile)
        case Name(value=value, match=how):
            return _leaf("name", "eq" if how is NameMatch.EXACT else "contains", value)
        case Near():
            return _near_tree(condition, plan, profile)


def _leaf(kind: str, op: str, value: Json) -> Tree:
    return {"field": kind, "op": op, "value": value}


def _one_of(leaves: list[Tree]) -> Tree:
    return leaves[0] if len(leaves) == 1 else {"or": leaves}


def _range_tree(leaf: Range, profile: SlotProfile) -> Tree:
    spec = profile.tree.get(leaf.field.value, {"field": leaf.field.value})
    if "levels" in spec:
        return _one_of(
            [
                _leaf(spec["field"], "eq", w)
                for n, w in spec["levels"].items()
                if leaf.holds(float(n))
            ]
            or [_leaf(spec["field"], "eq", "")]
        )
    bounds = []
    if leaf.min is not None:
        bounds.append(_leaf(spec["field"], ">" if leaf.min_exclusive else ">=", leaf.min))
    if leaf.max is not None:
        bounds.append(_leaf(spec["field"], "<" if leaf.max_exclusive else "<=", leaf.max))
    return bounds[0] if len(bounds) == 1 else {"and": bounds}


def _near_tree(leaf: Near, plan: QueryPlan, profile: SlotProfile) -> Tree:
    mention = next((p for p in plan.places if p.id == leaf.place_id), None)
    name = mention.name if mention is not None else ""
    if leaf.center is not None and leaf.radius_km is not None:
        circle = {"place": name, "lat": leaf.center.latitude, "lon": leaf.center.longitude}
        return _leaf("within", "within", {**circle, "km": leaf.radius_km})
    by_category = profile.tree.get("nearby", {})
    leaves = [
        _leaf(by_category[entry.category.value], "has", entry.name)
        for entry in leaf.listed if entry.category.value in by_category
    ]  # fmt: skip
    category = (mention.category if mention is not None else None) or PlaceCategory.ATTRACTION
    return _one_of(leaves or [_leaf(by_category.get(category.value, "name"), "has", name)])


# --- the rest -------------------------------------------------------------------------------------
def gate_label_of(plan: QueryPlan) -> str:
    """Return the gate label: search, lookup, other_domain or chitchat."""
    if plan.outcome is Outcome.SEARCH and plan.requested_facts and plan.shown_references:
        return "lookup"
    return _GATE_LABEL[plan.outcome]


def needs_retrieval(plan: QueryPlan) -> bool:
    """Tell whether hotels' records are needed."""
    return gate_label_of(plan) in ("search", "lookup")


def outcome_of(plan: QueryPlan, hits: int) -> str:
    """Return the outcome in the challenge set's words."""
    match plan.outcome:
        case Outcome.SEARCH:
            return "results" if hits else "no_match"
        case Outcome.OUT_OF_DOMAIN if plan.outcome_reason == "PROMPT_INJECTION":
            return "refuse_injection"
        case other:
            return other.value


def target_of(plan: QueryPlan) -> str | None:
    """Return the id of the hotel whose facts are asked for."""
    return plan.shown_references[0].hotel_id if plan.shown_references else None


def answer_of(plan: QueryPlan, record: Mapping[str, Json], profile: SlotProfile) -> dict[str, Json]:
    """Return the facts asked for, from the record.

    Args:
        plan: Its requested facts.
        record: The data set's own record: value by answer slot, "facilities" as a list of labels.
        profile: `facts` names the slots.
    """
    answer: dict[str, Json] = {}
    facilities = profile.terms.get("facility", {}).get("values", {})
    for fact in plan.requested_facts:
        slot = profile.facts.get(
            f"{fact.field.value}:{fact.value}" if fact.field is Field.NEARBY else fact.field.value
        )
        if slot is None:
            continue
        if fact.field is Field.FACILITY:
            if not fact.value:
                continue
            word = str(_word(facilities, fact.value))
            answer[slot.format(value=word)] = any(word in f for f in record["facilities"])
        else:
            answer[slot] = record.get(slot)
    return answer
