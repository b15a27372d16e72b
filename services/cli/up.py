"""`concierge up`: the whole product in one process."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from services.cli.session import DEFAULT_DATA, run
from services.platform import logs, telemetry
from services.platform.lifecycle import until_stopped


def up(
    data: Path = typer.Option(DEFAULT_DATA, "--data", help="Data directory."),
    port: int = typer.Option(50051, "--port", min=0, max=65535, help="gRPC port; 0: any free."),
    workers: bool = typer.Option(
        True, "--workers/--no-workers", help="Start the ingestion workers too."
    ),
    log_level: str = typer.Option("INFO", "--log-level", help="DEBUG, INFO, WARNING or ERROR."),
    gazetteer: list[Path] = typer.Option(
        [], "--gazetteer", help="Further places, JSON Lines with name, lat, lon."
    ),
    places: list[Path] = typer.Option(
        [], "--places", help="Places guests may name, JSON Lines with name, category; no position."
    ),
) -> None:
    """Start every service in this process; stop with Ctrl-C."""
    # Imported here: the image that sets a cluster up is without the embedded engines.
    from services.embedded.runtime import EmbeddedRuntime
    from services.embedded.settings import EmbeddedSettings

    if log_level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise typer.BadParameter("must be DEBUG, INFO, WARNING or ERROR", param_hint="--log-level")
    logs.configure(level=log_level, as_json=not sys.stderr.isatty())
    tracing = telemetry.configure_from_environment("concierge")

    async def work() -> None:
        settings = EmbeddedSettings(
            data_dir=data,
            port=port,
            with_workers=workers,
            gazetteer_files=tuple(gazetteer),
            place_files=tuple(places),
        )
        runtime = EmbeddedRuntime(settings, progress=lambda line: _say(f"  {line}"))
        try:
            bound = await runtime.start()
            _say(f"ready: {runtime.hotel_count()} hotels, gRPC on 127.0.0.1:{bound}")
            await until_stopped()
        finally:
            await runtime.stop()
            if tracing is not None:
                tracing.shutdown()

    run(work)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
