"""Gazetteer first, then the cache, then providers; and what a search gets when they are away."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from services.geocoding import handlers
from services.geocoding.adapters.file_gazetteer import FileGazetteer
from services.geocoding.adapters.memory_cache import MemoryPlaceCache
from services.geocoding.domain.answers import relevant
from services.geocoding.domain.place import Place, ResolutionStatus
from services.geocoding.domain.quota import Quota
from services.geocoding.guarded_provider import GuardedProvider
from services.geocoding.lookup import PlaceLookup
from services.plan.condition import ListedPlace, Near, PlaceCategory, Point
from services.plan.query_plan import Outcome, PlaceMention, Planner, QueryPlan
from services.platform.circuit import CircuitBreaker
from services.platform.errors import FailedPrecondition, ResourceExhausted, Unavailable
from tests.fakes.place_provider import FakeProvider

OTHER, STATION = PlaceCategory.OTHER, PlaceCategory.STATION
KNOWN = Place("天安门", PlaceCategory.ATTRACTION, Point(39.9087, 116.3975), "北京")
WANGJING = Place("望京SOHO", OTHER, Point(39.9966, 116.4811), "北京市", "朝阳区", "fake")
AWAY = Unavailable("no answer", reason="PROVIDER_TIMEOUT")


def lookup(*providers: FakeProvider) -> PlaceLookup:
    return PlaceLookup(
        FileGazetteer([(KNOWN, ())]),
        providers=providers,
        cache=MemoryPlaceCache(most=100, found_ttl_s=60.0, nothing_ttl_s=60.0),
    )


def plan(name: str, near: Near | None = None) -> QueryPlan:
    return QueryPlan(
        Outcome.SEARCH,
        Planner("test", "1", 1.0),
        condition=near or Near(1, radius_km=3.0),
        places=(PlaceMention(1, name),),
        language="zh",
    )


async def test_what_the_gazetteer_knows_is_not_asked_of_others() -> None:
    provider = FakeProvider(places={"天安门": [WANGJING]})
    located = await handlers.locate(plan("天安门"), city="", lookup=lookup(provider))
    assert located.resolutions[0].place == KNOWN
    assert provider.asked == []


async def test_what_it_does_not_know_is_asked_once_and_remembered() -> None:
    provider = FakeProvider(places={"望京SOHO": [WANGJING]})
    places = lookup(provider)
    for _ in range(2):
        located = await handlers.locate(plan("望京SOHO"), city="北京", lookup=places)
        assert isinstance(located.plan.condition, Near)
        assert located.plan.condition.center == WANGJING.point
    assert provider.asked == [("望京SOHO", "北京")]


async def test_that_nobody_knows_it_is_remembered_too() -> None:
    provider = FakeProvider()
    places = lookup(provider)
    for _ in range(2):
        located = await handlers.locate(plan("乌有乡"), city="", lookup=places)
        assert located.plan.outcome is Outcome.CLARIFY
        assert located.skipped == ()
    assert len(provider.asked) == 1


async def test_a_provider_that_is_away_ends_in_a_question_that_names_the_place() -> None:
    provider = FakeProvider()
    provider.error = AWAY
    located = await handlers.locate(plan("望京SOHO"), city="", lookup=lookup(provider))
    assert located.plan.outcome is Outcome.CLARIFY
    assert located.plan.clarification is not None
    assert "望京SOHO" in located.plan.clarification.question
    assert located.skipped == ("geocoding_providers",)
    assert located.plan.condition == plan("望京SOHO").condition


async def test_an_error_is_not_remembered() -> None:
    provider = FakeProvider(places={"望京SOHO": [WANGJING]})
    places = lookup(provider)
    provider.error = AWAY
    await handlers.locate(plan("望京SOHO"), city="", lookup=places)
    provider.error = None
    located = await handlers.locate(plan("望京SOHO"), city="", lookup=places)
    assert located.resolutions[0].status is ResolutionStatus.LOCATED


async def test_the_next_provider_answers_for_one_that_fails_or_does_not_know() -> None:
    first, second = FakeProvider("first"), FakeProvider("second", {"望京SOHO": [WANGJING]})
    for first.error in (AWAY, ResourceExhausted("x", retry_after_s=1.0), None):
        located = await handlers.locate(plan("望京SOHO"), city="", lookup=lookup(first, second))
        assert located.resolutions[0].place == WANGJING


async def test_unknown_to_one_and_another_away_is_not_the_same_as_unknown() -> None:
    first, second = FakeProvider("first"), FakeProvider("second")
    second.error = FailedPrecondition("key", reason="PROVIDER_KEY_REFUSED")
    with pytest.raises(Unavailable) as refused:
        await lookup(first, second).asked("乌有乡", city="", category=None)
    assert refused.value.reason == "PROVIDER_KEY_REFUSED"


async def test_places_that_records_list_are_not_asked_of_providers() -> None:
    provider = FakeProvider(places={"望京SOHO": [WANGJING]})
    near = Near(1, listed=(ListedPlace(OTHER, "望京SOHO"),), radius_km=3.0)
    located = await handlers.locate(plan("望京SOHO", near), city="", lookup=lookup(provider))
    assert located.resolutions[0].status is ResolutionStatus.LISTED
    assert provider.asked == []


async def test_branches_of_a_chain_are_asked_back() -> None:
    branches = [
        Place("肯德基(王府井店)", PlaceCategory.RESTAURANT, Point(39.91, 116.41), "北京市"),
        Place("肯德基(望京店)", PlaceCategory.RESTAURANT, Point(39.99, 116.48), "北京市"),
    ]
    provider = FakeProvider(places={"肯德基": branches})
    located = await handlers.locate(plan("肯德基"), city="北京", lookup=lookup(provider))
    assert located.plan.outcome is Outcome.CLARIFY
    assert located.plan.clarification is not None
    assert len(located.plan.clarification.options) == 2


async def test_a_cache_that_is_away_costs_a_question_more() -> None:
    class _Away:
        async def get(self, name: str, city: str) -> Sequence[Place] | None:
            raise Unavailable("redis is away", reason="REDIS_AWAY")

        async def put(self, name: str, city: str, places: Sequence[Place]) -> None:
            raise Unavailable("redis is away", reason="REDIS_AWAY")

        async def close(self) -> None:
            """Nothing is open."""

    provider = FakeProvider(places={"望京SOHO": [WANGJING]})
    places = PlaceLookup(FileGazetteer([]), providers=[provider], cache=_Away())
    for _ in range(2):
        choice = await places.asked("望京SOHO", city="", category=None)
        assert choice.places == (WANGJING,)
    assert len(provider.asked) == 2


@pytest.mark.parametrize(
    ("names", "asked", "kept"),
    [
        (["国贸商城", "国贸(地铁站)", "国贸"], "国贸", ["国贸(地铁站)", "国贸"]),
        (["国贸商城", "国贸大酒店"], "国贸", ["国贸商城"]),
        (["KFC（Wangfujing）", "kfc"], "KFC", ["KFC（Wangfujing）", "kfc"]),
        ([], "国贸", []),
    ],
)
def test_of_a_providers_guesses_the_name_itself_is_kept_else_the_first(
    names: list[str], asked: str, kept: list[str]
) -> None:
    places = [Place(name, STATION, Point(39.9, 116.4), "北京市") for name in names]
    assert [p.name for p in relevant(places, asked, fold=str.casefold)] == kept


def test_without_the_name_itself_each_city_keeps_its_first() -> None:
    def place(name: str, city: str) -> Place:
        return Place(name, OTHER, Point(30.0, 110.0), city)

    found = [
        place("人民广场站", "上海市"),
        place("人民广场东", "上海市"),
        place("人民公园", "长春市"),
    ]
    kept = relevant(found, "人民广场", fold=str.casefold)
    assert [p.name for p in kept] == ["人民广场站", "人民公园"]


def test_a_quota_spaces_calls_and_ends_with_the_day() -> None:
    quota = Quota(per_second=2.0, per_day=4)
    midnight = 1_700_064_000.0  # 0:00 in UTC+8
    assert [quota.reserve(midnight, most_wait_s=1.0) for _ in range(4)] == [0.0, 0.5, 1.0, None]
    assert quota.reserve(midnight + 10.0, most_wait_s=1.0) == 0.0
    assert quota.reserve(midnight + 20.0, most_wait_s=1.0) is None
    assert quota.reserve(midnight + 86_399.0, most_wait_s=1.0) is None
    assert quota.reserve(midnight + 86_400.0, most_wait_s=1.0) == 0.0


def test_a_quota_outlives_a_clock_that_is_set_back() -> None:
    quota = Quota(per_second=1.0, per_day=100)
    assert quota.reserve(1_700_006_400.0, most_wait_s=0.5) == 0.0
    assert quota.reserve(1_700_002_800.0, most_wait_s=0.5) == 0.0


class _Clock:
    now = 1_700_006_400.0

    def __call__(self) -> float:
        return self.now


async def test_a_provider_is_left_alone_for_as_long_as_it_says() -> None:
    clock, provider = _Clock(), FakeProvider(places={"望京SOHO": [WANGJING]})
    guarded = GuardedProvider(
        provider,
        quota=Quota(per_second=1e6, per_day=1_000),
        breaker=CircuitBreaker(most_failures=3, open_s=10.0, clock=clock),
        clock=clock,
    )

    async def reason() -> str | None:
        try:
            await guarded.find("望京SOHO", city="", timeout_s=1.0)
        except (Unavailable, ResourceExhausted, FailedPrecondition) as error:
            return error.reason
        return None

    for error, pause_s in (
        (ResourceExhausted("x", retry_after_s=3_600.0, reason="PROVIDER_QUOTA"), 3_600.0),
        (FailedPrecondition("key", reason="PROVIDER_KEY_REFUSED"), 600.0),
    ):
        provider.error = error
        assert await reason() == error.reason
        provider.error = None
        clock.now += pause_s - 1.0
        assert await reason() == "PROVIDER_PAUSED"
        clock.now += 1.0
        assert await reason() is None


async def test_our_own_quota_refuses_before_the_provider_is_asked() -> None:
    provider = FakeProvider()
    guarded = GuardedProvider(
        provider,
        quota=Quota(per_second=0.01, per_day=1_000),
        breaker=CircuitBreaker(most_failures=3, open_s=10.0),
        clock=_Clock(),
    )
    await guarded.find("a", city="", timeout_s=1.0)
    with pytest.raises(ResourceExhausted):
        await guarded.find("b", city="", timeout_s=1.0)
    assert provider.asked == [("a", "")]
