"""Guests' words through every service and back."""

from __future__ import annotations

import asyncio
import uuid

import grpc
import pytest
from concierge.answering.v1 import answering_pb2
from concierge.plan.v1 import plan_pb2
from concierge.ranking.v1 import ranking_pb2
from concierge.search.v1 import conversation_pb2, search_pb2, search_pb2_grpc
from google.type import latlng_pb2

from services.geography.distance import haversine_km
from services.plan.condition import Point
from services.plan.condition_wire import condition_from_pb
from services.plan.evaluate import satisfies
from services.plan.hotel_wire import amount, facts_of
from services.platform.errors import ConciergeError, InvalidArgument, NotFound
from services.platform.rpc import from_rpc_error


@pytest.fixture
def search(door: grpc.aio.Channel) -> search_pb2_grpc.SearchServiceAsyncStub:
    return search_pb2_grpc.SearchServiceStub(door)


async def say(
    stub: search_pb2_grpc.SearchServiceAsyncStub, text: str, **turn: object
) -> search_pb2.SearchHotelsResponse:
    """Say one turn once the catalogue is there; check what holds for every answer."""
    guest = search_pb2.GuestTurn(text=text, **turn)  # type: ignore[arg-type]
    request = search_pb2.SearchHotelsRequest(turn=guest)
    response = await stub.SearchHotels(request, timeout=20)
    if response.plan.HasField("condition"):
        condition = condition_from_pb(response.plan.condition)
        for hit in response.hits:
            assert satisfies(condition, facts_of(hit.hotel))
    for hit in response.hits:
        hard = [reason for reason in hit.reasons if reason.hard]
        assert all(r.satisfaction == ranking_pb2.SATISFACTION_MET for r in hard)
        assert hit.score == pytest.approx(sum(part.value * part.weight for part in hit.score_parts))
    return response


QUERIES = [
    "北京的五星级酒店,有停车场,不要青年旅舍",
    "上海外滩附近的酒店,五百以内",
    "hotel in Beijing with a pool or a gym, under 900",
    "成都春熙路附近有健身房的酒店,评分4.5以上",
    "苏州的经济型酒店",
]


async def recommended(
    search: search_pb2_grpc.SearchServiceAsyncStub, turn: search_pb2.GuestTurn
) -> tuple[search_pb2.SearchHotelsResponse, list[answering_pb2.Citation]]:
    """Return the result of a turn and what the sentences of its answer cite."""
    result = search_pb2.SearchHotelsResponse()
    cited: list[answering_pb2.Citation] = []
    async for part in search.Recommend(search_pb2.RecommendRequest(turn=turn), timeout=20):
        if part.HasField("result"):
            result = part.result
        if part.HasField("sentence"):
            cited += part.sentence.citations
    return result, cited


@pytest.mark.parametrize("text", QUERIES)
async def test_every_hit_satisfies_the_plan_and_says_why(
    search: search_pb2_grpc.SearchServiceAsyncStub, text: str
) -> None:
    response = await say(search, text)
    assert response.outcome == search_pb2.SEARCH_OUTCOME_RESULTS
    assert response.hits
    assert not response.skipped_stages
    assert response.plan.HasField("condition")
    assert all(any(r.hard for r in hit.reasons) for hit in response.hits)


async def test_a_city_in_english_finds_what_the_catalogue_writes_in_chinese(
    search: search_pb2_grpc.SearchServiceAsyncStub,
) -> None:
    response = await say(search, "a hotel in Shanghai with a gym")
    assert {hit.hotel.city for hit in response.hits} == {"上海"}


async def test_cheapest_first_is_cheapest_first(
    search: search_pb2_grpc.SearchServiceAsyncStub,
) -> None:
    response = await say(search, "西安最便宜的酒店,按价格从低到高排")
    prices = [amount(hit.hotel.price) for hit in response.hits if hit.hotel.HasField("price")]
    assert len(prices) > 3
    assert prices == sorted(prices)


