"""One cluster for all tests here: two replicas of each service on the real servers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from infra.local import process
from infra.local.server import Server
from infra.local.services import PORTS, Backends
from infra.local.stack import servers
from tests.cluster import Cluster
from tests.e2e.conftest import concierge
from tests.endpoints import endpoint
from tests.integration.cluster.collector import Collector
from tests.ports import free_port

HOTELS = 1_000


@pytest.fixture(scope="session")
def backends() -> Backends:
    return Backends(
        kafka=endpoint("KAFKA"),
        elasticsearch=endpoint("ELASTICSEARCH"),
        milvus=endpoint("MILVUS"),
        redis=endpoint("REDIS").rpartition("/")[0],
    )


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    running = Collector()
    yield running
    running.close()


@pytest.fixture(scope="session")
def provider_port() -> int:
    """Where the cluster asks a geocoding provider; nobody answers unless a test does."""
    return free_port()


@pytest.fixture(scope="session")
def cluster(
    backends: Backends,
    collector: Collector,
    provider_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Cluster]:
    """Two replicas of each service, filled with a generated catalogue."""
    folder = tmp_path_factory.mktemp("cluster")
    replicas = {service: 2 for service in PORTS if service != "ingestion"}
    settings = {
        **collector.settings(),
        "ANSWERING_LLM__URL": endpoint("TRITON"),
        "QUERY_UNDERSTANDING_LLM__URL": endpoint("TRITON"),
        "GEOCODING_NOMINATIM__URL": f"http://127.0.0.1:{provider_port}",
        "GEOCODING_NOMINATIM__PER_SECOND": "100",
        "GEOCODING_PROVIDER_PAUSE_MS": "500",
        # Twenty processes on one small machine: their turns on the processor look like queues.
        "GATEWAY_QUEUE_TARGET_S": "0.3",
        "GATEWAY_MIN_SEARCHES": "10",
    }
    with filled(Cluster(folder, backends, replicas=replicas, settings=settings)) as running:
        yield running


@contextmanager
def filled(cluster: Cluster) -> Iterator[Cluster]:
    """Run a cluster with a generated catalogue in it; stopped at the end."""
    try:
        cluster.start()
        load(cluster)
        yield cluster
    finally:
        cluster.stop()


def load(running: Cluster) -> None:
    """Fill a cluster through its own ingestion; return when both indexes have it all."""
    file = running.folder / "hotels.jsonl"
    made = concierge("catalog", "generate", "--hotels", str(HOTELS), "--out", str(file))
    assert made.returncode == 0, made.stderr
    loaded = concierge("ingest", str(file), "--target", running.address("ingestion"))
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr
    running.await_catalogue()


def local_server(name: str) -> Server:
    """Return the server of the local stack behind an endpoint, for tests that make it fail.

    Elsewhere's servers are nobody's to stop: the test is skipped, in CI it fails.
    """
    server = next(server for server in servers() if server.name == name)
    variable, address = server.endpoint()
    if endpoint(variable.removeprefix("CONCIERGE_TEST_")) == address and process.running_pid(
        server
    ):
        return server
    message = f"{name} was not started by `make stack`"
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
