"""What vector retrieval does: recall by meaning, index."""

from __future__ import annotations

from collections.abc import Sequence

from services.plan.query_plan import QueryPlan
from services.recall.recalled import Recalled
from services.vector_retrieval.domain.item import Item, VectorQuery
from services.vector_retrieval.ports import Embedder, VectorIndex


async def retrieve(
    plan: QueryPlan, *, limit: int, embedder: Embedder, index: VectorIndex, counted: bool = True
) -> Recalled:
    """Find the hotels nearest in meaning that satisfy the plan's condition.

    Without `counted` the number of matches may be left open, where it would cost another question.

    A sorted plan, or one without words, needs no vector and does not ask the embedder.

    Raises:
        Unavailable: The embedder or the index is away.
    """
    text = plan.semantic_text.strip()
    vector = None if plan.sort or not text else (await embedder.embed((text,)))[0]
    return await index.search(VectorQuery(vector, plan.condition, plan.sort, limit, counted))


async def index_hotels(
    items: Sequence[Item],
    passages: Sequence[str],
    removed: Sequence[str],
    *,
    embedder: Embedder,
    index: VectorIndex,
) -> None:
    """Take a batch of the catalogue into the index.

    Raises:
        Unavailable: The embedder or the index is away; the batch is to be tried again.
    """
    if removed:
        await index.delete(removed)
    if items:
        await index.upsert(items, await embedder.embed(passages))
