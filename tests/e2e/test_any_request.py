"""Any request to any method is answered, or refused by a typed error that blames the request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from concierge.answering.v1 import answering_pb2
from concierge.catalog.v1 import hotel_pb2
from concierge.events.v1 import event_bus_pb2
from concierge.geocoding.v1 import geocoding_pb2
from concierge.ingestion.v1 import ingestion_pb2
from concierge.keyword_search.v1 import keyword_search_pb2
from concierge.query_understanding.v1 import query_understanding_pb2
from concierge.ranking.v1 import ranking_pb2
from concierge.search.v1 import search_pb2, search_pb2_grpc
from concierge.vector_retrieval.v1 import vector_retrieval_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.conftest import running
from tests.messages import messages

FILES = (
    answering_pb2, event_bus_pb2, geocoding_pb2, ingestion_pb2, keyword_search_pb2,
    query_understanding_pb2, ranking_pb2, search_pb2, vector_retrieval_pb2,
)  # fmt: skip
METHODS = [
    method
    for file in FILES
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
]
# A fault of the server, whatever was asked.
FAULTS = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS}
# A stream that waits for a job is cut off by the caller; nothing else takes this long.
TIMEOUT_S = 10.0

ANY = settings(
    max_examples=60,
    deadline=None,
    # The server is one for all examples: what one example leaves there is part of the test.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory, catalogue: Path) -> Iterator[str]:
    """The address of a deployment of its own, since any event may reach its catalogue."""
    with running(tmp_path_factory.mktemp("fuzzed"), catalogue) as address:
        yield address


@pytest.fixture(scope="module")
def door(target: str) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(target) as channel:
        yield channel


def path(method: MethodDescriptor) -> str:
    return f"/{method.containing_service.full_name}/{method.name}"


def outcome(door: grpc.Channel, method: MethodDescriptor, request: bytes) -> grpc.RpcError | None:
    """Send request bytes; return the error, or `None` when they were answered."""
    response_type = message_factory.GetMessageClass(method.output_type)
    kind = door.unary_stream if method.server_streaming else door.unary_unary
    call: Any = kind(path(method), response_deserializer=response_type.FromString)
    try:
        answer: Any = call(request, timeout=TIMEOUT_S)
        for _ in answer if method.server_streaming else ():
            pass
    except grpc.RpcError as error:
        return error
    return None


def check(error: grpc.RpcError | None, request: object) -> None:
    if error is None:
        return
    code, details = error.code(), error.details()
    assert code not in FAULTS, f"{code}: {details}, for {request}"
    assert code is not grpc.StatusCode.DEADLINE_EXCEEDED, f"no answer for {request}"
    assert details


def test_every_service_is_in_the_list(door: grpc.Channel) -> None:
    health: Any = health_pb2_grpc.HealthStub(door)
    for method in METHODS:
        asked = health_pb2.HealthCheckRequest(service=method.containing_service.full_name)
        status = health.Check(asked, timeout=5).status
        assert status == health_pb2.HealthCheckResponse.SERVING, asked


@pytest.mark.parametrize("method", METHODS, ids=lambda method: str(method.name))
@ANY
@given(data=st.data())
def test_any_message(door: grpc.Channel, method: MethodDescriptor, data: st.DataObject) -> None:
    request = data.draw(messages(method.input_type))
    check(outcome(door, method, request.SerializeToString()), request)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: str(method.name))
@settings(ANY, max_examples=10)
@given(request=st.binary(min_size=1, max_size=60))
def test_any_bytes(door: grpc.Channel, method: MethodDescriptor, request: bytes) -> None:
    check(outcome(door, method, request), request)


PLAN = query_understanding_pb2.DESCRIPTOR.services_by_name["QueryUnderstandingService"].methods[0]
PLANNED = [
    method for method in METHODS if "plan" in {field.name for field in method.input_type.fields}
]


@pytest.fixture(scope="module")
def planned(door: grpc.Channel) -> Message:
    """A plan with places, conditions and wishes, as query understanding makes it."""
    call: Any = door.unary_unary(
        path(PLAN), response_deserializer=query_understanding_pb2.PlanQueryResponse.FromString
    )
    turn = query_understanding_pb2.PlanQueryRequest(
        text="上海外滩附近的酒店,有健身房或者游泳池,不要青年旅舍,五百以内,最好安静"
    )
    response: query_understanding_pb2.PlanQueryResponse = call(turn.SerializeToString(), timeout=5)
    assert response.plan.HasField("condition")
    return response.plan


@pytest.mark.parametrize("method", PLANNED, ids=lambda method: str(method.name))
@ANY
@given(data=st.data())
def test_a_sound_plan_with_anything_beside_and_within(
    door: grpc.Channel, method: MethodDescriptor, planned: Message, data: st.DataObject
) -> None:
    """Random messages rarely come past the first check; a plan that was sound comes further."""
    request = data.draw(messages(method.input_type))
    plan = request.plan  # type: ignore[attr-defined]
    plan.CopyFrom(planned)
    plan.MergeFrom(data.draw(messages(plan.DESCRIPTOR)))
    check(outcome(door, method, request.SerializeToString()), request)


def test_the_catalogue_is_whole_after_all_that(door: grpc.Channel) -> None:
    """Runs last in this file: every hotel is still found, under the words of the first day."""
    search = search_pb2_grpc.SearchServiceStub(door)
    turn = search_pb2.GuestTurn(text="北京的五星级酒店")
    response = search.SearchHotels(search_pb2.SearchHotelsRequest(turn=turn), timeout=TIMEOUT_S)
    assert response.hits
    assert all(hit.hotel.star_rating == 5 for hit in response.hits)
    assert isinstance(response.hits[0].hotel, hotel_pb2.Hotel)
