"""`concierge serve` and `concierge settings`: one service as a process of its own."""

from __future__ import annotations

import importlib
import os
from enum import StrEnum
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from services.platform import process
from services.platform.settings import ServiceSettings, SettingDescription, describe


class Service(StrEnum):
    """The services that run as processes."""

    GATEWAY = "gateway"
    QUERY_UNDERSTANDING = "query-understanding"
    GEOCODING = "geocoding"
    VECTOR_RETRIEVAL = "vector-retrieval"
    KEYWORD_SEARCH = "keyword-search"
    RANKING = "ranking"
    ANSWERING = "answering"
    INGESTION = "ingestion"

    @property
    def package(self) -> str:
        """The Python package."""
        return f"services.{self.value.replace('-', '_')}"

    def settings(self) -> type[ServiceSettings]:
        """Return the class of its settings."""
        module = importlib.import_module(f"{self.package}.settings")
        name = "".join(part.capitalize() for part in self.value.split("-")) + "Settings"
        kind: type[ServiceSettings] = getattr(module, name)
        return kind


def serve(
    service: Service = typer.Argument(help="Which one."),
    changes: list[str] = typer.Option(
        [], "--set", metavar="NAME=VALUE", help="A setting, above the environment's and .env's."
    ),
) -> None:
    """Run one service on a cluster's servers; stop with SIGTERM or Ctrl-C."""
    kind = service.settings()
    known = {setting.name: setting for setting in describe(kind)}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals or name not in known:
            raise typer.BadParameter(
                f"{change!r} is no NAME=VALUE of `concierge settings {service}`", param_hint="--set"
            )
        # One way to read a value, wherever it comes from.
        os.environ[known[name].environment] = value
    module: Any = importlib.import_module(f"{service.package}.main")
    raise typer.Exit(process.main(module.serve, kind))


def settings(
    service: Service = typer.Argument(help="Which one."),
    as_env: bool = typer.Option(False, "--env", help="As lines of a .env file."),
) -> None:
    """Print every setting of a service with its meaning and default."""
    rows: list[SettingDescription] = list(describe(service.settings()))
    if as_env:
        for row in rows:
            typer.echo(f"# {row.description}\n#{row.environment}={row.default}")
        return
    table = Table()
    for heading in ("setting", "environment", "default", "meaning"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(row.name, row.environment, row.default, row.description)
    Console().print(table)
