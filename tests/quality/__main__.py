"""`python -m tests.quality run BENCH …`, `all` for every suite, `parity` for two deployments."""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from rich.console import Console
from rich.table import Table

from infra.local.services import Backends
from tests.quality.deployments import Deployment, clustered, embedded, running
from tests.quality.parity import Difference, compare
from tests.quality.profile import Profile
from tests.quality.run import run

SUITES = Path(__file__).with_name("suites.yaml")
DEFAULT_DATA = Path("../shared")
OUT = Path(".cache/quality")

# Data set, benchmark, measure.
Row: TypeAlias = tuple[str, str, str]


def main() -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("run", help="run one benchmark file")
    one.add_argument("bench", type=Path)
    one.add_argument("--profile", required=True, help="name or folder")
    one.add_argument("--db", type=Path, required=True, help="the hotels: a file or a folder")
    one.add_argument("--out", type=Path, required=True)
    one.add_argument("--target", help="HOST:PORT of a running deployment with these hotels")
    every = commands.add_parser("all", help="run every suite and print the headlines")
    every.add_argument("--data", type=Path, default=DEFAULT_DATA)
    every.add_argument("--target", help="HOST:PORT of a running deployment with these hotels")
    every.add_argument("--only", default="", help="only benchmark paths that contain this")
    both = commands.add_parser("parity", help="every suite, embedded and on the local servers")
    both.add_argument("--data", type=Path, default=DEFAULT_DATA)
    both.add_argument("--only", default="", help="only benchmark paths that contain this")
    arguments = parser.parse_args()
    if arguments.command == "run":
        if not arguments.bench.is_file():
            parser.error(f"{arguments.bench} is no file")
        profile = Profile.load(arguments.profile)
        one_run = {arguments.bench: arguments.out}
        asyncio.run(run(one_run, profile, arguments.db, _deployment(arguments.target)))
        return 0
    data: Path = arguments.data
    if not (data / "eval").is_dir():
        sys.stderr.write(f"skipped: {data} holds no evaluation data; name it with --data\n")
        return 0
    if arguments.command == "parity":
        return parity(data, arguments.only)
    return everything(data, arguments.target, arguments.only)


def _deployment(target: str | None) -> Deployment:
    return embedded if target is None else running(target)


def everything(data: Path, target: str | None, only: str) -> int:
    """Run every suite whose data is there; print one table."""
    scores: dict[Row, float | None] = {}
    for suite in suites(data, only):
        suite.run(OUT, _deployment(target))
        scores |= suite.scores(OUT)
    table = Table("data set", "benchmark", "measure", "value")
    for row, value in scores.items():
        table.add_row(*row, _shown(value))
    Console(width=100).print(table)
    return 0


def parity(data: Path, only: str) -> int:
    """Run every suite embedded and on the local servers; print how far they agree."""
    names = {"embedded": embedded, "cluster": clustered(Backends.local())}
    scores: dict[str, dict[Row, float | None]] = {name: {} for name in names}
    agreement = Table("data set", "benchmark", "same top 10", "why the others differ")
    for suite in suites(data, only):
        for name, deployment in names.items():
            suite.run(OUT / name, deployment)
            scores[name] |= suite.scores(OUT / name)
        for bench in suite.benches:
            one, other = (suite.out(OUT / name, bench) for name in names)
            compared = compare(one, other)
            reasons = [
                f"{count} {difference} ({', '.join(compared.examples[difference][:3])})"
                for difference, count in compared.counts.most_common()
                if difference is not Difference.NONE
            ]
            agreement.add_row(
                suite.name, bench.name, f"{compared.share:.4f}", "\n".join(reasons) or "–"
            )
    measures = Table("data set", "benchmark", "measure", *names)
    for row in scores["embedded"]:
        measures.add_row(*row, *(_shown(scores[name][row]) for name in names))
    Console(width=120).print(agreement)
    Console(width=120).print(measures)
    return 0


@dataclass(frozen=True, slots=True)
class Suite:
    """The benchmarks over one database.

    Attributes:
        name: Of the profile.
        data: Folder of all data.
        database: The hotels.
        benches: Scorings by benchmark file.
    """

    name: str
    data: Path
    database: Path
    benches: Mapping[Path, Sequence[Mapping[str, Any]]]

    def out(self, folder: Path, bench: Path) -> Path:
        """Return where a benchmark's run is written."""
        return folder / self.name / bench.name

    def run(self, folder: Path, deployment: Deployment) -> None:
        """Run every benchmark on a deployment."""
        outs = {bench: self.out(folder, bench) for bench in self.benches}
        asyncio.run(run(outs, Profile.load(self.name), self.database, deployment))

    def scores(self, folder: Path) -> dict[Row, float | None]:
        """Return every headline of the runs in a folder."""
        return {
            (self.name, bench.name, headline): at(scored, path)
            for bench, scorings in self.benches.items()
            for scoring in scorings
            for scored in [score(self.data, scoring, bench, self.out(folder, bench))]
            for headline, path in scoring["headlines"].items()
        }


def suites(data: Path, only: str) -> Iterator[Suite]:
    """Yield the suites whose data is there, with the benchmarks whose path contains `only`."""
    for name, suite in yaml.safe_load(SUITES.read_text(encoding="utf-8")).items():
        benches = {
            data / bench: scorings
            for bench, scorings in suite["benches"].items()
            if only in bench and (data / bench).exists()
        }
        if benches:
            yield Suite(name, data, data / suite["database"], benches)


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def score(data: Path, scoring: Mapping[str, Any], bench: Path, out: Path) -> Any:
    """Run a scorer; return its JSON.

    Raises:
        SystemExit: The scorer failed; with what it said.
    """
    done = subprocess.run(
        [
            sys.executable,
            str(data / "eval" / scoring["scorer"]),
            str(bench),
            str(out),
            "--json",
            *scoring.get("arguments", ()),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"error: {scoring['scorer']}: {done.stderr}")
    return json.loads(done.stdout)


def at(scores: Any, path: str) -> float | None:
    """Return the number at a dotted path, `None` where there is none."""
    for part in path.split("."):
        if isinstance(scores, list):
            scores = scores[int(part)]
        else:
            scores = scores.get(part) if isinstance(scores, dict) else None
    return None if scores is None else float(scores)


if __name__ == "__main__":
    sys.exit(main())
