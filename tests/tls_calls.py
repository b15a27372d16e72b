"""Calls to a door with TLS, for tests."""

from __future__ import annotations

from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.platform.rpc import channel
from services.platform.settings import TlsSettings
from services.platform.tls import channel_credentials


async def status(address: str, tls: TlsSettings) -> grpc.StatusCode:
    """Return how a door answers who calls it with these settings."""
    async with channel(address, channel_credentials(tls)) as client:
        stub: Any = health_pb2_grpc.HealthStub(client)  # typed as the synchronous one alone
        try:
            await stub.Check(health_pb2.HealthCheckRequest(), timeout=5)
        except grpc.aio.AioRpcError as error:
            return error.code()
    return grpc.StatusCode.OK
