"""How plans, hits and reasons look on a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from concierge.catalog.v1 import hotel_pb2
from concierge.plan.v1 import plan_pb2
from concierge.query_understanding.v1 import query_understanding_pb2
from concierge.ranking.v1 import ranking_pb2
from concierge.search.v1 import search_pb2
from rich.table import Table
from rich.text import Text
from rich.tree import Tree


def plan_tree(plan: plan_pb2.QueryPlan) -> Tree:
    """Return the plan as a tree: outcome, condition, wishes, order, what is unexplained."""
    planner = plan.planner
    root = Tree(
        Text.assemble(
            ("plan ", "bold"),
            plan_pb2.Outcome.Name(plan.outcome).removeprefix("OUTCOME_").lower(),
            (f" ({plan.outcome_reason})" if plan.outcome_reason else "", "dim"),
            (f"   {planner.name} {planner.version}", "dim"),
            (f", confidence {planner.confidence:.2f}", "dim"),
            (f", {planner.took.ToMicroseconds()} µs" if planner.HasField("took") else "", "dim"),
        )
    )
    if plan.HasField("condition"):
        _add_condition(root.add("must"), plan.condition)
    if plan.preferences:
        wishes = root.add("would like")
        for preference in plan.preferences:
            what = (
                condition_words(preference.condition)
                if preference.HasField("condition")
                else trend_words(preference.trend)
            )
            wishes.add(
                Text.assemble(
                    what, (f"  weight {preference.weight:+.2f}", "dim"), _words(preference.spans)
                )
            )
    if plan.sort:
        root.add(
            "order: "
            + ", ".join(f"{_field(key.field)} {_direction(key.direction)}" for key in plan.sort)
        )
    if plan.HasField("count"):
        root.add(f"count: {plan.count}")
    for place in plan.places:
        root.add(Text.assemble(f"place {place.id}: {place.canonical_name or place.name}"))
    for fact in plan.requested_facts:
        root.add(f"asks for: {_field(fact.field)} {fact.value}".rstrip())
    for reference in plan.shown_references:
        root.add(Text.assemble(f"about hotel {reference.hotel_id}", _words(reference.spans)))
    if plan.waived:
        root.add("does not matter: " + ", ".join(_field(field) for field in plan.waived))
    if plan.unneeded_facilities:
        root.add("can do without: " + ", ".join(plan.unneeded_facilities))
    if plan.unexplained:
        root.add(
            Text.assemble(
                ("unexplained: ", "yellow"), ", ".join(span.text for span in plan.unexplained)
            )
        )
    if plan.HasField("clarification"):
        question = root.add(f"asks back: {plan.clarification.question}")
        for option in plan.clarification.options:
            question.add(option)
    for delta in plan.deltas:
        kind = plan_pb2.DeltaKind.Name(delta.kind).removeprefix("DELTA_KIND_").lower()
        what = condition_words(delta.node) if delta.HasField("node") else ""
        root.add(Text.assemble((f"this turn: {kind} ", "dim"), what, _words(delta.spans)))
    return root


def plan_explanation(explanation: query_understanding_pb2.PlanExplanation) -> Table:
    """Return what each word was taken for and by what, the gate's signs, and the time by step."""
    table = Table("words", "taken for", "by", pad_edge=False)
    for word in explanation.words:
        table.add_row(plain(word.span.text), plain(word.meaning), word.source)
    for refused in explanation.refused:
        sure = f"{refused.concept}, confidence {refused.confidence:.2f}"
        table.add_row(plain(refused.span.text), plain(sure), "model, refused", style="yellow")
    table.add_section()
    table.add_row("", ", ".join(explanation.signs) or "no sign", "gate")
    for step in explanation.steps:
        table.add_row("", f"{step.took.ToMicroseconds()} µs", step.step)
    return table


def _add_condition(tree: Tree, condition: plan_pb2.Condition) -> None:
    match condition.WhichOneof("node"):
        case "all" | "any" as kind:
            branch = tree.add("AND" if kind == "all" else "OR")
            items = condition.all.items if kind == "all" else condition.any.items
            for item in items:
                _add_condition(branch, item)
        case "negated":
            _add_condition(tree.add("NOT"), condition.negated)
        case _:
            tree.add(Text.assemble(condition_words(condition), _words(condition.spans)))


def condition_words(condition: plan_pb2.Condition) -> str:
    """Return a condition in one line."""
    match condition.WhichOneof("node"):
        case "all":
            return "(" + " AND ".join(condition_words(c) for c in condition.all.items) + ")"
        case "any":
            return "(" + " OR ".join(condition_words(c) for c in condition.any.items) + ")"
        case "negated":
            return "NOT " + condition_words(condition.negated)
        case "term":
            return f"{_field(condition.term.field)} = {' | '.join(condition.term.values)}"
        case "range":
            return _range_words(condition.range)
        case "name":
            exact = condition.name.match == plan_pb2.NAME_MATCH_EXACT
            return f"name {'is' if exact else 'contains'} {condition.name.value}"
        case "near":
            return _near_words(condition.near)
        case _:
            return "nothing"


def _range_words(leaf: plan_pb2.RangeLeaf) -> str:
    if leaf.HasField("min") and leaf.HasField("max") and leaf.min == leaf.max:
        return f"{_field(leaf.field)} = {leaf.min:g}"
    parts = []
    if leaf.HasField("min"):
        parts.append(f"{'>' if leaf.min_exclusive else '>='} {leaf.min:g}")
    if leaf.HasField("max"):
        parts.append(f"{'<' if leaf.max_exclusive else '<='} {leaf.max:g}")
    return f"{_field(leaf.field)} {' and '.join(parts)}"


