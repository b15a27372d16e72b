"""What every ConversationStore must do, whatever keeps the states."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from concierge.search.v1 import conversation_pb2

from services.gateway.ports import ConversationStore
from tests.waiting import eventually

State: TypeAlias = conversation_pb2.ConversationState
# Makes a store with this time to live in seconds.
MakeStore: TypeAlias = Callable[[float], ConversationStore]


def state(*hotels: str) -> State:
    shown = [conversation_pb2.ShownHotel(hotel_id=id, name=f"酒店 {id}") for id in hotels]
    return State(shown_hotels=shown)


class ConversationStoreContract:
    """Fixture `make_store`; the stores it makes may share what they keep."""

    async def test_a_state_comes_back_as_it_was_saved(self, make_store: MakeStore) -> None:
        store = make_store(60.0)
        await store.save("c1", state("h1", "h2"))
        assert await store.load("c1") == state("h1", "h2")

    async def test_an_unknown_conversation_has_no_state(self, make_store: MakeStore) -> None:
        assert await make_store(60.0).load("never") is None

    async def test_an_empty_state_is_a_state(self, make_store: MakeStore) -> None:
        store = make_store(60.0)
        await store.save("empty", State())
        assert await store.load("empty") == State()

    async def test_the_last_state_replaces_the_one_before(self, make_store: MakeStore) -> None:
        store = make_store(60.0)
        await store.save("c2", state("h1", "h2", "h3"))
        await store.save("c2", state("h4"))
        assert await store.load("c2") == state("h4")

    async def test_what_a_caller_changes_afterwards_is_not_kept(
        self, make_store: MakeStore
    ) -> None:
        store, given = make_store(60.0), state("h1")
        await store.save("c3", given)
        given.shown_hotels[0].name = "changed"
        assert await store.load("c3") == state("h1")

    async def test_a_state_expires(self, make_store: MakeStore) -> None:
        store = make_store(0.2)
        await store.save("c4", state("h1"))

        async def is_gone() -> bool:
            return await store.load("c4") is None

        await eventually(is_gone)

    async def test_turns_at_once_leave_one_whole_state(self, make_store: MakeStore) -> None:
        store = make_store(60.0)
        turns = [state(*(f"{turn}-{n}" for n in range(50))) for turn in range(20)]
        await asyncio.gather(*(store.save("c5", turn) for turn in turns))
        assert await store.load("c5") in turns
