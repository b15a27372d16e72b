"""What every VectorIndex must do, whichever engine is behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from concierge.catalog.v1 import hotel_pb2
from google.type import latlng_pb2, money_pb2
from numpy.typing import NDArray

from services.plan.condition import All, Any, Condition, Field, Not, Point, Range, Term
from services.plan.query_plan import Direction, SortKey
from services.recall.facts_change import FactsChange
from services.recall.recalled import Recalled
from services.vector_retrieval.domain.item import VectorQuery, item_of
from services.vector_retrieval.ports import VectorIndex

DIMENSION = 8
HOUR_NS = 3_600 * 10**9
ASCENDING, DESCENDING = Direction.ASCENDING, Direction.DESCENDING


def hotel(
    id: str,
    *,
    revision: int = 1,
    price: int | None = None,
    stars: float | None = None,
    rating: float | None = None,
    reviews: int | None = None,
    at: tuple[float, float] | None = None,
    closed: bool = False,
    city: str | None = None,
) -> hotel_pb2.Hotel:
    status = "PERMANENTLY_CLOSED" if closed else "OPEN"
    return hotel_pb2.Hotel(
        id=id,
        names=[hotel_pb2.LocalizedText(text=f"Hotel {id}")],
        revision=revision,
        price=None if price is None else money_pb2.Money(units=price),
        star_rating=stars,
        guest_rating=rating,
        review_count=reviews,
        city=city,
        location=None if at is None else latlng_pb2.LatLng(latitude=at[0], longitude=at[1]),
        operating_status=hotel_pb2.OperatingStatus.Value(f"OPERATING_STATUS_{status}"),
    )


def unit(*parts: float) -> NDArray[np.float32]:
    vector = np.zeros(DIMENSION, dtype=np.float32)
    vector[: len(parts)] = parts
    return vector / np.linalg.norm(vector)


async def take(
    index: VectorIndex,
    hotels: Sequence[hotel_pb2.Hotel],
    vectors: Sequence[NDArray[np.float32]] | None = None,
) -> int:
    matrix = np.stack(vectors or [unit(1.0)] * len(hotels))
    return await index.upsert([item_of(hotel) for hotel in hotels], matrix)


async def find(
    index: VectorIndex,
    condition: Condition | None = None,
    *,
    vector: NDArray[np.float32] | None = None,
    sort: tuple[SortKey, ...] = (),
    limit: int = 50,
) -> Recalled:
    return await index.search(VectorQuery(vector, condition, sort, limit))


def ids(recalled: Recalled) -> list[str]:
    return [found.hotel_id for found in recalled.candidates]


class VectorIndexContract:
    """A subclass gives an empty `index` of `DIMENSION`."""

    async def test_the_nearest_come_first_with_their_inner_products(
        self, index: VectorIndex
    ) -> None:
        await take(
            index,
            [hotel("far"), hotel("near"), hotel("middle")],
            [unit(0, 1), unit(1, 0), unit(1, 1)],
        )
        recalled = await find(index, vector=unit(1, 0))
        assert ids(recalled) == ["near", "middle", "far"]
        assert [found.score for found in recalled.candidates] == pytest.approx(
            [1.0, 0.70711, 0.0], abs=1e-6
        )
        assert recalled.match_count == 3

    async def test_a_candidate_carries_its_record(self, index: VectorIndex) -> None:
        await take(index, [hotel("a", price=300, city="北京")])
        (found,) = (await find(index, vector=unit(1))).candidates
        assert hotel_pb2.Hotel.FromString(found.record) == hotel("a", price=300, city="北京")

    async def test_equal_scores_are_in_the_order_of_ids(self, index: VectorIndex) -> None:
        await take(index, [hotel(id) for id in ("c", "a", "e", "b", "d")])
        assert ids(await find(index, vector=unit(1), limit=3)) == ["a", "b", "c"]
        assert ids(await find(index, limit=3)) == ["a", "b", "c"]

    async def test_the_limit_holds_and_the_count_is_of_all(self, index: VectorIndex) -> None:
        await take(index, [hotel(f"h{n:02}") for n in range(20)])
        recalled = await find(index, vector=unit(1), limit=3)
        assert (len(recalled.candidates), recalled.match_count) == (3, 20)

    async def test_an_empty_index_finds_nothing(self, index: VectorIndex) -> None:
        assert ids(await find(index, vector=unit(1))) == []
        assert await index.count() == 0

    async def test_the_condition_holds_for_every_candidate(self, index: VectorIndex) -> None:
        await take(index, [hotel("a", price=100), hotel("b", price=500), hotel("c")])
        cheap = Range(Field.PRICE, max=200)
        assert ids(await find(index, cheap, vector=unit(1))) == ["a"]
        # A hotel without a price is neither.
        assert ids(await find(index, Not(cheap), vector=unit(1))) == ["b"]

    async def test_what_need_not_be_counted_is_found_all_the_same(self, index: VectorIndex) -> None:
        await take(index, [hotel("a", price=100), hotel("b", price=500), hotel("c", price=150)])
        cheap, free = Range(Field.PRICE, max=200), Range(Field.PRICE, max=50)
        asked = VectorQuery(unit(1), cheap, limit=2)
        counted = await index.search(asked)
        open = await index.search(replace(asked, counted=False))
        assert open.candidates == counted.candidates
        assert open.match_count in (None, 2)
        # Nothing found is explained whether or not it was to be counted.
        none = await index.search(VectorQuery(unit(1), free, counted=False))
        assert (none.candidates, none.match_count, none.leave_one_out) == ((), 0, (3,))

    async def test_an_empty_result_counts_without_each_condition(self, index: VectorIndex) -> None:
        await take(index, [hotel("a", price=100, city="北京"), hotel("b", price=100, stars=5)])
        recalled = await find(
            index,
            All(
                (
                    Term(Field.CITY, ("北京",)),
                    Range(Field.PRICE, max=200),
                    Range(Field.STAR_RATING, min=4),
                )
            ),
            vector=unit(1),
        )
        assert (recalled.match_count, recalled.leave_one_out) == (0, (1, 0, 1))
        nothing = Any((Term(Field.CITY, ("上海",)), Term(Field.CITY, ("广州",))))
        assert (await find(index, nothing)).leave_one_out == (2,)

    async def test_a_later_record_replaces(self, index: VectorIndex) -> None:
        await take(index, [hotel("a", price=100)], [unit(0, 1)])
        assert await take(index, [hotel("a", price=900, revision=2)], [unit(1, 0)]) == 1
        recalled = await find(index, vector=unit(1, 0))
        assert [found.score for found in recalled.candidates] == pytest.approx([1.0])
        assert ids(await find(index, Range(Field.PRICE, max=200))) == []
        assert await index.count() == 1

    async def test_a_stale_record_is_left_out(self, index: VectorIndex) -> None:
        await take(index, [hotel("a", price=100, revision=5)])
        assert await take(index, [hotel("a", price=900, revision=4), hotel("b")]) == 1
        assert ids(await find(index, Range(Field.PRICE, max=200))) == ["a"]

    async def test_the_same_revision_again_is_taken(self, index: VectorIndex) -> None:
        await take(index, [hotel("a", revision=5)])
        assert await take(index, [hotel("a", price=100, revision=5)]) == 1
        assert ids(await find(index, Range(Field.PRICE, max=200))) == ["a"]

    async def test_of_two_in_a_batch_the_later_stays(self, index: VectorIndex) -> None:
        batch = [hotel("a", price=1, revision=2), hotel("a", price=2, revision=3)]
        batch.append(hotel("a", price=3, revision=1))
        assert await take(index, batch) == 1
        assert ids(await find(index, Range(Field.PRICE, min=2, max=2))) == ["a"]

    async def test_removed_hotels_are_gone(self, index: VectorIndex) -> None:
        await take(index, [hotel("a"), hotel("b", revision=9)])
        await index.delete(["b", "unknown"])
        assert ids(await find(index, vector=unit(1))) == ["a"]
        assert await index.count() == 1
        # What is gone is older than anything.
        assert await take(index, [hotel("b", revision=1)]) == 1

    async def test_closed_hotels_are_held_and_never_found(self, index: VectorIndex) -> None:
        await take(index, [hotel("a", closed=True), hotel("b")])
        assert ids(await find(index, vector=unit(1))) == ["b"]
        assert ids(await find(index)) == ["b"]
        assert await index.count() == 2

    @pytest.mark.parametrize("vector", [None, np.zeros(DIMENSION, dtype=np.float32)])
    async def test_without_words_the_best_standing_comes_first(
        self, index: VectorIndex, vector: NDArray[np.float32] | None
    ) -> None:
        hotels = [
            hotel("unrated"),
            hotel("bad", rating=2.0, reviews=1_000),
            hotel("few", rating=5.0, reviews=1),
            hotel("good", rating=4.8, reviews=1_000),
        ]
        await take(index, hotels)
        recalled = await find(index, vector=vector)
        assert ids(recalled) == ["good", "few", "unrated", "bad"]
        assert recalled.candidates[2].score == pytest.approx(3.0)

    async def test_a_text_without_features_is_found_like_any_other(
        self, index: VectorIndex
    ) -> None:
        zeros = np.zeros(DIMENSION, dtype=np.float32)
        await take(index, [hotel("a"), hotel("b")], [zeros, unit(1)])
        assert ids(await find(index, vector=unit(1))) == ["b", "a"]

    async def test_sorted_by_a_number_missing_values_last(self, index: VectorIndex) -> None:
        await take(
            index,
            [
                hotel("none"),
                hotel("cheap", price=100),
                hotel("dear", price=900),
                hotel("good", price=300, rating=4.9, reviews=500),
                hotel("bad", price=300, rating=2.0, reviews=500),
                hotel("alike", price=300, rating=4.9, reviews=500),
            ],
        )
        price_up, price_down = SortKey(Field.PRICE, ASCENDING), SortKey(Field.PRICE, DESCENDING)
        tied = ["alike", "good", "bad"]
        assert ids(await find(index, sort=(price_up,))) == ["cheap", *tied, "dear", "none"]
        assert ids(await find(index, sort=(price_down,))) == ["dear", *tied, "cheap", "none"]
        assert ids(await find(index, sort=(price_up,), limit=2)) == ["cheap", "alike"]
        recalled = await find(index, sort=(price_up,), limit=2)
        assert [found.score for found in recalled.candidates] == [1.0, 0.5]
        assert recalled.match_count == 6

    async def test_sorted_by_two_keys(self, index: VectorIndex) -> None:
        await take(
            index,
            [
                hotel("a", stars=4, price=300),
                hotel("b", stars=5, price=900),
                hotel("c", stars=5, price=200),
                hotel("d", price=100),
            ],
        )
        sort = (SortKey(Field.STAR_RATING, DESCENDING), SortKey(Field.PRICE, ASCENDING))
        assert ids(await find(index, sort=sort)) == ["c", "b", "a", "d"]

    async def test_sorted_by_distance(self, index: VectorIndex) -> None:
        center = Point(39.9, 116.4)
        await take(
            index,
            [hotel("far", at=(40.2, 116.4)), hotel("near", at=(39.91, 116.4)), hotel("nowhere")],
        )
        nearest = SortKey(Field.DISTANCE, ASCENDING, place_id=1, center=center)
        assert ids(await find(index, sort=(nearest,))) == ["near", "far", "nowhere"]
        farthest = SortKey(Field.DISTANCE, DESCENDING, place_id=1, center=center)
        assert ids(await find(index, sort=(farthest,))) == ["far", "near", "nowhere"]

    async def test_sorted_by_relevance_is_by_standing(self, index: VectorIndex) -> None:
        await take(index, [hotel("a", rating=2, reviews=50), hotel("b", rating=4, reviews=50)])
        relevance = SortKey(Field.RELEVANCE, DESCENDING)
        assert ids(await find(index, sort=(relevance,))) == ["b", "a"]

    async def test_fast_facts_change_what_conditions_and_records_say(
        self, index: VectorIndex
    ) -> None:
        await take(index, [hotel("a", price=900), hotel("b", price=900)], [unit(0, 1), unit(1, 0)])
        taken = await index.change_facts(
            [
                FactsChange("a", HOUR_NS, price=money_pb2.Money(units=100), available=False),
                FactsChange("unknown", HOUR_NS, available=True),
            ]
        )
        assert (taken.taken, [c.hotel_id for c in taken.unknown]) == (1, ["unknown"])
        cheap = await find(index, Range(Field.PRICE, max=200), vector=unit(0, 1))
        assert ids(cheap) == ["a"]
        # Its vector stands.
        assert cheap.candidates[0].score == pytest.approx(1.0)
        record = hotel_pb2.Hotel.FromString(cheap.candidates[0].record)
        assert (record.price.units, record.available) == (100, False)

    async def test_a_hotel_that_closes_by_a_fast_fact_is_not_found(
        self, index: VectorIndex
    ) -> None:
        await take(index, [hotel("a"), hotel("b")])
        closed = hotel_pb2.OPERATING_STATUS_TEMPORARILY_CLOSED
        await index.change_facts([FactsChange("a", HOUR_NS, operating_status=closed)])
        assert ids(await find(index, vector=unit(1))) == ["b"]

    async def test_older_facts_change_nothing(self, index: VectorIndex) -> None:
        await take(index, [hotel("a", price=900)])
        new, old = (money_pb2.Money(units=units) for units in (200, 100))
        changes = [FactsChange("a", 2 * HOUR_NS, price=new), FactsChange("a", HOUR_NS, price=old)]
        assert (await index.change_facts(changes)).taken == 1
        assert (await index.change_facts(changes)).taken == 0
        assert ids(await find(index, Range(Field.PRICE, min=200, max=200))) == ["a"]

    async def test_a_record_that_replaces_keeps_newer_facts(self, index: VectorIndex) -> None:
        await take(index, [hotel("a", price=900)])
        price = money_pb2.Money(units=100)
        await index.change_facts([FactsChange("a", HOUR_NS, price=price)])
        await take(index, [hotel("a", price=900, revision=2)])
        assert ids(await find(index, Range(Field.PRICE, max=200))) == ["a"]

    async def test_the_version_tells_something(self, index: VectorIndex) -> None:
        assert index.version()
