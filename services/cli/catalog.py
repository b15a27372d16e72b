"""`concierge catalog`: catalogues to try things with."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import track

from services.ingestion.domain.generator import generate, to_line

# Hotels that a process makes at a time.
_CHUNK = 2_000

catalog_app = typer.Typer(help="Catalogues to try things with.", no_args_is_help=True)
console = Console(highlight=False, stderr=True)


@catalog_app.callback()
def catalog() -> None:
    """Catalogues to try things with."""


@catalog_app.command("generate")
def generate_catalog(
    hotels: int = typer.Option(..., "--hotels", min=1, help="How many hotels."),
    seed: int = typer.Option(1, "--seed", help="The same seed gives the same hotels."),
    out: Path = typer.Option(Path("-"), "--out", help="File to write; - is standard output."),
) -> None:
    """Write believable hotels of several cities, the same ones for the same seed."""
    start = time.perf_counter()
    lines = _lines(hotels, seed)
    if str(out) == "-":
        for line in lines:
            sys.stdout.write(line + "\n")
        return
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("w", encoding="utf-8") as file:
            for line in track(lines, total=hotels, description="hotels", console=console):
                file.write(line + "\n")
    except OSError as error:
        typer.echo(f"error: {out} cannot be written: {error.strerror}", err=True)
        raise typer.Exit(1) from error
    console.print(f"{hotels} hotels in {out}, {time.perf_counter() - start:.1f} s")


def _lines(hotels: int, seed: int) -> Iterator[str]:
    """Yield the hotels as lines of JSON in order, made by as many processes as there are cores."""
    chunks = [(min(_CHUNK, hotels - first), first) for first in range(0, hotels, _CHUNK)]
    processes = min(os.cpu_count() or 1, len(chunks))
    if processes == 1:
        for chunk in chunks:
            yield from _made(seed, *chunk)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawn) as pool:
        # No more are made ahead than are about to be written.
        ahead: deque[Future[list[str]]] = deque()
        for chunk in chunks:
            ahead.append(pool.submit(_made, seed, *chunk))
            if len(ahead) > 2 * processes:
                yield from ahead.popleft().result()
        while ahead:
            yield from ahead.popleft().result()


def _made(seed: int, count: int, first: int) -> list[str]:
    return [to_line(hotel) for hotel in generate(count, seed, first=first)]
