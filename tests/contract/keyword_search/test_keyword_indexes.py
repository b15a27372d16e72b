"""tantivy, and Elasticsearch on a real server, under the port's contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from services.keyword_search.adapters.tantivy_index import TantivyIndex
from services.keyword_search.ports import KeywordIndex
from tests.contract.keyword_search.keyword_index_contract import KeywordIndexContract
from tests.elasticsearch_server import real_index


class TestTantivyIndex(KeywordIndexContract):
    @pytest.fixture
    def index(self) -> Iterator[KeywordIndex]:
        index = TantivyIndex(writer_heap_bytes=15_000_000)
        yield index
        index.close()


class TestTantivyIndexOfMany(KeywordIndexContract):
    """As where more hotels match than are all scored."""

    @pytest.fixture
    def index(self) -> Iterator[KeywordIndex]:
        index = TantivyIndex(writer_heap_bytes=15_000_000, scored_at_most=0)
        yield index
        index.close()


@pytest.mark.integration
class TestElasticsearchIndex(KeywordIndexContract):
    @pytest_asyncio.fixture
    async def index(self) -> AsyncIterator[KeywordIndex]:
        async with real_index() as real:
            yield real.index
