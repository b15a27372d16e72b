"""Errors, deadlines and bad bytes over a real server and channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from concierge.geocoding.v1 import geocoding_pb2, geocoding_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.platform.errors import (
    ConciergeError,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    Unavailable,
)
from services.platform.health import Health
from services.platform.rpc import Context, RpcServer, channel, from_rpc_error
from services.platform.settings import RpcSettings

NAME = "concierge.geocoding.v1.GeocodingService"
ERRORS: dict[str, Exception] = {
    "argument": InvalidArgument("is wrong", field="query"),
    "missing": NotFound("no such thing", metadata={"id": 7}),
    "full": ResourceExhausted("full", retry_after_s=0.25),
    "away": Unavailable("away", reason="BACKEND_AWAY"),
    "bug": ZeroDivisionError("a secret detail"),
}


class Geocoding(geocoding_pb2_grpc.GeocodingServiceServicer):
    async def Geocode(
        self, request: geocoding_pb2.GeocodeRequest, context: Context
    ) -> geocoding_pb2.GeocodeResponse:
        if request.query in ERRORS:
            raise ERRORS[request.query]
        return geocoding_pb2.GeocodeResponse(unambiguous=True)

    async def ReverseGeocode(
        self, request: geocoding_pb2.ReverseGeocodeRequest, context: Context
    ) -> geocoding_pb2.ReverseGeocodeResponse:
        return geocoding_pb2.ReverseGeocodeResponse()


@pytest.fixture
async def door() -> AsyncIterator[grpc.aio.Channel]:
    health = Health()
    server = RpcServer("127.0.0.1:0", settings=RpcSettings(), health=health)
    server.add(geocoding_pb2_grpc.add_GeocodingServiceServicer_to_server, Geocoding(), NAME)
    port = await server.start()
    await health.start()
    async with channel(f"127.0.0.1:{port}") as client:
        yield client
    await health.stop()
    await server.stop(0)


async def failed(door: grpc.aio.Channel, query: str) -> ConciergeError:
    stub = geocoding_pb2_grpc.GeocodingServiceStub(door)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.Geocode(geocoding_pb2.GeocodeRequest(query=query), timeout=5)
    return from_rpc_error(raised.value)


async def test_an_answer_comes_back(door: grpc.aio.Channel) -> None:
    stub = geocoding_pb2_grpc.GeocodingServiceStub(door)
    assert (await stub.Geocode(geocoding_pb2.GeocodeRequest(query="x"), timeout=5)).unambiguous


async def test_a_bad_argument_names_its_field(door: grpc.aio.Channel) -> None:
    error = await failed(door, "argument")
    assert isinstance(error, InvalidArgument)
    assert (error.field, error.message) == ("query", "query: is wrong")


async def test_metadata_reason_and_delay_cross_the_wire(door: grpc.aio.Channel) -> None:
    assert (await failed(door, "missing")).metadata == {"id": "7"}
    assert (await failed(door, "away")).reason == "BACKEND_AWAY"
    full = await failed(door, "full")
    assert isinstance(full, ResourceExhausted)
    assert full.retry_after_s == 0.25


async def test_a_bug_is_internal_and_tells_no_secret(door: grpc.aio.Channel) -> None:
    stub = geocoding_pb2_grpc.GeocodingServiceStub(door)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.Geocode(geocoding_pb2.GeocodeRequest(query="bug"), timeout=5)
    assert raised.value.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in (raised.value.details() or "")


@pytest.mark.parametrize("raw", [b"\xff\xff\xff", b"\x0a\x02\xff\xfe", b"\x0a\xff"])
async def test_bytes_that_are_no_request_are_an_invalid_argument(
    door: grpc.aio.Channel, raw: bytes
) -> None:
    call: Any = door.unary_unary(f"/{NAME}/Geocode", request_serializer=None)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call(raw, timeout=5)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_health_follows_readiness(door: grpc.aio.Channel) -> None:
    stub: Any = health_pb2_grpc.HealthStub(door)
    response = await stub.Check(health_pb2.HealthCheckRequest(service=NAME), timeout=5)
    assert response.status == health_pb2.HealthCheckResponse.SERVING
