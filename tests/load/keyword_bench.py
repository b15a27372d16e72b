"""Both keyword engines on one generated catalogue: `python -m tests.load.keyword_bench`.

Elasticsearch is the one that CONCIERGE_TEST_ELASTICSEARCH names. Machines are noisy: read medians
and ratios of one run.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence

from google.type import money_pb2
from rich.console import Console
from rich.table import Table

from services.ingestion.domain.generator import generate
from services.keyword_search.adapters.tantivy_index import TantivyIndex
from services.keyword_search.domain.document import Document, document_of
from services.keyword_search.domain.query import KeywordQuery
from services.keyword_search.ports import KeywordIndex
from services.plan.condition import Condition, Name, NameMatch, Near, Point
from services.recall.facts_change import FactsChange
from services.text import analyser
from tests.elasticsearch_server import real_index
from tests.load.bench import FILTERS, QUERIES, SEED, percentiles

K = 50
BATCH = 1_000
REPEATS = 200
FILTERS_HERE: dict[str, Condition | None] = {
    **FILTERS,
    "3 km around": Near(1, center=Point(39.9042, 116.3976), radius_km=3.0),
    "name contains": Name("王府井", NameMatch.CONTAINS),
}


def documents_of(count: int) -> list[Document]:
    """Return the catalogue, analysed."""
    documents = []
    for record in generate(count, SEED):
        record.revision = 1
        documents.append(document_of(record))
    return documents


async def rate(index: KeywordIndex, documents: Sequence[Document]) -> float:
    """Write all and return hotels a second."""
    start = time.perf_counter()
    for at in range(0, len(documents), BATCH):
        await index.upsert(documents[at : at + BATCH])
    return len(documents) / (time.perf_counter() - start)


async def changes_rate(index: KeywordIndex, documents: Sequence[Document]) -> float:
    """Change a price of each and return changes a second."""
    start = time.perf_counter()
    price = money_pb2.Money(currency_code="CNY", units=1)
    changes = [FactsChange(d.facts.hotel_id, 1, price=price) for d in documents]
    for at in range(0, len(changes), BATCH):
        await index.change_facts(changes[at : at + BATCH])
    return len(changes) / (time.perf_counter() - start)


async def searches(index: KeywordIndex, condition: Condition | None) -> tuple[str, str]:
    """Return p50 and p99 of a search in milliseconds, one after another."""
    queries = [KeywordQuery(tuple(analyser.query(text)), condition, limit=K) for text in QUERIES]
    times = []
    for n in range(REPEATS + 20):
        start = time.perf_counter()
        await index.search(queries[n % len(queries)])
        times.append(time.perf_counter() - start)
    return percentiles(times[20:])


async def main(count: int) -> None:
    """Fill both engines and print what they cost."""
    console = Console(width=100)
    documents = documents_of(count)
    table = Table("", "tantivy", "Elasticsearch", title=f"{count:,} hotels, top {K}")
    embedded = TantivyIndex()
    async with real_index() as real:
        engines: tuple[KeywordIndex, ...] = (embedded, real.index)
        await real.client.indices.put_settings(
            index=real.settings.alias, settings={"index": {"refresh_interval": "1s"}}
        )
        rates = [await rate(index, documents) for index in engines]
        table.add_row("first load, hotels/s", *(f"{each:,.0f}" for each in rates))
        rates = [await rate(index, documents[: count // 10]) for index in engines]
        table.add_row("replaced, hotels/s", *(f"{each:,.0f}" for each in rates))
        rates = [await changes_rate(index, documents[: count // 20]) for index in engines]
        table.add_row("prices changed, hotels/s", *(f"{each:,.0f}" for each in rates))
        await real.refresh()
        for name, condition in FILTERS_HERE.items():
            cells = [" / ".join(await searches(index, condition)) for index in engines]
            table.add_row(f"{name}: p50 / p99 ms", *cells)
    embedded.close()
    console.print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hotels", type=int, default=100_000)
    asyncio.run(main(parser.parse_args().hotels))
