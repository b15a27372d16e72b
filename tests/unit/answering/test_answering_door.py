"""The gRPC door: requests refused, sentences streamed, the summary last."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import grpc
import pytest
from concierge.answering.v1 import answering_pb2 as pb
from concierge.answering.v1 import answering_pb2_grpc
from concierge.catalog.v1 import hotel_pb2
from concierge.plan.v1 import plan_pb2
from google.type import money_pb2

from services.answering import main, wire
from services.platform.errors import InvalidArgument
from services.platform.health import Health
from services.platform.rpc import RpcServer, channel
from services.platform.settings import RpcSettings
from tests.unit.answering.records import VOCABULARY

HOTEL = hotel_pb2.Hotel(
    id="h1",
    names=[hotel_pb2.LocalizedText(language="zh", text="湖畔云庭酒店\u202e<b>")],
    price=money_pb2.Money(currency_code="CNY", units=480),
    phone="027-88886666",
)


def request(**fields: object) -> pb.AnswerRequest:
    message = pb.AnswerRequest(
        text="多少钱",
        plan=plan_pb2.QueryPlan(outcome=plan_pb2.OUTCOME_ABOUT_SHOWN, language="zh"),
        shown_hotels=[HOTEL],
        **fields,  # type: ignore[arg-type]
    )
    message.plan.requested_facts.add(field=plan_pb2.FIELD_PRICE)
    return message


@pytest.fixture
async def stub() -> AsyncIterator[answering_pb2_grpc.AnsweringServiceAsyncStub]:
    server = RpcServer("127.0.0.1:0", settings=RpcSettings(), health=Health())
    main.add_to_server(server, vocabulary=VOCABULARY)
    port = server.bind()
    await server.start()
    async with channel(f"127.0.0.1:{port}") as open_channel:
        yield answering_pb2_grpc.AnsweringServiceStub(open_channel)
    await server.stop(0)


async def test_sentences_come_with_citations_and_the_summary_is_last(
    stub: answering_pb2_grpc.AnsweringServiceAsyncStub,
) -> None:
    parts = [part async for part in stub.Answer(request(), timeout=5)]
    (sentence,) = [part.sentence for part in parts[:-1]]
    assert sentence.text == "湖畔云庭酒店：每晚480元。"
    assert [(c.hotel_id, c.field, list(c.values)) for c in sentence.citations] == [
        ("h1", plan_pb2.FIELD_NAME, ["湖畔云庭酒店"]),
        ("h1", plan_pb2.FIELD_PRICE, ["480 CNY"]),
    ]
    assert parts[-1].summary == pb.AnswerSummary(writer="template")


async def test_a_request_without_a_plan_is_refused_by_name(
    stub: answering_pb2_grpc.AnsweringServiceAsyncStub,
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        async for _ in stub.Answer(pb.AnswerRequest(text="x"), timeout=5):
            pass
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "plan.outcome" in str(refused.value.details())


def _set(change: Callable[[pb.AnswerRequest], object]) -> pb.AnswerRequest:
    message = request()
    change(message)
    return message


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (_set(lambda m: setattr(m, "text", "x" * 2_001)), "text"),
        (_set(lambda m: setattr(m, "language", "fr")), "language"),
        (_set(lambda m: setattr(m, "total_matches", -1)), "total_matches"),
        (_set(lambda m: m.shown_hotels.add()), "shown_hotels[1].id"),
        (
            _set(lambda m: m.shown_hotels.add(id="x", guest_rating=float("nan"))),
            "shown_hotels[1].guest_rating",
        ),
        (_set(lambda m: m.relaxations.add()), "relaxations[0].condition"),
    ],
)
def test_a_bad_request_is_refused_by_the_name_of_its_field(
    message: pb.AnswerRequest, field: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        wire.task_of(message)
    assert refused.value.field == field


def test_a_text_of_the_request_that_is_not_ours_falls_back_to_the_plans_language() -> None:
    assert wire.task_of(request()).language == "zh"
    assert wire.task_of(request(language="en")).language == "en"


def test_ids_of_the_vocabulary_keep_their_underscores() -> None:
    hotel = hotel_pb2.Hotel(id="h1", names=HOTEL.names, kind="guest_house")
    hotel.facilities.items.add(id="hot_water_24h", label="24小时热水")
    hotel.facilities.items.add(id="Pool <b>", label="Pool")
    record = wire.record_of(hotel, at="shown_hotels[0]")
    assert record.kind == "guest_house"
    assert record.facility_ids() >= {"hot_water_24h", "Pool"}