async def test_nothing_matching_is_said_with_what_would_help(
    search: search_pb2_grpc.SearchServiceAsyncStub,
) -> None:
    response = await say(search, "北京的豪华型酒店,有健身房,价格20元以下")
    assert response.outcome == search_pb2.SEARCH_OUTCOME_NO_MATCH
    assert not response.hits
    assert response.relaxations
    assert response.relaxations[0].match_count > 0


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("你好", search_pb2.SEARCH_OUTCOME_CHITCHAT),
        ("谢谢你,再见", search_pb2.SEARCH_OUTCOME_CHITCHAT),
        ("Thanks, bye!", search_pb2.SEARCH_OUTCOME_CHITCHAT),
        ("帮我写一首诗", search_pb2.SEARCH_OUTCOME_OUT_OF_DOMAIN),
    ],
)
async def test_what_needs_no_search_gets_none(
    search: search_pb2_grpc.SearchServiceAsyncStub,
    text: str,
    outcome: search_pb2.SearchOutcome.ValueType,
) -> None:
    response = await say(search, text)
    assert (response.outcome, len(response.hits)) == (outcome, 0)


async def test_a_conversation_is_remembered_and_narrowed(
    search: search_pb2_grpc.SearchServiceAsyncStub,
) -> None:
    conversation = uuid.uuid4().hex
    first = await say(search, "北京的酒店,要有健身房", conversation_id=conversation)
    second = await say(search, "价格500以下的", conversation_id=conversation)
    assert second.total_matches < first.total_matches
    for hit in second.hits:
        assert "gym" in {item.id for item in hit.hotel.facilities.items}
        assert amount(hit.hotel.price) <= 500


async def test_an_explicit_history_gives_the_same_plan_as_the_servers_memory(
    search: search_pb2_grpc.SearchServiceAsyncStub,
) -> None:
    conversation = uuid.uuid4().hex
    await say(search, "北京的酒店,要有健身房", conversation_id=conversation)
    kept = await say(search, "价格500以下的", conversation_id=conversation)
    told = await say(
        search,
        "价格500以下的",
        history=[
            conversation_pb2.Utterance(
                role=conversation_pb2.ROLE_USER, text="北京的酒店,要有健身房"
            )
        ],
    )
    assert told.plan.condition == kept.plan.condition
    assert [h.hotel.id for h in told.hits] == [h.hotel.id for h in kept.hits]


async def test_pages_follow_each_other_without_gaps_or_repeats(
    search: search_pb2_grpc.SearchServiceAsyncStub,
) -> None:
    first = await say(search, "北京的酒店", page_size=5)
    ids = [hit.hotel.id for hit in first.hits]
    token = first.next_page_token
    while token:
        turn = search_pb2.GuestTurn(page_token=token)
        page = await search.SearchHotels(search_pb2.SearchHotelsRequest(turn=turn), timeout=20)
        ids += [hit.hotel.id for hit in page.hits]
        token = page.next_page_token
    assert len(ids) == len(set(ids)) > 5
    assert ids[:5] == [hit.hotel.id for hit in first.hits]


async def test_recommend_streams_plan_result_sentences_end(
    search: search_pb2_grpc.SearchServiceAsyncStub,
) -> None:
    turn = search_pb2.GuestTurn(text="上海有游泳池的豪华酒店", page_size=3)
    parts = [
        part async for part in search.Recommend(search_pb2.RecommendRequest(turn=turn), timeout=20)
    ]
    kinds = [part.WhichOneof("part") for part in parts]
    assert kinds[:2] == ["plan", "result"]
    assert kinds[-1] == "end"
    assert set(kinds[2:-1]) == {"sentence"}
    shown = {hit.hotel.id for hit in parts[1].result.hits}
    cited = {c.hotel_id for part in parts[2:-1] for c in part.sentence.citations}
    assert cited
    assert cited <= shown
    assert not parts[-1].end.degraded


async def test_a_question_about_a_shown_hotel_is_answered_from_its_record(
    search: search_pb2_grpc.SearchServiceAsyncStub,
) -> None:
    conversation = uuid.uuid4().hex
    shown = await say(search, "北京有健身房的酒店", conversation_id=conversation)
    turn = search_pb2.GuestTurn(text="第一家的电话是多少?", conversation_id=conversation)
    result, cited = await recommended(search, turn)
    assert result.outcome == search_pb2.SEARCH_OUTCOME_ABOUT_SHOWN
    assert [hotel.id for hotel in result.shown_hotels] == [shown.hits[0].hotel.id]
    phones = [c.values for c in cited if c.field == plan_pb2.FIELD_PHONE]
    record = shown.hits[0].hotel
    assert list(phones[0]) == ([record.phone] if record.HasField("phone") else [])


