"""Runs a benchmark through the gateway like any client and writes what the scorers read."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
from concierge.answering.v1 import answering_pb2
from concierge.plan.v1 import plan_pb2
from concierge.search.v1 import conversation_pb2, search_pb2, search_pb2_grpc
from rich.progress import track

from services.ingestion.adapters.row_files import read_rows
from services.ingestion.loading import RowReader
from services.plan.condition import Field
from services.plan.evaluate import satisfies
from services.plan.hotel_wire import facts_of
from services.plan.query_plan import QueryPlan
from services.plan.wire import plan_from_pb
from services.platform import logs
from services.vocabulary import Vocabulary
from tests.quality import slots
from tests.quality.deployments import Deployment
from tests.quality.profile import Profile

PAGE_SIZE = 10
TIMEOUT_S = 20.0
CLIENTS = 4

_ROLES = {"user": conversation_pb2.ROLE_USER, "assistant": conversation_pb2.ROLE_ASSISTANT}


async def run(
    benches: Mapping[Path, Path], profile: Profile, database: Path, deployment: Deployment
) -> None:
    """Run benchmarks over one database.

    Args:
        benches: Output file by benchmark file.
        profile: The data set's profile.
        database: The hotels, a file or a folder.
        deployment: Opens a deployment that holds these hotels.
    """
    logs.configure(level="ERROR", as_json=False)
    file = profile.database(database)
    async with deployment(profile, file) as door:
        words = slots.SlotProfile.load(profile.slots_file, file.parent)
        reader = RowReader(profile.mapping_yaml, file.parent, Vocabulary.load())
        hotels = [reader.hotel(raw.row, n) for n, raw in enumerate(read_rows(file)) if raw.row]
        names = {hotel.id: hotel.names[0].text for hotel in hotels}
        for bench, out in benches.items():
            await _bench(bench, out, profile.name, words, names, door)


async def _bench(
    bench: Path,
    out: Path,
    name: str,
    profile: slots.SlotProfile,
    names: Mapping[str, str],
    door: grpc.aio.Channel,
) -> None:
    lines = [json.loads(line) for line in bench.read_text("utf-8").splitlines() if line.strip()]
    stub = search_pb2_grpc.SearchServiceStub(door)
    results: list[dict[str, Any]] = [{}] * len(lines)
    waiting = iter(track(range(len(lines)), description=f"{name} {bench.name}"))

    async def client() -> None:
        for index in waiting:
            results[index] = await _line(stub, lines[index], profile, names)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", encoding="utf-8") as file:
        for result in results:
            file.write(json.dumps(result, ensure_ascii=False) + "\n")


async def _line(
    stub: search_pb2_grpc.SearchServiceAsyncStub,
    line: Mapping[str, Any],
    profile: slots.SlotProfile,
    names: Mapping[str, str],
) -> dict[str, Any]:
    turn = search_pb2.GuestTurn(
        text=line["query"],
        page_size=PAGE_SIZE,
        history=[
            conversation_pb2.Utterance(role=_ROLES[turn["role"]], text=turn["text"])
            for turn in line.get("history", ())
        ],
    )
    result = search_pb2.SearchHotelsResponse()
    citations: list[answering_pb2.Citation] = []
    request = search_pb2.RecommendRequest(turn=turn)
    async for part in stub.Recommend(request, timeout=TIMEOUT_S):
        if part.HasField("result"):
            result = part.result
        elif part.HasField("sentence"):
            citations.extend(part.sentence.citations)
    _check_hits(line["id"], result)
    return result_line(line["id"], result, citations, profile, names)


def _check_hits(id: str, result: search_pb2.SearchHotelsResponse) -> None:
    """Stop at a hit that violates the plan: nothing else this run measures would count.

    Raises:
        SystemExit: Naming the line and the hotel.
    """
    condition = plan_from_pb(result.plan).condition
    for hit in result.hits:
        if not satisfies(condition, facts_of(hit.hotel)):
            raise SystemExit(f"error: {id}: hotel {hit.hotel.id} violates a hard condition")


def result_line(
    id: str,
    result: search_pb2.SearchHotelsResponse,
    citations: list[answering_pb2.Citation],
    profile: slots.SlotProfile,
    names: Mapping[str, str],
) -> dict[str, Any]:
    """Return all that the scorers read of one line."""
    domain_plan = plan_from_pb(result.plan)
    label = slots.gate_label_of(domain_plan)
    return {
        "id": id,
        "scores": [round(hit.score, 6) for hit in result.hits],
        "skipped_stages": list(result.skipped_stages),
        "ranked": [_id(hit.hotel.id) for hit in result.hits]
        or [_id(hotel.id) for hotel in result.shown_hotels],
        "constraints": slots.constraints_of(domain_plan, profile),
        "condition": slots.condition_tree_of(domain_plan, profile, names),
        "outcome": slots.outcome_of(domain_plan, len(result.hits)),
        "needs_retrieval": label in ("search", "lookup"),
        "label": label,
        "target": _target(result),
        "answer": answer(domain_plan, citations, profile),
    }


def answer(
    plan: QueryPlan, citations: list[answering_pb2.Citation], profile: slots.SlotProfile
) -> dict[str, Any]:
    """Return the facts asked for as the answer's citations give them."""
    told: dict[str, Any] = {}
    facilities = profile.terms.get("facility", {}).get("values", {})
    for fact in plan.requested_facts:
        value = f"{fact.field.value}:{fact.value}" if fact.field is Field.NEARBY else fact.field
        slot = profile.facts.get(value)
        if slot is None:
            continue
        for citation in citations:
            same = plan_pb2.Field.Name(citation.field) == f"FIELD_{fact.field.name}"
            if not same or citation.asked_value != fact.value:
                continue
            values = list(citation.values)
            if fact.field is Field.FACILITY:
                word = facilities.get(fact.value, fact.value)
                word = word[0] if isinstance(word, list) else word
                told[slot.format(value=word)] = bool(values)
            elif fact.field is Field.NEARBY:
                told[slot] = [profile.spellings.get(name, name) for name in values]
            elif values and fact.field in (Field.PRICE, Field.GUEST_RATING):
                number = re.search(r"\d+(?:\.\d+)?", values[0])
                told[slot] = float(number[0]) if number else values[0]
            else:
                told[slot] = values[0] if values else None
            break
    return told


def _target(result: search_pb2.SearchHotelsResponse) -> int | str | None:
    if result.shown_hotels:
        return _id(result.shown_hotels[0].id)
    return _id(result.hits[0].hotel.id) if result.hits else None


def _id(id: str) -> int | str:
    return int(id) if id.isdecimal() else id
