"""What only Elasticsearch has: its setup, its absence, its refusals."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import elasticsearch
import pytest
import pytest_asyncio

from services.keyword_search.adapters.elasticsearch_client import refusal
from services.keyword_search.adapters.elasticsearch_index import open_index
from services.keyword_search.adapters.elasticsearch_schema import ElasticsearchIndexResource
from services.keyword_search.domain.document import document_of
from services.keyword_search.settings import ElasticsearchSettings
from services.plan.condition import All, Condition, Field, Not, Term
from services.plan.condition import Any as AnyOf
from services.platform.errors import ConciergeError, Unavailable, Unimplemented
from tests.contract.keyword_search.keyword_index_contract import asking, hotel
from tests.elasticsearch_server import RealIndex, real_index, remove, settings_of
from tests.endpoints import endpoint

AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


@pytest_asyncio.fixture
async def real() -> AsyncIterator[RealIndex]:
    async with real_index() as made:
        yield made


# --- setup ---------------------------------------------------------------------------------------
@pytest_asyncio.fixture
async def bare() -> AsyncIterator[tuple[ElasticsearchSettings, elasticsearch.AsyncElasticsearch]]:
    """A cluster without anything of ours."""
    settings = settings_of(endpoint("ELASTICSEARCH"))
    async with elasticsearch.AsyncElasticsearch(list(settings.hosts)) as client:
        yield settings, client
        await remove(client, settings.alias)


@pytest.mark.integration
async def test_setup_is_repeatable_and_tells_what_differs(
    bare: tuple[ElasticsearchSettings, elasticsearch.AsyncElasticsearch],
) -> None:
    settings, client = bare
    alias = settings.alias
    resource = ElasticsearchIndexResource(settings, now=AT)
    assert [(drift.subject, drift.found) for drift in resource.check()] == [
        (f"index template {alias}", ""),
        (f"alias {alias}", ""),
    ]
    resource.apply()
    assert list(resource.check()) == []
    resource.apply()
    assert list(await client.indices.get_alias(name=alias)) == [f"{alias}-202601020304"]

    other = settings.model_copy(update={"shards": 3})
    (drift,) = ElasticsearchIndexResource(other, now=AT).check()
    assert (drift.subject, drift.wanted, drift.found) == (f"index template {alias}", "3", "1")
    assert drift.aspect.endswith("number_of_shards")


@pytest.mark.integration
async def test_an_index_with_other_fields_is_told_and_left(
    bare: tuple[ElasticsearchSettings, elasticsearch.AsyncElasticsearch],
) -> None:
    settings, client = bare
    alias = settings.alias
    await client.indices.create(
        index=f"{alias}-old",
        aliases={alias: {}},
        mappings={"properties": {"price": {"type": "keyword"}}},
    )
    resource = ElasticsearchIndexResource(settings, now=AT)
    resource.apply()
    drifts = {drift.aspect: drift for drift in resource.check()}
    price = drifts["mappings.properties.price.type"]
    assert (price.subject, price.wanted, price.found) == (f"index {alias}-old", "double", "keyword")
    assert drifts["mappings.properties.record"].found == ""
    assert list(await client.indices.get_alias(name=alias)) == [f"{alias}-old"]


def test_setup_says_that_the_cluster_is_away(unused_tcp_port: int) -> None:
    resource = ElasticsearchIndexResource(_settings(unused_tcp_port), now=AT)
    for work in (resource.check, resource.apply):
        with pytest.raises(Unavailable) as away:
            work()
        assert away.value.reason == "ELASTICSEARCH_AWAY"


# --- away, slow, unprepared ----------------------------------------------------------------------
def _settings(port: int) -> ElasticsearchSettings:
    return ElasticsearchSettings(
        hosts=(f"http://127.0.0.1:{port}",), request_timeout_s=0.2, most_failures=2
    )


async def test_a_cluster_that_is_away_is_not_asked_for_a_while(unused_tcp_port: int) -> None:
    index = open_index(_settings(unused_tcp_port))
    reasons = []
    for _ in range(3):
        with pytest.raises(Unavailable) as away:
            await index.search(asking("pool"))
        reasons.append(away.value.reason)
    assert reasons == ["ELASTICSEARCH_AWAY"] * 2 + ["ELASTICSEARCH_PAUSED"]
    # Writers wait and try again: they are let through, so that they find out when it is back.
    with pytest.raises(Unavailable) as away:
        await index.upsert([document_of(hotel("a"))])
    assert away.value.reason == "ELASTICSEARCH_AWAY"
    await index.close()


async def test_a_cluster_that_hangs_is_waited_for_no_longer_than_set() -> None:
    connections: list[asyncio.Task[None]] = []

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while await reader.read(4096):
                pass
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(
        lambda reader, writer: connections.append(asyncio.create_task(say_nothing(reader, writer))),
        "127.0.0.1",
        0,
    )
    async with server:
        index = open_index(_settings(server.sockets[0].getsockname()[1]))
        for ask in (index.search(asking("pool")), index.ping()):
            with pytest.raises(Unavailable) as late:
                await ask
            assert late.value.reason == "ELASTICSEARCH_TIMEOUT"
        await index.close()
        await asyncio.gather(*connections)


@pytest.mark.integration
async def test_without_its_alias_nothing_is_read_written_or_made() -> None:
    settings = settings_of(endpoint("ELASTICSEARCH"))
    index = open_index(settings)
    for work in (
        lambda: index.search(asking("pool")),
        lambda: index.get(["a"]),
        lambda: index.upsert([document_of(hotel("a"))]),
        lambda: index.delete(["a"]),
        index.count,
        index.ping,
    ):
        with pytest.raises(Unavailable) as missing:
            await work()
        assert missing.value.reason in ("ELASTICSEARCH_INDEX_MISSING", "ELASTICSEARCH_PAUSED")
    async with elasticsearch.AsyncElasticsearch(list(settings.hosts)) as client:
        assert not await client.indices.exists(index=settings.alias)
    await index.close()


@pytest.mark.integration
async def test_it_tells_the_index_behind_the_alias(real: RealIndex) -> None:
    assert await real.index.ping()
    assert real.index.version().startswith(f"{real.settings.alias}-2")


# --- refusals ------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_what_may_pass_is_tried_again(status: int) -> None:
    assert refusal(status, "no").retryable


@pytest.mark.parametrize("status", [400, 405, 413])
def test_a_mistake_of_ours_is_not(status: int) -> None:
    error = refusal(status, "no")
    assert not error.retryable
    assert error.reason == "ELASTICSEARCH_REFUSED"


@pytest.mark.integration
async def test_a_hotel_that_can_never_be_taken_is_refused_for_good(real: RealIndex) -> None:
    with pytest.raises(ConciergeError) as refused:
        await real.index.upsert([document_of(hotel("a")), document_of(hotel("x" * 600))])
    assert not refused.value.retryable
    assert set(await real.index.get(["a"])) <= {"a"}


@pytest.mark.integration
async def test_values_of_any_length_are_taken(real: RealIndex) -> None:
    long = "北" * 12_000
    assert await real.index.upsert([document_of(hotel("a", long, brand=long))]) == 1
    assert set(await real.index.get(["a"])) == {"a"}


@pytest.mark.integration
async def test_a_condition_nests_as_deep_as_the_engine_allows_and_no_deeper(
    real: RealIndex,
) -> None:
    def nested(depth: int) -> Condition:
        tree: Condition = Term(Field.CITY, ("a",))
        for level in range(depth):
            other = Not(Term(Field.KIND, (str(level),)))
            tree = AnyOf((tree, other)) if level % 2 else All((tree, other))
        return tree

    assert (await real.index.search(asking("pool", nested(20)))).match_count == 0
    with pytest.raises(Unimplemented):
        await real.index.search(asking(condition=nested(31)))
