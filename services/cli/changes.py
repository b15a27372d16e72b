"""`concierge remove` and `concierge facts`: changes of the catalogue without a load."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import typer
from concierge.catalog.v1 import catalog_events_pb2
from concierge.ingestion.v1 import ingestion_pb2, ingestion_pb2_grpc
from google.protobuf import json_format
from rich.console import Console

from services.cli.session import Place, connected, run
from services.platform.errors import InvalidArgument

TIMEOUT_S = 60.0
AT_ONCE = 1_000

console = Console(highlight=False)


def remove(
    hotels: list[str] = typer.Argument(..., metavar="ID...", help="Hotel ids."),
    target: str | None = Place.target,
    data: Path = Place.data,
) -> None:
    """Take hotels out of the catalogue."""

    async def work() -> None:
        async with connected(target, data) as channel:
            stub = ingestion_pb2_grpc.IngestionServiceStub(channel)
            removed = 0
            for start in range(0, len(hotels), AT_ONCE):
                request = ingestion_pb2.RemoveHotelsRequest(
                    hotel_ids=hotels[start : start + AT_ONCE]
                )
                response = await stub.RemoveHotels(request, timeout=TIMEOUT_S)
                removed += response.removed_count
            console.print(f"{removed} removed")

    run(work)


def facts(
    file: Path = typer.Argument(
        ..., help="JSON Lines of HotelFactsChanged; without changed_at: now."
    ),
    target: str | None = Place.target,
    data: Path = Place.data,
) -> None:
    """Change prices, availability and status of hotels; searchable within seconds.

    A line: {"hotel_id": "1", "price": {"currency_code": "CNY", "units": 480}, "available": true}

    State every fast fact that you keep: the last line of a hotel is the one that is kept.
    """

    async def work() -> None:
        changes = _read(file)
        async with connected(target, data) as channel:
            stub = ingestion_pb2_grpc.IngestionServiceStub(channel)
            changed = 0
            while some := list(islice(changes, AT_ONCE)):
                request = ingestion_pb2.ChangeFactsRequest(changes=some)
                response = await stub.ChangeFacts(request, timeout=TIMEOUT_S)
                changed += response.changed_count
            console.print(f"{changed} changed")

    run(work)


def _read(file: Path) -> Iterator[catalog_events_pb2.HotelFactsChanged]:
    try:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _change(line, f"{file}, line {number}")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgument(f"{file} cannot be read: {error}", field="file") from error


def _change(line: str, at: str) -> catalog_events_pb2.HotelFactsChanged:
    change = catalog_events_pb2.HotelFactsChanged()
    try:
        json_format.Parse(line, change)
    except json_format.ParseError as error:
        raise InvalidArgument(str(error), field=at) from error
    if not change.HasField("changed_at"):
        change.changed_at.GetCurrentTime()
    return change
