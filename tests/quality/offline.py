"""Understanding alone, scored on the dev files without services: a loop of seconds for its author.

    uv run python -m tests.quality.offline DATA EVAL [--set NAME] [--errors N]

DATA is the folder of the data sets, EVAL that of the scorers. Search quality as guests see it is
measured through the gateway by `python -m tests.quality`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any as Json

from concierge.catalog.v1 import hotel_pb2

from services.geography import SHIPPED_PLACES
from services.ingestion.adapters.joined_files import JoinedFiles
from services.ingestion.adapters.row_files import read_rows
from services.ingestion.domain.mapping import read_mapping
from services.plan.condition import Condition, Leaf, Near, Point
from services.plan.evaluate import satisfies
from services.plan.hotel_wire import facts_of
from services.plan.query_plan import Outcome, QueryPlan
from services.plan.tree import map_leaves
from services.platform.deadline import Deadline
from services.query_understanding.adapters.catalog_lexicon import InMemoryCatalogLexicon
from services.query_understanding.adapters.onnx_concept_reader import OnnxConceptReader
from services.query_understanding.adapters.place_files import read_places
from services.query_understanding.domain.catalog_names import KnownPlace
from services.query_understanding.domain.lexemes import Lexemes
from services.query_understanding.domain.state import DialogueState
from services.query_understanding.domain.understand import Utterance
from services.query_understanding.handlers import Readers, plan_query
from services.vocabulary import Vocabulary
from tests.quality import slots
from tests.quality.deployments import place_files
from tests.quality.profile import PROFILES, Profile

FILES = {
    "crosswoz": "hotel_dev.jsonl",
    "crosswoz_single": "hotel_dev_single.jsonl",
    "crosswoz_en": "hotel_dev_en.jsonl",
    "crosswoz_gate": "gate_dev.jsonl",
    "multiwoz": "hotel_dev.jsonl",
    "multiwoz_gate": "gate_dev.jsonl",
    "challenge": "challenge_dev.jsonl",
}


def load_hotels(profile: str, file: Path, vocabulary: Vocabulary) -> list[hotel_pb2.Hotel]:
    """Return the hotels of a file through the profile's mapping, as ingestion reads them."""
    mapping = read_mapping((PROFILES / profile / "mapping.yaml").read_text(encoding="utf-8"))
    joined = JoinedFiles(mapping, file.parent)
    return [
        mapping.hotel(joined.extend(raw.row, number), number, vocabulary)
        for number, raw in enumerate(read_rows(file))
        if raw.row is not None
    ]


class Reader:
    """Understanding over one catalogue."""

    def __init__(self, profile: str, data: Path, concepts: Path | None, confidence: float) -> None:
        vocabulary = Vocabulary.load()
        self.hotels = load_hotels(profile, data / profile / "hotel_db.json", vocabulary)
        self.lexicon = InMemoryCatalogLexicon(_places(profile, data / profile))
        self.lexicon.apply(self.hotels)
        self.lexemes = Lexemes.load(vocabulary)
        self.profile = slots.SlotProfile.load(PROFILES / profile / "slots.yaml", data / profile)
        self.names = {hotel.id: hotel.names[0].text for hotel in self.hotels}
        self.facts = [facts_of(hotel) for hotel in self.hotels]
        self.stations = _stations(data / "geo" / "beijing_subway_stations.jsonl")
        self.took_ms: list[float] = []
        self.loop = asyncio.new_event_loop()
        self.readers = Readers()
        # Plans that a model took part in.
        self.taken = 0
        if concepts is not None:
            learned = OnnxConceptReader(vocabulary, model=concepts, threshold=confidence)
            self.readers = Readers(local=learned)

    def read(self, line: dict[str, Json]) -> QueryPlan:
        """Return the plan of a line after its history."""
        history = [Utterance(t["role"] == "user", t["text"]) for t in line.get("history", ())]
        planned = plan_query(
            line["query"], DialogueState(), history, locale="", city="", lexemes=self.lexemes,
            lexicon=self.lexicon, readers=self.readers, deadline=Deadline.after(60),
        )  # fmt: skip
        plan = self.loop.run_until_complete(planned).plan
        self.took_ms.append(1e3 * plan.planner.took_s)
        self.taken += plan.planner.name != "rules"
        return plan

    def located(self, plan: QueryPlan) -> QueryPlan:
        """Put the centers of stations on the plan, which is geocoding's work."""
        from dataclasses import replace

        def center(leaf: Leaf) -> Condition:
            if not isinstance(leaf, Near) or leaf.radius_km is None:
                return leaf
            mention = next((p for p in plan.places if p.id == leaf.place_id), None)
            if mention is None:
                return leaf
            name = (mention.canonical_name or mention.name).casefold().replace(" ", "")
            point = self.stations.get(name.removesuffix("地铁站"))
            return replace(leaf, center=point) if point is not None else leaf

        if plan.condition is None:
            return plan
        return replace(plan, condition=map_leaves(plan.condition, center))

    def run_line(
        self, line: dict[str, Json], records: dict[str, dict[str, Json]]
    ) -> dict[str, Json]:
        """Return what the scorers read of one line."""
        plan = self.read(line)
        located = self.located(plan)
        hits: list[int] = []
        if plan.outcome is Outcome.SEARCH:
            hits = [int(f.hotel_id) for f in self.facts if satisfies(located.condition, f)]
        elif plan.outcome is Outcome.ABOUT_SHOWN and plan.shown_references:
            hits = [int(r.hotel_id) for r in plan.shown_references]
        target = slots.target_of(plan)
        return {
            "id": line["id"],
            "ranked": hits[: plan.count or 50],
            "constraints": slots.constraints_of(plan, self.profile),
            "condition": slots.condition_tree_of(located, self.profile, self.names),
            "outcome": slots.outcome_of(plan, len(hits)),
            "needs_retrieval": slots.needs_retrieval(plan),
            "label": slots.gate_label_of(plan),
            "target": int(target) if target is not None else None,
            "answer": slots.answer_of(plan, records[target], self.profile)
            if target is not None and target in records
            else {},
        }