async def test_how_far_a_shown_hotel_is_from_a_place_is_measured(
    search: search_pb2_grpc.SearchServiceAsyncStub,
) -> None:
    conversation = uuid.uuid4().hex
    await say(search, "北京有健身房的酒店", conversation_id=conversation)
    turn = search_pb2.GuestTurn(text="第一家离天安门多远", conversation_id=conversation)
    result, cited = await recommended(search, turn)
    assert result.outcome == search_pb2.SEARCH_OUTCOME_ABOUT_SHOWN
    (hotel,) = result.shown_hotels
    (place,) = result.places
    km = haversine_km(_point(hotel.location), _point(place.place.location))
    (told,) = [list(c.values) for c in cited if c.field == plan_pb2.FIELD_DISTANCE]
    assert told == [f"{km:.1f} km"]
    # The guest goes on from the search that was.
    after = await say(search, "再加上游泳池", conversation_id=conversation)
    assert after.outcome == search_pb2.SEARCH_OUTCOME_RESULTS


def _point(location: latlng_pb2.LatLng) -> Point:
    return Point(location.latitude, location.longitude)


async def test_an_earlier_search_can_be_explained(
    search: search_pb2_grpc.SearchServiceAsyncStub,
) -> None:
    response = await say(search, "广州的酒店,要有早餐")
    explained = await search.Explain(
        search_pb2.ExplainRequest(search_id=response.search_id), timeout=20
    )
    assert len(explained.stages) == 2
    assert {timing.stage for timing in explained.timings} >= {
        "query_understanding", "geocoding", "vector_retrieval", "keyword_search", "ranking",
    }  # fmt: skip
    assert [r.hotel_id for r in explained.ranking][: len(response.hits)] == [
        hit.hotel.id for hit in response.hits
    ]
    assert explained.versions["vocabulary"]


async def refused(stub: search_pb2_grpc.SearchServiceAsyncStub, **turn: object) -> ConciergeError:
    guest = search_pb2.GuestTurn(**turn)  # type: ignore[arg-type]
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.SearchHotels(search_pb2.SearchHotelsRequest(turn=guest), timeout=20)
    return from_rpc_error(raised.value)


@pytest.mark.parametrize(
    ("turn", "field"),
    [
        ({"text": ""}, "turn.text"),
        ({"text": "酒" * 100_000}, "turn.text"),
        ({"text": "\x00\x01\x7f"}, "turn.text"),
        ({"text": "酒店", "page_size": -1}, "turn.page_size"),
        ({"text": "酒店", "page_size": 2**31 - 1}, "turn.page_size"),
        ({"text": "酒店", "page_token": "abc"}, "turn.text"),
        ({"page_token": "abc"}, "page_token"),
        ({"page_token": "MTowMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDo1OjU"}, "turn.page_token"),
    ],
)
async def test_a_bad_turn_is_refused_by_the_name_of_its_field(
    search: search_pb2_grpc.SearchServiceAsyncStub, turn: dict[str, object], field: str
) -> None:
    error = await refused(search, **turn)
    assert isinstance(error, InvalidArgument)
    assert error.field == field


async def test_a_deadline_that_is_over_is_a_typed_error(
    search: search_pb2_grpc.SearchServiceAsyncStub,
) -> None:
    turn = search_pb2.GuestTurn(text="酒店")
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await search.SearchHotels(search_pb2.SearchHotelsRequest(turn=turn), timeout=1e-6)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_an_unknown_search_cannot_be_explained(
    search: search_pb2_grpc.SearchServiceAsyncStub,
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await search.Explain(search_pb2.ExplainRequest(search_id="x" * 32), timeout=20)
    assert isinstance(from_rpc_error(raised.value), NotFound)


async def test_many_guests_at_once_each_get_their_own_answer(
    search: search_pb2_grpc.SearchServiceAsyncStub,
) -> None:
    cities = ("北京", "上海", "苏州", "成都", "广州", "西安")
    responses = await asyncio.gather(*(say(search, f"{city}的酒店") for city in cities * 5))
    for city, response in zip(cities * 5, responses, strict=True):
        assert {hit.hotel.city for hit in response.hits} == {city}
