"""One cluster for all tests here: two replicas of each service on the real servers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local import process
from infra.local.server import Server
from infra.local.services import PORTS, Backends
from infra.local.stack import servers
from tests.cluster import Cluster
from tests.e2e.conftest import concierge
from tests.endpoints import endpoint
from tests.integration.cluster.collector import Collector

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
def cluster(
    backends: Backends, collector: Collector, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """Two replicas of each service, filled with a generated catalogue."""
    folder = tmp_path_factory.mktemp("cluster")
    replicas = {service: 2 for service in PORTS if service != "ingestion"}
    running = Cluster(folder, backends, replicas=replicas, settings=collector.settings())
    try:
        running.start()
        load(running, folder)
        yield running
    finally:
        running.stop()


def load(running: Cluster, folder: Path) -> None:
    """Fill a cluster through its own ingestion; return when both indexes have it all."""
    file = folder / "hotels.jsonl"
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
