"""The event doors of keyword search."""

from __future__ import annotations

from collections.abc import Sequence

from concierge.recall.v1 import candidate_pb2

from services.keyword_search import handlers
from services.keyword_search.domain.document import Document, document_of
from services.keyword_search.ports import KeywordIndex
from services.plan.query_plan import QueryPlan
from services.platform.bulk_work import in_turn
from services.platform.bus import Consumption, EventBus, Subscription
from services.platform.consumer import group_of
from services.platform.events import Record
from services.recall import wire as recall_wire
from services.recall.catalogue import catalogue_subscription
from services.recall.stage import LOCATED_TOPIC, catalogue_batch, on_search_located

SERVICE = "keyword_search"


async def subscribe(
    bus: EventBus,
    index: KeywordIndex,
    *,
    limit: int,
    budget_s: float,
    batch_size: int,
    max_in_flight: int,
    in_memory: bool = False,
    counted: bool = True,
) -> list[Consumption]:
    """Start reading located searches and the catalogue."""

    async def retrieve(plan: QueryPlan, wanted: int, into: candidate_pb2.StageResult) -> None:
        recalled = await handlers.retrieve(plan, limit=wanted, index=index, counted=counted)
        recall_wire.stage_result(
            candidate_pb2.RECALL_STAGE_KEYWORD, recalled, index_version=index.version(), into=into
        )

    async def take_hotels(records: Sequence[Record]) -> Sequence[str]:
        documents, removed = await in_turn(_documents, records)
        await handlers.index_hotels(documents, removed, index=index)
        return [document.facts.hotel_id for document in documents]

    searches = Subscription(
        group_of(SERVICE),
        (LOCATED_TOPIC,),
        handler=on_search_located(
            retrieve,
            stage=candidate_pb2.RECALL_STAGE_KEYWORD,
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


def _documents(records: Sequence[Record]) -> tuple[list[Document], list[str]]:
    hotels, removed = catalogue_batch(records)
    documents = [document_of(known.hotel, known.facts, known.record) for known in hotels]
    return documents, removed
