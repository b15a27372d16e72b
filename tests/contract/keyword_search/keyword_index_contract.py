"""What every KeywordIndex must do, whichever engine is behind it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from concierge.catalog.v1 import hotel_pb2
from google.type import latlng_pb2, money_pb2

from services.geography.distance import haversine_km
from services.keyword_search.domain.document import document_of
from services.keyword_search.domain.query import KeywordQuery
from services.keyword_search.ports import KeywordIndex
from services.plan.condition import (
    All,
    Condition,
    Field,
    ListedPlace,
    Name,
    NameMatch,
    Near,
    Not,
    PlaceCategory,
    Point,
    Range,
    Term,
)
from services.plan.condition import (
    Any as AnyOf,
)
from services.plan.query_plan import Direction, Preference, SortKey, Trend
from services.recall.facts_change import FactsChange
from services.recall.recalled import Recalled
from services.text import analyser

PATIENCE_S = 30.0
POOL = Term(Field.FACILITY, ("pool",))
CLOSED = hotel_pb2.OPERATING_STATUS_PERMANENTLY_CLOSED
OPEN = hotel_pb2.OPERATING_STATUS_OPEN
SQUARE = Point(39.9042, 116.3976)


def hotel(id: str, name: str = "", *, revision: int = 1, **fields: Any) -> hotel_pb2.Hotel:
    """Return a record; `price` and `location` in short form."""
    price, location = fields.pop("price", None), fields.pop("location", None)
    facilities = fields.pop("facilities", None)
    record = hotel_pb2.Hotel(id=id, revision=revision, **fields)
    record.names.add(text=name or f"hotel {id}")
    if price is not None:
        record.price.CopyFrom(money(price))
    if location is not None:
        record.location.CopyFrom(latlng_pb2.LatLng(latitude=location[0], longitude=location[1]))
    if facilities is not None:
        record.facilities.SetInParent()
        for facility in facilities:
            record.facilities.items.add(id=facility, label=facility)
    return record


def money(units: int) -> money_pb2.Money:
    return money_pb2.Money(currency_code="CNY", units=units)


def asking(text: str = "", condition: Condition | None = None, **more: Any) -> KeywordQuery:
    return KeywordQuery(tokens=tuple(analyser.query(text)), condition=condition, **more)


def ids(recalled: Recalled) -> list[str]:
    return [found.hotel_id for found in recalled.candidates]


async def put(index: KeywordIndex, *hotels: hotel_pb2.Hotel) -> int:
    return await index.upsert([document_of(record) for record in hotels])


async def held(index: KeywordIndex, id: str) -> hotel_pb2.Hotel | None:
    record = (await index.get([id])).get(id)
    return None if record is None else hotel_pb2.Hotel.FromString(record)


async def eventually(ask: Callable[[], Awaitable[object]], expected: object) -> None:
    """Wait until the answer is as expected: what is written is found soon, not at once."""
    limit = time.monotonic() + PATIENCE_S
    while (answer := await ask()) != expected and time.monotonic() < limit:
        await asyncio.sleep(0.02)
    assert answer == expected


async def filled(index: KeywordIndex, *hotels: hotel_pb2.Hotel) -> KeywordIndex:
    """Put hotels and wait until they are counted."""
    await put(index, *hotels)
    await eventually(index.count, len({record.id for record in hotels}))
    return index


class KeywordIndexContract:
    """A subclass gives the fixture `index`: an empty one."""

    # --- writing and reading by id -------------------------------------------------------------
    async def test_an_empty_index_finds_nothing(self, index: KeywordIndex) -> None:
        recalled = await index.search(asking("pool", POOL))
        assert (recalled.candidates, recalled.match_count) == ((), 0)
        assert recalled.leave_one_out == (0,)
        assert (await index.get(["a"]), await index.count()) == ({}, 0)
        assert index.version()

    async def test_a_record_comes_back_as_it_went_in(self, index: KeywordIndex) -> None:
        record = hotel("a", "北京饭店 Beijing Hotel ホテル 🏨", price=0, extra={"列": "値\u0000"})
        assert await put(index, record, hotel("b")) == 2
        assert await held(index, "a") == record
        await eventually(index.count, 2)
        (found,) = (await index.search(asking(condition=Term(Field.HOTEL_ID, ("a",))))).candidates
        assert hotel_pb2.Hotel.FromString(found.record) == record

    async def test_ids_may_hold_any_character(self, index: KeywordIndex) -> None:
        strange = ["a/b", "é 中", "x\"y'z\\", "#?&%2F", "🏨", "_all", "a" * 128]
        await filled(index, *(hotel(id) for id in strange))
        assert set(await index.get([*strange, "nobody"])) == set(strange)
        for id in strange:
            assert ids(await index.search(asking(condition=Term(Field.HOTEL_ID, (id,))))) == [id]

    async def test_a_hotel_is_replaced_whole(self, index: KeywordIndex) -> None:
        await put(index, hotel("a", "old", price=100, brand="x", facilities=["pool"]))
        assert await put(index, hotel("a", "new", revision=2)) == 1
        await eventually(index.count, 1)
        for gone in (POOL, Range(Field.PRICE, min=0.0), Term(Field.BRAND, ("x",)), Not(POOL)):
            await eventually(lambda gone=gone: _count(index, gone), 0)  # type: ignore[misc]
        assert (await index.search(asking("old"))).match_count == 1

    async def test_a_stale_revision_is_left_out_and_an_equal_one_taken(
        self, index: KeywordIndex
    ) -> None:
        await put(index, hotel("a", "new", revision=7))
        assert await put(index, hotel("a", "stale", revision=6), hotel("b")) == 1
        assert await put(index, hotel("a", "same", revision=7)) == 1
        record = await held(index, "a")
        assert record is not None
        assert record.names[0].text == "same"

    async def test_of_one_hotel_twice_in_a_batch_the_newer_counts(
        self, index: KeywordIndex
    ) -> None:
        assert await put(index, hotel("a", "new", revision=2), hotel("a", "old")) == 1
        assert await held(index, "a") == hotel("a", "new", revision=2)

    async def test_a_removed_hotel_is_gone_and_may_come_back_with_any_revision(
        self, index: KeywordIndex
    ) -> None:
        await filled(index, hotel("a", revision=9), hotel("b"))
        await index.delete(["a", "nobody"])
        assert await held(index, "a") is None
        await eventually(index.count, 1)
        assert ids(await index.search(asking())) == ["b"]
        assert await put(index, hotel("a", revision=1)) == 1
        await eventually(index.count, 2)

    async def test_nothing_to_do_is_fine(self, index: KeywordIndex) -> None:
        await index.delete([])
        assert await index.upsert([]) == 0
        assert await index.get([]) == {}
        assert (await index.change_facts([])).taken == 0

    async def test_large_revisions_and_many_hotels_at_once(self, index: KeywordIndex) -> None:
        largest = (1 << 62) + 12345
        await filled(index, *(hotel(f"h{n}", revision=largest + n) for n in range(1_500)))
        assert await put(index, hotel("h7", revision=largest)) == 0
        recalled = await index.search(asking(limit=500))
        assert (recalled.match_count, len(set(ids(recalled)))) == (1_500, 500)

    async def test_closed_hotels_are_held_and_never_found(self, index: KeywordIndex) -> None:
        await filled(index, hotel("a", operating_status=CLOSED), hotel("b", operating_status=OPEN))
        assert ids(await index.search(asking())) == ["b"]
        assert (await index.search(asking("hotel a"))).match_count == 1
        assert set(await index.get(["a", "b"])) == {"a", "b"}

    async def test_closed_hotels_are_not_found_by_their_words(self, index: KeywordIndex) -> None:
        await filled(
            index,
            hotel("closed", "Jade Pagoda", operating_status=CLOSED),
            hotel("open", "Jade Inn", operating_status=OPEN),
            *(hotel(f"lake{n}", "Lake House") for n in range(6)),
        )
        found = await index.search(asking("jade pagoda"))
        assert (ids(found)[0], found.match_count) == ("open", 7)
        assert "closed" not in ids(found)

    # --- searching -----------------------------------------------------------------------------
    async def test_names_count_more_than_prose_and_rare_words_more_than_common(
        self, index: KeywordIndex
    ) -> None:
        prose = [hotel_pb2.LocalizedText(text="a jade pagoda is seen from the lake")]
        await filled(
            index,
            hotel("prose", "Lake Inn", descriptions=prose),
            hotel("name", "Jade Pagoda"),
            *(hotel(f"lake{n}", "Lake House") for n in range(3)),
        )
        found = ids(await index.search(asking("jade pagoda lake", limit=3)))
        assert found[:2] == ["name", "prose"]

    async def test_the_condition_holds_for_hotels_without_the_words_too(
        self, index: KeywordIndex
    ) -> None:
        await filled(
            index, hotel("a", "颐和园", facilities=["pool"]), hotel("b", facilities=["pool"]),
            hotel("c", "颐和园"),
        )  # fmt: skip
        recalled = await index.search(asking("颐和园", POOL))
        assert (ids(recalled), recalled.match_count) == (["a", "b"], 2)
        scores = [found.score for found in recalled.candidates]
        assert scores[0] > scores[1] > 0

    async def test_without_words_the_standing_orders_and_ties_are_always_the_same(
        self, index: KeywordIndex
    ) -> None:
        same = [hotel(f"s{n}", guest_rating=4.0, review_count=50) for n in range(20)]
        best = hotel("best", guest_rating=4.9, review_count=1_000)
        await filled(index, *same, best)
        order = ids(await index.search(asking()))
        assert order[0] == "best"
        await put(index, *reversed(same))
        await eventually(index.count, 21)
        assert ids(await index.search(asking())) == order
        assert ids(await index.search(asking(limit=5))) == order[:5]

    async def test_a_preference_raises_and_a_dislike_raises_the_others(
        self, index: KeywordIndex
    ) -> None:
        await filled(index, hotel("with", facilities=["pool"]), hotel("without", facilities=[]))
        liked = Preference(POOL, 0.7)
        disliked = Preference(POOL, -0.7)
        trend = Preference(Trend(Field.PRICE, Direction.ASCENDING), 1.0)
        assert ids(await index.search(asking(preferences=(liked, trend)))) == ["with", "without"]
        assert ids(await index.search(asking(preferences=(disliked,)))) == ["without", "with"]

    @pytest.mark.parametrize(
        ("key", "expected"),
        [
            (SortKey(Field.PRICE, Direction.ASCENDING), ["b", "c", "a", "d"]),
            (SortKey(Field.PRICE, Direction.DESCENDING), ["a", "b", "c", "d"]),
            (SortKey(Field.STAR_RATING, Direction.DESCENDING), ["d", "b", "c", "a"]),
            (SortKey(Field.GUEST_RATING, Direction.ASCENDING), ["c", "b", "a", "d"]),
            (SortKey(Field.REVIEW_COUNT, Direction.DESCENDING), ["b", "c", "a", "d"]),
            (SortKey(Field.DISTANCE, Direction.ASCENDING, 1, SQUARE), ["a", "b", "c", "d"]),
            (SortKey(Field.DISTANCE, Direction.DESCENDING, 1, SQUARE), ["b", "c", "a", "d"]),
        ],
        ids=lambda value: f"{value.field} {value.direction}" if isinstance(value, SortKey) else "",
    )
    async def test_a_sort_puts_equals_by_standing_and_those_without_the_value_last(
        self, index: KeywordIndex, key: SortKey, expected: list[str]
    ) -> None:
        near, far = (39.905, 116.398), (39.95, 116.45)
        await filled(
            index,
            # Standing: d (none known) below c below b below a.
            hotel("a", price=300, guest_rating=4.9, review_count=200, location=near),
            hotel("b", price=100, guest_rating=4.8, review_count=300, location=far, star_rating=4),
            hotel("c", price=100, guest_rating=4.0, review_count=250, location=far, star_rating=4),
            hotel("d", star_rating=5),
        )
        recalled = await index.search(asking(sort=(key,)))
        assert ids(recalled) == expected
        assert [found.score for found in recalled.candidates] == [1, 1 / 2, 1 / 3, 1 / 4]
        assert ids(await index.search(asking(sort=(key,), limit=2))) == expected[:2]
        assert recalled.match_count == 4

    async def test_of_many_equals_at_the_end_of_a_sort_the_best_standing_are_taken(
        self, index: KeywordIndex
    ) -> None:
        await filled(
            index,
            hotel("cheap", price=50),
            *(
                hotel(f"h{n}", price=100, guest_rating=3 + n / 20, review_count=500)
                for n in range(30)
            ),
        )
        key = SortKey(Field.PRICE, Direction.ASCENDING)
        found = ids(await index.search(asking(sort=(key,), limit=4)))
        assert found == ["cheap", "h29", "h28", "h27"]

    async def test_names_are_compared_folded_whole_or_in_part(self, index: KeywordIndex) -> None:
        await filled(
            index,
            hotel("a", "北京 饭店（王府井店）"),
            hotel("b", "ＢＥＩＪＩＮＧ  Hotel"),
            hotel("c", '*?\\.[a-z]+ "q"'),
            hotel("d", "Grand Hotel"),
        )
        for value, match, expected in (
            ("北京饭店(王府井店)", NameMatch.EXACT, {"a"}),
            ("北京饭店", NameMatch.EXACT, set()),
            ("饭店(王", NameMatch.CONTAINS, {"a"}),
            ("饭王", NameMatch.CONTAINS, set()),
            ("beijing hotel", NameMatch.EXACT, {"b"}),
            ("HOTEL", NameMatch.CONTAINS, {"b", "d"}),
            ("gh", NameMatch.CONTAINS, {"b"}),
            ("井", NameMatch.CONTAINS, {"a"}),
            ("*?\\.[a-z]+", NameMatch.CONTAINS, {"c"}),
            (".*", NameMatch.CONTAINS, set()),
            ("*", NameMatch.CONTAINS, {"c"}),
            ('q"', NameMatch.CONTAINS, {"c"}),
            ("店）", NameMatch.CONTAINS, {"a"}),
            (" ", NameMatch.CONTAINS, {"a", "b", "c", "d"}),
        ):
            found = await index.search(asking(condition=Name(value, match)))
            assert set(ids(found)) == expected, (value, match)

    async def test_minus_zero_is_zero(self, index: KeywordIndex) -> None:
        await filled(index, hotel("a", star_rating=-0.0), hotel("b", star_rating=0.0))
        for bounds in (Range(Field.STAR_RATING, min=0.0), Range(Field.STAR_RATING, max=-0.0)):
            assert set(ids(await index.search(asking(condition=bounds)))) == {"a", "b"}

    async def test_hotels_on_the_line_of_a_circle_are_where_the_evaluator_puts_them(
        self, index: KeywordIndex
    ) -> None:
        spots = [Point(39.9 + n * 1.7e-7, 116.4 + n * 2.3e-7) for n in range(8)]
        await filled(
            index,
            *(hotel(f"h{n}", location=(p.latitude, p.longitude)) for n, p in enumerate(spots)),
            hotel("nowhere"),
        )
        for n, spot in enumerate(spots):
            radius_km = haversine_km(SQUARE, spot)
            circle = Near(1, center=SQUARE, radius_km=radius_km)
            inside = {f"h{i}" for i, p in enumerate(spots) if haversine_km(SQUARE, p) <= radius_km}
            found = await index.search(asking(condition=circle))
            assert (set(ids(found)), found.match_count) == (inside, len(inside)), n
            outside = await index.search(asking(condition=Not(circle)))
            assert set(ids(outside)) == {f"h{i}" for i in range(8)} - inside
            either = AnyOf((Not(circle), Term(Field.HOTEL_ID, ("nowhere",))))
            assert (await index.search(asking(condition=either))).match_count == 9 - len(inside)

    @pytest.mark.parametrize(
        "more",
        [
            {},
            {"sort": (SortKey(Field.PRICE, Direction.DESCENDING),)},
            {"sort": (SortKey(Field.DISTANCE, Direction.ASCENDING, 1, SQUARE),)},
        ],
        ids=["ranked", "by price", "by distance"],
    )
    async def test_what_need_not_be_counted_is_found_all_the_same(
        self, index: KeywordIndex, more: dict[str, Any]
    ) -> None:
        spots = [Point(39.9 + n / 1e3, 116.4) for n in range(20)]
        listed = hotel("listed", "garden", price=90, location=(39.99, 116.4))
        listed.nearby_places.items.add(category=hotel_pb2.PLACE_CATEGORY_ATTRACTION, name="square")
        await filled(
            index,
            *(
                hotel(
                    f"h{n}",
                    "garden" if n % 3 else "palace",
                    price=100 + n,
                    location=(spot.latitude, spot.longitude),
                )
                for n, spot in enumerate(spots)
            ),
            listed,
            hotel("far", "garden", price=95, location=(39.99, 116.4)),
            hotel("nowhere", "garden", price=500),
        )
        entry = ListedPlace(PlaceCategory.ATTRACTION, "square")
        near = Near(1, listed=(entry,), center=SQUARE, radius_km=1.2)
        asked = asking("garden", All((near, Range(Field.PRICE, max=300))), limit=5, **more)
        counted = await index.search(asked)
        within = {f"h{n}" for n, spot in enumerate(spots) if haversine_km(SQUARE, spot) <= 1.2}
        assert counted.match_count == len(within) + 1
        assert len(counted.candidates) == 5
        assert set(ids(counted)) <= within | {"listed"}
        free = await index.search(replace(asked, counted=False))
        assert free.candidates == counted.candidates
        assert free.match_count in (None, counted.match_count)

    async def test_an_empty_result_tells_what_each_condition_costs(
        self, index: KeywordIndex
    ) -> None:
        await filled(
            index,
            hotel("a", facilities=["pool"], price=500),
            hotel("b", facilities=["gym"], price=100),
            hotel("c", facilities=["gym"], price=200, operating_status=CLOSED),
        )
        cheap = Range(Field.PRICE, max=200)
        recalled = await index.search(asking("gym", All((POOL, cheap))))
        assert (recalled.match_count, recalled.leave_one_out) == (0, (1, 1))
        assert (await index.search(asking(condition=cheap))).leave_one_out == ()
        nobody = Term(Field.CITY, ("nowhere",))
        assert (await index.search(asking(condition=nobody))).leave_one_out == (2,)

    # --- the fast lane -------------------------------------------------------------------------
    async def test_changed_facts_are_searched_by_and_in_the_record(
        self, index: KeywordIndex
    ) -> None:
        await filled(index, hotel("a", price=300, facilities=["pool"]), hotel("b", "Jade"))
        taken = await index.change_facts(
            [
                FactsChange("a", 10, price=money(80), available=False),
                FactsChange("b", 11, price=money(0)),
                FactsChange("b", 12, operating_status=CLOSED),
                FactsChange("nobody", 10, available=True),
            ]
        )
        assert (taken.taken, taken.unknown) == (3, (FactsChange("nobody", 10, available=True),))
        record = await held(index, "a")
        assert record is not None
        assert (record.price.units, record.available, record.revision) == (80, False, 1)
        cheap = Range(Field.PRICE, max=100)
        await eventually(lambda: _ids(index, cheap), ["a"])
        assert ids(await index.search(asking(condition=All((POOL, cheap))))) == ["a"]
        await index.change_facts([FactsChange("b", 13, operating_status=OPEN)])
        await eventually(lambda: _count(index, cheap), 2)
        assert ids(await index.search(asking("jade")))[0] == "b"

    async def test_an_older_change_is_refused_by_field(self, index: KeywordIndex) -> None:
        await put(index, hotel("a", price=300))
        await index.change_facts([FactsChange("a", 10, price=money(80))])
        late = FactsChange("a", 9, price=money(70), available=True)
        assert (await index.change_facts([late])).taken == 1
        assert (await index.change_facts([late])).taken == 0
        record = await held(index, "a")
        assert record is not None
        assert (record.price.units, record.available) == (80, True)

    async def test_a_record_does_not_undo_a_newer_change_nor_a_change_a_newer_record(
        self, index: KeywordIndex
    ) -> None:
        def record(revision: int, price: int, as_of_ns: int) -> hotel_pb2.Hotel:
            made = hotel("a", f"name {revision}", revision=revision, price=price)
            made.as_of.FromNanoseconds(as_of_ns)
            return made

        await put(index, record(1, 300, 10))
        for at in range(11, 31):
            await index.change_facts([FactsChange("a", at, price=money(at))])
        assert await put(index, record(2, 200, 20)) == 1
        kept = await held(index, "a")
        assert kept is not None
        assert (kept.price.units, kept.names[0].text) == (30, "name 2")
        await eventually(lambda: _count(index, Range(Field.PRICE, 30, 30)), 1)
        assert await put(index, record(3, 100, 40)) == 1
        assert (await index.change_facts([FactsChange("a", 39, price=money(39))])).taken == 0
        newest = await held(index, "a")
        assert newest is not None
        assert newest.price.units == 100
        assert await put(index, record(2, 200, 20)) == 0

    async def test_writers_at_once_lose_nothing(self, index: KeywordIndex) -> None:
        await put(index, hotel("a", revision=1))
        await asyncio.gather(
            put(index, hotel("a", "renamed", revision=2)),
            index.change_facts([FactsChange("a", 10, price=money(80))]),
            index.change_facts([FactsChange("a", 10, available=True)]),
            index.change_facts([FactsChange("a", 10, operating_status=OPEN)]),
        )
        record = await held(index, "a")
        assert record is not None
        assert (record.names[0].text, record.price.units) == ("renamed", 80)
        assert (record.available, record.operating_status) == (True, OPEN)


async def _count(index: KeywordIndex, condition: Condition) -> int:
    count = (await index.search(asking(condition=condition))).match_count
    assert count is not None
    return count


async def _ids(index: KeywordIndex, condition: Condition) -> list[str]:
    return ids(await index.search(asking(condition=condition)))