def _places(profile: str, folder: Path) -> list[KnownPlace]:
    """Return the places that the profile's deployment knows by name."""
    known = Profile.load(profile)
    with tempfile.TemporaryDirectory() as target:
        files = place_files((*known.gazetteer, *known.places), folder, Path(target))
        return read_places((SHIPPED_PLACES, *files))


def _stations(file: Path) -> dict[str, Point]:
    if not file.exists():
        return {}
    found: dict[str, Point] = {}
    for row in _lines(file):
        point = Point(row["lat"], row["lon"])
        for name in (row["name"], row["name_en"], f"{row['name_en']} railway station"):
            if name:
                found.setdefault(name.casefold().replace(" ", ""), point)
    return found


def _lines(file: Path) -> Iterable[dict[str, Json]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def main() -> None:
    """Score the sets asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("eval", type=Path)
    parser.add_argument("--set", action="append", choices=FILES)
    parser.add_argument("--errors", default="0")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--concepts", type=Path, help="Model that `make train-planner` wrote.")
    parser.add_argument("--confidence", type=float, default=0.7, help="Least that it may have.")
    options = parser.parse_args()
    readers: dict[str, Reader] = {}
    out = options.out or Path(tempfile.mkdtemp())
    for name in options.set or FILES:
        folder = name.split("_")[0]
        profile = "crosswoz" if folder == "challenge" else folder
        reader = readers.setdefault(
            profile, Reader(profile, options.data, options.concepts, options.confidence)
        )
        reader.took_ms.clear()
        reader.taken = 0
        bench = options.data / folder / FILES[name]
        records = {}
        flat = options.data / folder / "hotels.jsonl"
        if flat.exists():
            records = {
                str(r["id"]): {**r, "near_attractions": r["near_attractions"]} for r in _lines(flat)
            }
        out.mkdir(parents=True, exist_ok=True)
        run = out / f"{name}.run.jsonl"
        with run.open("w", encoding="utf-8") as file:
            for line in _lines(bench):
                file.write(json.dumps(reader.run_line(line, records), ensure_ascii=False) + "\n")
        took = sorted(reader.took_ms)
        p99 = took[int(0.99 * (len(took) - 1))]
        sys.stdout.write(
            f"== {name}: p50 {statistics.median(took):.2f} ms, p99 {p99:.2f} ms, "
            f"{reader.taken} plans with a model's part\n"
        )
        sys.stdout.flush()
        for script, extra in _scorers(name, options.errors):
            command = [sys.executable, str(options.eval / script), str(bench), str(run), *extra]
            subprocess.run(command, check=False)


def _scorers(name: str, errors: str) -> list[tuple[str, list[str]]]:
    if name.endswith("_gate"):
        return [("score_gate.py", [])]
    if name == "challenge":
        return [("score_challenge.py", ["--by", "category", "--errors", errors])]
    scorers = [
        (
            "score_constraints.py",
            ["--by", "type", "--errors", errors, "--types", "search,near,lookup,followup"],
        )
    ]
    if name == "crosswoz":
        for subset in ("single", "multi"):
            scorers.append(("score_constraints.py", ["--subset", subset]))
    if name.startswith("crosswoz") and not name.endswith("single"):
        scorers.append(("score_followup.py", []))
    return scorers


if __name__ == "__main__":
    main()
