"""`python -m services.platform.probe [HOST:PORT]`: exit 0 when the server says that it serves."""

from __future__ import annotations

import sys
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

DEFAULT_TARGET = "localhost:50051"
TIMEOUT_S = 2.0


def serves(target: str, *, timeout_s: float = TIMEOUT_S) -> bool:
    """Ask a gRPC server's health service whether the whole process is ready."""
    with grpc.insecure_channel(target) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)  # typed as the asynchronous one alone
        try:
            answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=timeout_s)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


if __name__ == "__main__":
    sys.exit(0 if serves(sys.argv[1] if len(sys.argv) > 1 else DEFAULT_TARGET) else 1)
