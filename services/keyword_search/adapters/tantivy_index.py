"""The keyword index on tantivy, in this process.

Words, filter fields and numbers are in tantivy; records and positions are beside it in memory,
by row number, because tantivy decompresses a block per stored document. A row is never reused:
an upsert deletes the hotel's document and appends a new row.

The index lives in memory and is filled by replaying the catalogue topic.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import tantivy

from services.keyword_search.adapters.tantivy_rows import Rows
from services.keyword_search.adapters.tantivy_schema import indexed, new_schema
from services.keyword_search.adapters.tantivy_search import SCORED_AT_MOST, Search
from services.keyword_search.domain.document import (
    Document,
    document_of,
    keeping_newer_facts,
    with_changes,
)
from services.keyword_search.domain.query import KeywordQuery
from services.platform.bulk_work import in_turn
from services.platform.errors import Unavailable
from services.recall.facts_change import ChangesTaken, FactsChange, by_hotel
from services.recall.recalled import Recalled

WRITER_HEAP_BYTES = 256 * 1024 * 1024
SEARCH_THREADS = 2
# Up to so many rows a search takes less time than it would wait, on a thread of its own, for the
# interpreter's lock.
AT_ONCE = 100_000


class TantivyIndex:
    """`KeywordIndex` on tantivy. Searches see whole batches; of many rows, on threads."""

    def __init__(
        self,
        *,
        writer_heap_bytes: int = WRITER_HEAP_BYTES,
        scored_at_most: int = SCORED_AT_MOST,
    ) -> None:
        self._scored_at_most = scored_at_most
        self._schema = new_schema()
        self._index = tantivy.Index(self._schema)
        self._index.register_tokenizer(
            "blanks", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        )
        self._writer = self._index.writer(heap_size=writer_heap_bytes, num_threads=1)
        self._write_lock = threading.Lock()
        self._searchers = ThreadPoolExecutor(SEARCH_THREADS, thread_name_prefix="tantivy")
        self._rows = Rows()
        self._revisions: dict[str, int] = {}
        self._generation = 0

    async def upsert(self, documents: Sequence[Document]) -> int:
        """Add or replace hotels; return how many were taken."""
        return await in_turn(self.upsert_now, documents)

    async def delete(self, hotel_ids: Sequence[str]) -> None:
        """Remove hotels; unknown ids are fine."""
        await in_turn(self._delete, hotel_ids)

    async def change_facts(self, changes: Sequence[FactsChange]) -> ChangesTaken:
        """Change fast fields of hotels that are held."""
        return await in_turn(self._change_facts, changes)

    async def search(self, query: KeywordQuery) -> Recalled:
        """Find the best hotels that satisfy the condition."""
        try:
            if len(self._rows) <= AT_ONCE:
                return self.search_now(query)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._searchers, self.search_now, query)
        except ValueError as error:
            raise Unavailable(f"tantivy refused the query: {error}") from error

    async def get(self, hotel_ids: Sequence[str]) -> dict[str, bytes]:
        """Return the records of those ids that exist."""
        found = {id: self._rows.record(id) for id in hotel_ids}
        return {id: record for id, record in found.items() if record is not None}

    async def count(self) -> int:
        """Return how many hotels are held."""
        return self._rows.hotel_count()

    def size(self) -> int:
        """As `count`, without waiting."""
        return self._rows.hotel_count()

    def version(self) -> str:
        """Return what identifies the index."""
        return f"tantivy-{tantivy.__version__}/{self._generation}"

    def close(self) -> None:
        """Release the threads."""
        self._searchers.shutdown()

    # --- writing -------------------------------------------------------------------------------
    def upsert_now(self, documents: Sequence[Document]) -> int:
        """As `upsert`, in this thread."""
        with self._write_lock:
            taken = 0
            for document in {d.facts.hotel_id: d for d in _oldest_first(documents)}.values():
                id = document.facts.hotel_id
                if self._revisions.get(id, -1) > document.revision:
                    continue
                if (held := self._rows.record(id)) is not None:
                    document = keeping_newer_facts(document, held)
                self._put(document)
                taken += 1
            self._commit()
            return taken

    def _change_facts(self, changes: Sequence[FactsChange]) -> ChangesTaken:
        with self._write_lock:
            taken = 0
            unknown: list[FactsChange] = []
            for id, of_hotel in by_hotel(changes).items():
                if (held := self._rows.record(id)) is None:
                    unknown += of_hotel
                    continue
                hotel, changed = with_changes(held, of_hotel)
                if changed:
                    self._put(document_of(hotel))
                    taken += changed
            self._commit()
            return ChangesTaken(taken, tuple(unknown))

    def _put(self, document: Document) -> None:
        id = document.facts.hotel_id
        if self._rows.record(id) is not None:
            self._writer.delete_documents_by_term("hotel_id", id)
        self._writer.add_document(indexed(document, self._rows.append(document), self._schema))
        self._revisions[id] = document.revision

    def _delete(self, hotel_ids: Sequence[str]) -> None:
        with self._write_lock:
            for id in hotel_ids:
                if self._rows.record(id) is not None:
                    self._writer.delete_documents_by_term("hotel_id", id)
                    self._rows.remove(id)
                    self._revisions.pop(id, None)
            self._commit()

    def _commit(self) -> None:
        self._writer.commit()
        self._index.reload()
        self._generation += 1

    # --- searching -----------------------------------------------------------------------------
    def search_now(self, query: KeywordQuery) -> Recalled:
        """As `search`, in this thread."""
        search = Search(
            self._index.searcher(), self._schema, self._rows, scored_at_most=self._scored_at_most
        )
        return search.run(query)


def _oldest_first(documents: Sequence[Document]) -> list[Document]:
    return sorted(documents, key=lambda document: document.revision)
