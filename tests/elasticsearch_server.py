"""A keyword index of its own on a real Elasticsearch, for one test."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from elasticsearch import AsyncElasticsearch

from services.keyword_search.adapters.elasticsearch_client import connect
from services.keyword_search.adapters.elasticsearch_index import ElasticsearchIndex
from services.keyword_search.adapters.elasticsearch_schema import ElasticsearchIndexResource
from services.keyword_search.settings import ElasticsearchSettings
from tests.endpoints import endpoint


def settings_of(address: str) -> ElasticsearchSettings:
    """Return settings of an alias that no other test has."""
    # A loaded machine is no reason to fail a test.
    return ElasticsearchSettings(
        hosts=(address,), alias=f"test-{uuid.uuid4().hex[:12]}", replicas=0, request_timeout_s=30.0
    )


@dataclass(frozen=True, slots=True)
class RealIndex:
    """An index, the client it uses, and its settings."""

    index: ElasticsearchIndex
    client: AsyncElasticsearch
    settings: ElasticsearchSettings

    async def refresh(self) -> None:
        """Make what was written searchable now."""
        await self.client.indices.refresh(index=self.settings.alias)


async def remove(client: AsyncElasticsearch, alias: str) -> None:
    """Remove an alias's indexes and their template."""
    # A pattern is refused where something is deleted.
    for index in await client.indices.get(index=f"{alias}-*"):
        await client.indices.delete(index=index)
    await client.indices.delete_index_template(name=alias)


@contextlib.asynccontextmanager
async def real_index() -> AsyncIterator[RealIndex]:
    """Yield an empty index; it is removed in the end."""
    settings = settings_of(endpoint("ELASTICSEARCH"))
    ElasticsearchIndexResource(settings, now=datetime.now(UTC)).apply()
    client = connect(settings)
    index = ElasticsearchIndex(client, alias=settings.alias)
    try:
        # Tests wait for writes to be found.
        quick = {"index": {"refresh_interval": "50ms"}}
        await client.indices.put_settings(index=settings.alias, settings=quick)
        yield RealIndex(index, client, settings)
    finally:
        await remove(client, settings.alias)
        await index.close()
