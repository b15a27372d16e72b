"""What keyword search does: recall, read, index."""

from __future__ import annotations

from collections.abc import Sequence

from services.keyword_search.domain.document import Document
from services.keyword_search.domain.query import KeywordQuery
from services.keyword_search.ports import KeywordIndex
from services.plan.query_plan import QueryPlan
from services.recall.recalled import Recalled
from services.text import analyser


async def retrieve(
    plan: QueryPlan, *, limit: int, index: KeywordIndex, counted: bool = True
) -> Recalled:
    """Find the hotels whose words match best and that satisfy the plan's condition.

    Without `counted` the number of matches may be left open, where it would cost another search.

    Raises:
        Unavailable: The index is away.
    """
    return await index.search(
        KeywordQuery(
            tokens=tuple(analyser.query(plan.keyword_text)),
            condition=plan.condition,
            preferences=plan.preferences,
            sort=plan.sort,
            limit=limit,
            counted=counted,
        )
    )


async def get_hotels(
    hotel_ids: Sequence[str], *, index: KeywordIndex
) -> tuple[list[bytes], list[str]]:
    """Return the records found, in the order asked, and the ids without one."""
    found = await index.get(hotel_ids)
    return (
        [found[id] for id in hotel_ids if id in found],
        [id for id in hotel_ids if id not in found],
    )


async def index_hotels(
    documents: Sequence[Document],
    removed: Sequence[str],
    *,
    index: KeywordIndex,
) -> None:
    """Take a batch of the catalogue into the index.

    Raises:
        Unavailable: The index cannot be written; the batch is to be tried again.
    """
    if removed:
        await index.delete(removed)
    if documents:
        await index.upsert(documents)
