"""The event doors of vector retrieval."""

from __future__ import annotations

from collections.abc import Sequence

from concierge.recall.v1 import candidate_pb2

from services.plan.query_plan import QueryPlan
from services.platform.bulk_work import in_turn
from services.platform.bus import Consumption, EventBus, Subscription
from services.platform.consumer import group_of
from services.platform.events import Record
from services.recall import wire as recall_wire
from services.recall.catalogue import catalogue_subscription
from services.recall.stage import LOCATED_TOPIC, catalogue_batch, on_search_located
from services.vector_retrieval import handlers
from services.vector_retrieval.domain.item import Item
from services.vector_retrieval.domain.passage import passage_of
from services.vector_retrieval.ports import Embedder, VectorIndex

SERVICE = "vector_retrieval"


async def subscribe(
    bus: EventBus,
    index: VectorIndex,
    embedder: Embedder,
    *,
    limit: int,
    budget_s: float,
    batch_size: int,
    max_in_flight: int,
    in_memory: bool = False,
) -> list[Consumption]:
    """Start reading located searches and the catalogue."""

    async def retrieve(plan: QueryPlan, wanted: int, into: candidate_pb2.StageResult) -> None:
        # Keyword search counts the matches of the same plan.
        recalled = await handlers.retrieve(
            plan, limit=wanted, embedder=embedder, index=index, counted=False
        )
        recall_wire.stage_result(
            candidate_pb2.RECALL_STAGE_VECTOR, recalled, index_version=index.version(), into=into
        )

    async def take_hotels(records: Sequence[Record]) -> Sequence[str]:
        items, passages, removed = await in_turn(_items, records)
        await handlers.index_hotels(items, passages, removed, embedder=embedder, index=index)
        return [item.facts.hotel_id for item in items]

    searches = Subscription(
        group_of(SERVICE),
        (LOCATED_TOPIC,),
        handler=on_search_located(
            retrieve,
            stage=candidate_pb2.RECALL_STAGE_VECTOR,
            service=SERVICE,
            bus=bus,
            limit=limit,
            budget_s=budget_s,
        ),
        max_in_flight=max_in_flight,
    )
    catalogue = catalogue_subscription(
        take_hotels, index=index, service=SERVICE, batch_size=batch_size, in_memory=in_memory
    )
    return [await bus.subscribe(searches), await bus.subscribe(catalogue)]


def _items(records: Sequence[Record]) -> tuple[list[Item], list[str], list[str]]:
    hotels, removed = catalogue_batch(records)
    items = [Item(known.facts, known.record, known.hotel.revision) for known in hotels]
    return items, [passage_of(known.hotel) for known in hotels], removed
