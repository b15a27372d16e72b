"""Where a command works: a running deployment, or an embedded one on a data directory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import grpc
import typer
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.platform import logs
from services.platform.errors import ConciergeError
from services.platform.rpc import channel, from_rpc_error
from services.platform.settings import TlsSettings
from services.platform.tls import channel_credentials

T = TypeVar("T")

DEFAULT_DATA = Path(".data/concierge")


class Place:
    """Options that say where a command works; every command has them."""

    target = typer.Option(
        None, "--target", metavar="HOST:PORT", help="A running deployment's gRPC address."
    )
    data = typer.Option(DEFAULT_DATA, "--data", help="Data directory of the embedded deployment.")


class CallerSettings(BaseSettings):
    """Read from `CONCIERGE_*`: who the command line is to a running deployment."""

    model_config = SettingsConfigDict(
        frozen=True, env_prefix="CONCIERGE_", env_nested_delimiter="__", env_file=".env",
        extra="ignore",
    )  # fmt: skip

    tls: TlsSettings = TlsSettings()


@asynccontextmanager
async def connected(
    target: str | None, data: Path, *, with_workers: bool = False
) -> AsyncIterator[grpc.aio.Channel]:
    """Yield a channel to the deployment the command works on.

    Args:
        target: Address of a running deployment, or `None` for the embedded one.
        data: Data directory of the embedded deployment.
        with_workers: Whether the embedded deployment also starts its ingestion workers.

    Raises:
        FailedPrecondition: Another process holds the data directory, or a file of
            `CONCIERGE_TLS__…` cannot be read.
    """
    if target is not None:
        async with channel(target, channel_credentials(CallerSettings().tls)) as remote:
            yield remote
        return
    # Imported here: the image that sets a cluster up is without the embedded engines.
    from services.embedded.runtime import EmbeddedRuntime
    from services.embedded.settings import EmbeddedSettings

    logs.configure(level="WARNING", as_json=False)
    settings = EmbeddedSettings(data_dir=data, port=0, with_workers=with_workers)
    runtime = EmbeddedRuntime(settings)
    try:
        port = await runtime.start()
        async with channel(f"127.0.0.1:{port}") as local:
            yield local
    finally:
        await runtime.stop()


def run(work: Callable[[], Awaitable[T]]) -> T:
    """Run a command's work; an error is one sentence on stderr and exit code 1."""

    async def main() -> T:
        try:
            return await work()
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error

    try:
        return asyncio.run(main())
    except ConciergeError as error:
        typer.echo(f"error: {error.message}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        typer.echo("interrupted", err=True)
        raise typer.Exit(130) from error
