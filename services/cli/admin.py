"""`concierge admin`: what a cluster's backends need before services start, and dead letters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.cli import render
from services.cli.session import run
from services.keyword_search.settings import ElasticsearchSettings
from services.platform import logs
from services.platform.delivery import ERROR, ORIGIN
from services.platform.errors import ConciergeError
from services.platform.events import CE_TIME
from services.platform.settings import KafkaSettings
from services.platform.setup import Drift, Resource
from services.platform.topics import load_topics
from services.vector_retrieval.settings import EmbedderSettings, MilvusSettings
from services.vocabulary import Vocabulary

if TYPE_CHECKING:
    from services.platform.adapters.kafka_dead_letters import KafkaDeadLetters

console = Console(highlight=False)
admin_app = typer.Typer(help="Backends of a cluster; settings are ADMIN_*.", no_args_is_help=True)
letters_app = typer.Typer(help="Events that failed for good.", no_args_is_help=True)
admin_app.add_typer(letters_app, name="dead-letters")


class AdminSettings(BaseSettings):
    """Where the backends are, for commands that look after them."""

    model_config = SettingsConfigDict(
        env_prefix="ADMIN_",
        frozen=True,
        env_nested_delimiter="__",
        env_file=".env",
        extra="ignore",
    )

    kafka: KafkaSettings = KafkaSettings()
    topic_replication: int = Field(
        default=0, ge=0, description="Copies of a new topic's partitions; 0: the brokers' default."
    )
    milvus: MilvusSettings = MilvusSettings()
    embedder: EmbedderSettings = EmbedderSettings()
    elasticsearch: ElasticsearchSettings = ElasticsearchSettings()


def resources(settings: AdminSettings) -> list[Resource]:
    """Return all that setup checks and makes, in this order."""
    # Imported here: the embedded deployment is installed without the clients of servers.
    from services.platform.adapters.kafka_topics import KafkaTopics

    found: list[Resource] = [
        KafkaTopics(settings.kafka, load_topics(), replication=settings.topic_replication or None)
    ]
    if settings.milvus.uri:
        found.append(_milvus(settings.milvus, settings.embedder))
    if settings.elasticsearch.hosts:
        from services.keyword_search.adapters.elasticsearch_schema import ElasticsearchIndexResource

        found.append(ElasticsearchIndexResource(settings.elasticsearch, now=datetime.now(UTC)))
    return found


def _milvus(settings: MilvusSettings, embedder: EmbedderSettings) -> Resource:
    from services.vector_retrieval.adapters.hashed_embedder import HashedEmbedder
    from services.vector_retrieval.adapters.milvus_schema import Coding
    from services.vector_retrieval.adapters.milvus_setup import MilvusSetup

    vocabulary, dimension = Vocabulary.load(), embedder.dimension
    version = embedder.version or HashedEmbedder(vocabulary, dimension=dimension).version
    coding = Coding.new(version, vocabulary)
    return MilvusSetup(settings, coding=coding, dimension=dimension)


@admin_app.callback()
def admin() -> None:
    """Backends of a cluster; settings are ADMIN_*."""
    logs.configure(level="WARNING", as_json=False)


@admin_app.command("setup")
def setup(
    check: bool = typer.Option(False, "--check", help="Change nothing; exit 1 on any difference."),
) -> None:
    """Make topics and indexes as declared; tell what differs. Safe to run again."""
    results = [_set_up(resource, check=check) for resource in resources(AdminSettings())]
    if not all(results):
        raise typer.Exit(1)


def _set_up(resource: Resource, *, check: bool) -> bool:
    """Check a resource, make it unless only checking; return whether it is as declared."""
    try:
        drifts = resource.check()
        if drifts and not check:
            _print(resource, drifts, "was")
            resource.apply()
            drifts = resource.check()
    except ConciergeError as error:
        typer.echo(f"error: {error.message}", err=True)
        return False
    if drifts:
        _print(resource, drifts, "is")
    else:
        console.print(f"{resource.name}: as declared")
    return not drifts


def _print(resource: Resource, drifts: Sequence[Drift], verb: str) -> None:
    console.print(f"{resource.name}: {len(drifts)} differences")
    for drift in drifts:
        console.print(
            f"  {drift.subject}: {drift.aspect} {verb} {drift.found}, declared is {drift.wanted}",
            soft_wrap=True,
        )


@letters_app.command("list")
def letters_list() -> None:
    """List the dead-letter topics that hold letters."""
    table = Table("topic.service", "kept", "waiting")
    for letters in run(lambda: _letters().standing()):
        table.add_row(letters.name, str(letters.kept), str(letters.waiting))
    console.print(table)


@letters_app.command("show")
def letters_show(
    name: str = typer.Argument(..., metavar="TOPIC.SERVICE"),
    limit: int = typer.Option(20, "--limit", min=1, max=1000),
) -> None:
    """Show the oldest letters that were not replayed."""
    table = Table("letter", "event", "key", "happened", "from", "error")
    for record in run(lambda: _letters().show(name, limit=limit)):
        table.add_row(
            str(record.offset),
            record.type.rpartition(".")[2],
            render.plain(record.key),
            _text(record.headers.get(CE_TIME)),
            _text(record.headers.get(ORIGIN)),
            _text(record.headers.get(ERROR)),
        )
    console.print(table)


@letters_app.command("replay")
def letters_replay(
    name: str = typer.Argument(..., metavar="TOPIC.SERVICE"),
    limit: int = typer.Option(1_000_000, "--limit", min=1, help="Most letters, oldest first."),
) -> None:
    """Publish letters to their topic again, each once."""
    replayed = run(lambda: _letters().replay(name, limit=limit))
    console.print(f"{replayed.published} published to {name.rpartition('.')[0]} again")
    if replayed.superseded:
        console.print(f"{replayed.superseded} left alone: the topic has a newer record of the key")


def _letters() -> KafkaDeadLetters:
    from services.platform.adapters.kafka_dead_letters import KafkaDeadLetters

    return KafkaDeadLetters(AdminSettings().kafka, load_topics())


def _text(raw: bytes | None) -> Text:
    return render.plain((raw or b"").decode("utf-8", "replace"))
