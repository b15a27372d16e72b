"""What every recall index must agree on: the evaluator's meaning of a condition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol

from hypothesis import HealthCheck, given, settings

from services.plan.condition import All, Condition, Near
from services.plan.evaluate import satisfies
from services.plan.facts import HotelFacts
from services.recall.recalled import Recalled
from tests.strategies import catalogues, circles, conditions


class FilteredIndex(Protocol):
    """An index seen only by what its filter lets through."""

    async def fill(self, hotels: Sequence[HotelFacts]) -> None:
        """Replace the content."""
        ...

    async def find(self, condition: Condition | None) -> Recalled:
        """Return all hotels that pass."""
        ...


class FilterContract:
    """A subclass gives `make_index`, and fixed hotels where filling an index takes long."""

    hotels: ClassVar[list[HotelFacts] | None] = None

    def make_index(self) -> FilteredIndex:
        raise NotImplementedError

    @settings(
        max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(catalogue=catalogues(), condition=conditions())
    async def test_it_finds_exactly_what_the_evaluator_lets_through(
        self, catalogue: list[HotelFacts], condition: Condition
    ) -> None:
        hotels = self.hotels or catalogue
        index = self.make_index()
        await index.fill(hotels)
        expected = {
            hotel.hotel_id for hotel in hotels if not hotel.closed and satisfies(condition, hotel)
        }
        recalled = await index.find(condition)
        assert {found.hotel_id for found in recalled.candidates} == expected
        assert recalled.match_count == len(expected)

    @settings(
        max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(catalogue=catalogues(), circle=circles(), condition=conditions())
    async def test_a_circle_that_all_must_lie_in(
        self, catalogue: list[HotelFacts], circle: Near, condition: Condition
    ) -> None:
        """Most searches have one, so indexes have a way of their own for it."""
        hotels = self.hotels or catalogue
        index = self.make_index()
        await index.fill(hotels)
        for tree in (circle, All((circle, condition))):
            recalled = await index.find(tree)
            found = {found.hotel_id for found in recalled.candidates}
            assert found == {h.hotel_id for h in hotels if not h.closed and satisfies(tree, h)}
            assert recalled.match_count == len(found)

    async def test_closed_hotels_are_never_found(self) -> None:
        index = self.make_index()
        await index.fill([HotelFacts("a", ("x",)), HotelFacts("b", ("x",), closed=True)])
        assert [found.hotel_id for found in (await index.find(None)).candidates] == ["a"]
