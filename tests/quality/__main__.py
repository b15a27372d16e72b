"""`python -m tests.quality run BENCH …` and `python -m tests.quality all`."""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from tests.quality.profile import Profile
from tests.quality.run import run

SUITES = Path(__file__).with_name("suites.yaml")
DEFAULT_DATA = Path("../shared")
OUT = Path(".cache/quality")


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
    arguments = parser.parse_args()
    if arguments.command == "run":
        if not arguments.bench.is_file():
            parser.error(f"{arguments.bench} is no file")
        profile = Profile.load(arguments.profile)
        asyncio.run(run({arguments.bench: arguments.out}, profile, arguments.db, arguments.target))
        return 0
    return everything(arguments.data, arguments.target, arguments.only)


def everything(data: Path, target: str | None, only: str) -> int:
    """Run every suite whose data is there; print one table."""
    if not (data / "eval").is_dir():
        sys.stderr.write(f"skipped: {data} holds no evaluation data; name it with --data\n")
        return 0
    table = Table("data set", "benchmark", "measure", "value")
    for name, suite in yaml.safe_load(SUITES.read_text(encoding="utf-8")).items():
        benches = {
            data / bench: OUT / name / Path(bench).name
            for bench in suite["benches"]
            if only in bench and (data / bench).exists()
        }
        if not benches:
            continue
        asyncio.run(run(benches, Profile.load(name), data / suite["database"], target))
        for bench, scorings in suite["benches"].items():
            if data / bench not in benches:
                continue
            for scoring in scorings:
                scores = score(data, scoring, data / bench, benches[data / bench])
                for headline, path in scoring["headlines"].items():
                    value = at(scores, path)
                    shown = "–" if value is None else f"{value:.4f}"
                    table.add_row(name, Path(bench).name, headline, shown)
    Console(width=100).print(table)
    return 0


def score(data: Path, scoring: dict[str, Any], bench: Path, out: Path) -> Any:
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
