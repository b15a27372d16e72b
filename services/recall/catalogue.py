"""How an index follows the catalogue: whole records and the fast lane, one batch at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from services.platform.bus import Subscription
from services.platform.consumer import group_of
from services.platform.events import Record
from services.recall.facts_change import (
    FACTS_TOPIC,
    ChangesTaken,
    EarlyChanges,
    FactsChange,
    changes_batch,
)
from services.recall.metrics import note_changes
from services.recall.stage import HOTEL_TOPIC


class FactsIndex(Protocol):
    """What the fast lane needs of an index."""

    async def change_facts(self, changes: Sequence[FactsChange]) -> ChangesTaken:
        """Take changes; see the stage's own port."""
        ...


# Takes whole records and removals of a batch into the index; returns the ids of the hotels taken.
TakeHotels = Callable[[Sequence[Record]], Awaitable[Sequence[str]]]


def catalogue_subscription(
    take_hotels: TakeHotels,
    *,
    index: FactsIndex,
    service: str,
    batch_size: int,
    in_memory: bool,
) -> Subscription:
    """Return the subscription by which a recall stage's index follows the catalogue.

    A change that comes before its hotel waits for it. A group without a position fills its index
    from the beginning; an index in memory starts empty in every process.

    Both topics are in one subscription, so that a batch of one never overlaps a batch of the
    other, and who reads a hotel's records also reads its changes.
    """
    # One batch at a time: the work is bound by one lock, and batches side by side only wait on it
    # while they keep searches from theirs.
    one_batch = asyncio.Lock()
    early = EarlyChanges()

    async def on_catalogue(records: Sequence[Record]) -> None:
        async with one_batch:
            if records[0].topic == FACTS_TOPIC:
                taken = await index.change_facts(changes_batch(records))
                early.keep(taken.unknown)
                note_changes(service, len(records), taken)
                return
            waited = early.waiting_for(await take_hotels(records))
            if waited:
                await index.change_facts(waited)
                early.forget(waited)

    return Subscription(
        f"{group_of(service)}.index",
        (HOTEL_TOPIC, FACTS_TOPIC),
        batch_handler=on_catalogue,
        max_batch=batch_size,
        from_beginning=True,
        whole=in_memory,
    )
