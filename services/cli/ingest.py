"""`concierge ingest`, `jobs`, `quarantine`: loading a catalogue and what became of it."""

from __future__ import annotations

import json
from pathlib import Path

import grpc
import typer
from concierge.ingestion.v1 import ingestion_pb2, ingestion_pb2_grpc
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from services.cli import render
from services.cli.session import Place, connected, run
from services.platform.errors import FailedPrecondition, InvalidArgument

TIMEOUT_S = 10.0
JOB_TIMEOUT_S = 24 * 3600.0

console = Console(highlight=False)
quarantine_app = typer.Typer(help="Rows that were refused.", no_args_is_help=True)


def ingest(
    files: list[Path] = typer.Argument(..., help="JSONL, CSV or Parquet, plain or .gz."),
    mapping: Path | None = typer.Option(
        None, "--mapping", help="How your columns become hotels; see docs/mapping.md."
    ),
    target: str | None = Place.target,
    data: Path = Place.data,
) -> None:
    """Load hotels; bad rows go to the quarantine with line and reason."""

    async def work() -> None:
        mapping_yaml, paths = _read_mapping(mapping), _existing(files)
        async with connected(target, data, with_workers=True) as channel:
            stub = ingestion_pb2_grpc.IngestionServiceStub(channel)
            for file in paths:
                submitted = await stub.SubmitJob(
                    ingestion_pb2.SubmitJobRequest(
                        path=file,
                        mapping_yaml=mapping_yaml,
                        mapping_base_path=_folder(mapping),
                    ),
                    timeout=TIMEOUT_S,
                )
                _summary(await watch(stub, submitted.job.id))

    run(work)


def _existing(files: list[Path]) -> list[str]:
    for file in files:
        if not file.exists():
            raise InvalidArgument(f"{file} does not exist", field="path")
    return [str(file.resolve()) for file in files]


def _folder(mapping: Path | None) -> str:
    return str(mapping.resolve().parent) if mapping else ""


def _read_mapping(mapping: Path | None) -> str:
    if mapping is None:
        return ""
    try:
        return mapping.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgument(f"{mapping} cannot be read: {error}", field="mapping") from error


async def watch(
    stub: ingestion_pb2_grpc.IngestionServiceAsyncStub, job_id: str
) -> ingestion_pb2.Job:
    """Show a job's progress until it ends; return it."""
    job = ingestion_pb2.Job()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
    ) as progress:
        bar = progress.add_task("reading", total=None)
        request = ingestion_pb2.WatchJobRequest(job_id=job_id)
        async for message in stub.WatchJob(request, timeout=JOB_TIMEOUT_S):
            job = message.job
            progress.update(
                bar,
                description=Path(job.path).name,
                completed=job.read_count,
                total=job.row_count if job.HasField("row_count") else None,
            )
    return job


def _summary(job: ingestion_pb2.Job) -> None:
    if job.state == ingestion_pb2.JOB_STATE_FAILED:
        raise FailedPrecondition(f"{job.path}: {job.failure}")
    took = job.ended_at.ToMicroseconds() - job.submitted_at.ToMicroseconds()
    rate = job.read_count / (took / 1e6) if took > 0 else 0.0
    console.print(
        f"{job.read_count} rows: {job.published_count} published, {job.unchanged_count} unchanged, "
        f"{job.quarantined_count} in quarantine; {took / 1e6:.1f} s, {rate:.0f} rows/s"
    )
    if job.quarantined_count:
        console.print(f"see: concierge quarantine list --job {job.id}", style="dim")


def jobs(target: str | None = Place.target, data: Path = Place.data) -> None:
    """List loads, newest first."""

    async def work() -> None:
        async with connected(target, data) as channel:
            stub = ingestion_pb2_grpc.IngestionServiceStub(channel)
            response = await stub.ListJobs(ingestion_pb2.ListJobsRequest(), timeout=TIMEOUT_S)
            table = Table("job", "file", "state", "read", "published", "unchanged", "quarantine")
            for job in response.jobs:
                table.add_row(
                    job.id,
                    render.plain(Path(job.path).name),
                    ingestion_pb2.JobState.Name(job.state).removeprefix("JOB_STATE_").lower(),
                    str(job.read_count),
                    str(job.published_count),
                    str(job.unchanged_count),
                    str(job.quarantined_count),
                )
            console.print(table)

    run(work)


@quarantine_app.command("list")
def quarantine_list(
    job: str = typer.Option("", "--job", help="Only this load's rows."),
    limit: int = typer.Option(50, "--limit", min=1, max=1000),
    target: str | None = Place.target,
    data: Path = Place.data,
) -> None:
    """List refused rows with line and reason."""

    async def work() -> None:
        async with connected(target, data) as channel:
            response = await _rows(channel, job_id=job, page_size=limit)
            table = Table("row", "line", "field", "reason")
            for row in response.rows:
                table.add_row(row.id, str(row.line_number), row.field, render.plain(row.reason))
            console.print(table)
            if response.next_page_token:
                console.print(f"more than {limit} rows; raise --limit", style="dim")

    run(work)


@quarantine_app.command("show")
def quarantine_show(
    row: str = typer.Argument(..., help="Row id."),
    target: str | None = Place.target,
    data: Path = Place.data,
) -> None:
    """Show one refused row as it stood."""

    async def work() -> None:
        async with connected(target, data) as channel:
            response = await _rows(channel, row_id=row)
            if not response.rows:
                raise InvalidArgument(f"{row} is not in the quarantine", field="row")
            found = response.rows[0]
            console.print(f"job {found.job_id}, line {found.line_number}")
            console.print(render.plain(f"{found.field or 'line'}: {found.reason}"))
            console.print(render.plain(found.raw))

    run(work)


@quarantine_app.command("replay")
def quarantine_replay(
    rows: list[str] | None = typer.Argument(None, help="Row ids; none: all of --job."),
    job: str = typer.Option("", "--job", help="All rows of this load."),
    corrected: Path | None = typer.Option(
        None, "--corrected", help='JSON file: {"row id": corrected row}.'
    ),
    target: str | None = Place.target,
    data: Path = Place.data,
) -> None:
    """Try refused rows again, as they are or corrected."""

    async def work() -> None:
        if not rows and not job:
            raise InvalidArgument("name rows, or a load with --job", field="rows")
        async with connected(target, data) as channel:
            stub = ingestion_pb2_grpc.IngestionServiceStub(channel)
            response = await stub.ReplayQuarantine(
                ingestion_pb2.ReplayQuarantineRequest(
                    row_ids=rows or [], job_id=job, corrections=_corrections(corrected)
                ),
                timeout=JOB_TIMEOUT_S,
            )
            console.print(
                f"{response.published_count} published, "
                f"{response.quarantined_count} still in quarantine"
            )

    run(work)


def _corrections(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidArgument(f"{file} cannot be read: {error}", field="corrected") from error
    if not isinstance(entries, dict):
        raise InvalidArgument("must be a JSON object by row id", field="corrected")
    return {
        row: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for row, value in entries.items()
    }


async def _rows(
    channel: grpc.aio.Channel, *, job_id: str = "", row_id: str = "", page_size: int = 1
) -> ingestion_pb2.ListQuarantineResponse:
    stub = ingestion_pb2_grpc.IngestionServiceStub(channel)
    return await stub.ListQuarantine(
        ingestion_pb2.ListQuarantineRequest(job_id=job_id, row_id=row_id, page_size=page_size),
        timeout=TIMEOUT_S,
    )