def _near_words(leaf: plan_pb2.NearLeaf) -> str:
    parts = []
    if leaf.HasField("radius_km"):
        where = (
            f" of {leaf.center.latitude:.4f},{leaf.center.longitude:.4f}"
            if leaf.HasField("center")
            else ""
        )
        parts.append(f"within {leaf.radius_km:g} km{where}")
    if leaf.listed:
        names = [place.name for place in leaf.listed]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        parts.append(f"listed near {', '.join(names[:3])}{more}")
    return f"place {leaf.place_id}: " + " or ".join(parts or ["no position yet"])


def trend_words(trend: plan_pb2.Trend) -> str:
    """Return a wish for more or less of a number in one line."""
    place = f" to place {trend.place_id}" if trend.HasField("place_id") else ""
    return f"{_field(trend.field)}{place}, {_direction(trend.direction)} is better"


def hits_table(hits: Iterable[ranking_pb2.Hit]) -> Table:
    """Return the hits with the reasons for each."""
    table = Table(show_lines=False, pad_edge=False)
    table.add_column("#", justify="right")
    table.add_column("hotel", overflow="fold")
    table.add_column("price", justify="right")
    table.add_column("rating", justify="right")
    table.add_column("where", overflow="fold")
    table.add_column("why", overflow="fold")
    for hit in hits:
        hotel = hit.hotel
        table.add_row(
            str(hit.rank),
            plain("\n".join(name.text for name in hotel.names[:2])),
            price_words(hotel),
            f"{hotel.guest_rating:.1f}" if hotel.HasField("guest_rating") else "–",
            plain(
                "\n".join(
                    filter(
                        None,
                        (
                            hotel.district,
                            *(f"{d.distance_km:.1f} km to {d.place_name}" for d in hit.distances),
                        ),
                    )
                )
            ),
            Text("\n").join(_reason(reason) for reason in hit.reasons),
        )
    return table


def price_words(hotel: hotel_pb2.Hotel) -> str:
    """Return the price with its currency, a dash when it is missing."""
    if not hotel.HasField("price"):
        return "–"
    return f"{hotel.price.units + hotel.price.nanos / 1e9:g} {hotel.price.currency_code}".strip()


_MARKS = {
    ranking_pb2.SATISFACTION_MET: ("✓", "green"),
    ranking_pb2.SATISFACTION_NOT_MET: ("✗", "yellow"),
    ranking_pb2.SATISFACTION_UNKNOWN: ("?", "dim"),
}


def _reason(reason: ranking_pb2.Reason) -> Text:
    mark, style = _MARKS.get(reason.satisfaction, ("?", "dim"))
    what = (
        condition_words(reason.condition)
        if reason.HasField("condition")
        else trend_words(reason.trend)
    )
    prefix = "not " if reason.negated else ""
    value = f": {reason.value}" if reason.value else ""
    return Text.assemble(
        (f"{mark} ", style),
        plain(f"{prefix}{what}{value}"),
        ("" if reason.hard else "  (wish)", "dim"),
    )


def explanation(explained: search_pb2.ExplainResponse) -> Tree:
    """Return stages, fusion, timings and versions of a finished search as a tree."""
    root = Tree(f"search {explained.search_id}")
    for stage in explained.stages:
        name = str(stage.stage)
        line = (
            f"failed: {stage.failure_reason}"
            if stage.failure_reason
            else f"{len(stage.candidates)} candidates of "
            f"{stage.match_count if stage.HasField('match_count') else '?'} matches, "
            f"{stage.method}, index {stage.index_version}"
        )
        branch = root.add(f"recall stage {name}: {line}")
        for candidate in stage.candidates[:5]:
            branch.add(f"{candidate.rank}. {candidate.hotel_id}  {candidate.score:.4f}")
    fused = root.add(f"fusion: {explained.fusion}")
    for ranked in explained.ranking[:10]:
        parts = "  ".join(
            f"{part.feature} {part.value:.3f}×{part.weight:g}" for part in ranked.score_parts
        )
        fused.add(f"{ranked.rank}. {ranked.hotel_id}  {ranked.score:.4f}   {parts}")
    timings = root.add("timings")
    for timing in explained.timings:
        took, waited = timing.took.ToMicroseconds() / 1e3, timing.waited.ToMicroseconds() / 1e3
        timings.add(f"{timing.stage}: {took:.2f} ms after waiting {waited:.2f} ms")
    versions = root.add("versions")
    for name, version in sorted(explained.versions.items()):
        versions.add(f"{name}: {version}")
    return root


def plain(text: str) -> Text:
    """Return text from a record without control characters and without markup."""
    return Text("".join(c for c in text if c == "\n" or unicodedata.category(c)[0] != "C"))


def _field(number: plan_pb2.Field.ValueType) -> str:
    return plan_pb2.Field.Name(number).removeprefix("FIELD_").lower()


def _direction(number: plan_pb2.Direction.ValueType) -> str:
    return "low first" if number == plan_pb2.DIRECTION_ASCENDING else "high first"


def _words(spans: Iterable[plan_pb2.TextSpan]) -> tuple[str, str]:
    said = " … ".join(span.text for span in spans)
    return (f"   ← {said}" if said else "", "cyan")
