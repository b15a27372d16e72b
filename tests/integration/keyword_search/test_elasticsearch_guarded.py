"""Elasticsearch with HTTPS and a password, and killed in the middle."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr

from services.keyword_search.adapters.elasticsearch_index import ElasticsearchIndex, open_index
from services.keyword_search.adapters.elasticsearch_schema import ElasticsearchIndexResource
from services.keyword_search.domain.document import document_of
from services.keyword_search.settings import ElasticsearchSettings
from services.platform.errors import Unavailable
from tests.contract.keyword_search.keyword_index_contract import asking, hotel, ids
from tests.integration.private_elasticsearch import (
    PASSWORD,
    PrivateElasticsearch,
    private_elasticsearch,
)
from tests.waiting import eventually

pytestmark = [pytest.mark.integration, pytest.mark.slow]
# The machine starts a server meanwhile.
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def server() -> Iterator[PrivateElasticsearch]:
    with private_elasticsearch() as started:
        yield started


def _settings(server: PrivateElasticsearch, **changes: Any) -> ElasticsearchSettings:
    right = {
        "hosts": (server.address,),
        "username": "elastic",
        "password": SecretStr(PASSWORD),
        "ca_certs": server.authority,
        "replicas": 0,
        "request_timeout_s": 30.0,
        "pause_ms": 1,
    }
    return ElasticsearchSettings(**{**right, **changes})


@pytest_asyncio.fixture
async def index(server: PrivateElasticsearch) -> AsyncIterator[ElasticsearchIndex]:
    settings = _settings(server)
    resource = ElasticsearchIndexResource(settings, now=datetime.now(UTC))
    resource.apply()
    assert list(resource.check()) == []
    opened = open_index(settings)
    yield opened
    await opened.close()


async def _reason(settings: ElasticsearchSettings) -> tuple[str, str]:
    """Return why a search fails, and in which words."""
    index = open_index(settings)
    try:
        with pytest.raises(Unavailable) as refused:
            await index.search(asking("pool"))
    finally:
        await index.close()
    return refused.value.reason, refused.value.message


async def test_with_the_password_it_is_written_and_searched(index: ElasticsearchIndex) -> None:
    assert await index.ping()
    await index.upsert([document_of(hotel("a"))])

    async def found() -> bool:
        return ids(await index.search(asking())) == ["a"]

    await eventually(found, within_s=PATIENCE_S)


@pytest.mark.parametrize("changes", [{"password": SecretStr("wrong-3")}, {"username": ""}])
async def test_without_it_everything_is_refused_and_no_secret_is_told(
    server: PrivateElasticsearch, changes: dict[str, Any]
) -> None:
    settings = _settings(server, **changes)
    reason, message = await _reason(settings)
    assert reason == "ELASTICSEARCH_UNAUTHENTICATED"
    assert "wrong-3" not in message + repr(settings)


async def test_a_server_whose_certificate_nobody_vouches_for_is_not_talked_to(
    server: PrivateElasticsearch,
) -> None:
    reason, _ = await _reason(_settings(server, ca_certs=None))
    assert reason == "ELASTICSEARCH_AWAY"


async def test_killed_it_comes_back_with_what_it_acknowledged(
    server: PrivateElasticsearch, index: ElasticsearchIndex
) -> None:
    many = [document_of(hotel(f"h{n}")) for n in range(300)]
    assert await index.upsert(many) == 300
    server.kill()
    with pytest.raises(Unavailable):
        await index.search(asking())
    with pytest.raises(Unavailable):
        await index.upsert(many)
    server.start()

    async def all_are_there() -> bool:
        try:
            return len(await index.get([document.facts.hotel_id for document in many])) == 300
        except Unavailable:
            return False

    await eventually(all_are_there, within_s=PATIENCE_S)


def test_a_password_needs_no_place_in_the_log(tmp_path: Path) -> None:
    settings = ElasticsearchSettings(hosts=("http://127.0.0.1:9",), password=SecretStr("quiet-5"))
    assert "quiet-5" not in f"{settings!r} {settings.model_dump()}"
