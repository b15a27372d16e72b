"""Concierge's own services as processes on the local servers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.local.server import HOST, ROOT, Command, Places, port_of
from services.platform.probe import serves

# Each service's gRPC port on this machine.
PORTS = {
    "query-understanding": 50052,
    "geocoding": 50053,
    "vector-retrieval": 50054,
    "keyword-search": 50055,
    "ranking": 50056,
    "answering": 50057,
    "ingestion": 50058,
    # Last: when the gateway is ready, a search works.
    "gateway": 50051,
}


@dataclass(frozen=True, slots=True)
class Backends:
    """The servers that the services are pointed at, as the services' settings name them."""

    kafka: str
    elasticsearch: str
    milvus: str
    redis: str

    @classmethod
    def local(cls) -> Backends:
        """Return the servers that this launcher starts."""
        return cls(
            kafka=f"{HOST}:{port_of('kafka', 9092)}",
            elasticsearch=f"http://{HOST}:{port_of('elasticsearch', 9200)}",
            milvus=f"http://{HOST}:{port_of('milvus', 19530)}",
            redis=f"redis://{HOST}:{port_of('redis', 6379)}",
        )

    def settings(self) -> dict[str, str]:
        """Return the environment of every service on these servers."""
        buses = {
            f"{variable_of(service)}_KAFKA__BOOTSTRAP_SERVERS": self.kafka for service in PORTS
        }
        return buses | {
            "GATEWAY_REDIS__URL": f"{self.redis}/0",
            "GEOCODING_REDIS__URL": f"{self.redis}/1",
            "INGESTION_BROKER_URL": f"{self.redis}/2",
            "INGESTION_JOBS_URL": f"{self.redis}/3",
            "VECTOR_RETRIEVAL_MILVUS__URI": self.milvus,
            "KEYWORD_SEARCH_ELASTICSEARCH__HOSTS": json.dumps([self.elasticsearch]),
            "ADMIN_KAFKA__BOOTSTRAP_SERVERS": self.kafka,
            "ADMIN_MILVUS__URI": self.milvus,
            "ADMIN_ELASTICSEARCH__HOSTS": json.dumps([self.elasticsearch]),
        }


def variable_of(name: str) -> str:
    """Return how a service's or replica's name is written in environment variables."""
    return name.replace("-", "_").upper()


@dataclass(eq=False)
class Service:
    """One replica of a service; `Server`.

    Attributes:
        name: Of the replica.
        service: A key of `PORTS`.
        port: Its gRPC port.
        places: Where its log lies.
        settings: Environment variables; the caller's own environment goes before them.
    """

    name: str
    service: str
    port: int
    places: Places
    settings: Mapping[str, str] = field(default_factory=dict)
    start_wait_s: float = 180.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_wait_s: float = 20.0

    def endpoint(self) -> tuple[str, str]:
        """Return the variable that tests read, and the gRPC address."""
        return f"CONCIERGE_TEST_{variable_of(self.name)}", f"{HOST}:{self.port}"

    def fetch(self) -> None:
        """Nothing: `make setup` installed it."""

    def prepare(self) -> Command:
        """Return how to start the service."""
        package = f"services.{self.service.replace('-', '_')}"
        return Command((sys.executable, "-m", package), self._environment(), cwd=ROOT)

    def is_ready(self) -> bool:
        """Tell whether the service says by grpc.health.v1 that it serves."""
        return serves(self.endpoint()[1], timeout_s=1.0)

    def _environment(self) -> dict[str, str]:
        own = {f"{variable_of(self.service)}_ADDRESS": f"{HOST}:{self.port}", **self.settings}
        return {key: value for key, value in own.items() if key not in os.environ}


class IngestionWorkers(Service):
    """The Celery workers of ingestion; they answer no port."""

    def prepare(self) -> Command:
        """Return how to start the workers."""
        argv = (*self._celery(), "worker", "--loglevel", "WARNING", "--concurrency", "2")
        return Command(argv, self._environment(), cwd=ROOT)

    def is_ready(self) -> bool:
        """Tell whether a worker answers a ping over the broker."""
        # A process of its own: the launcher keeps no connection to the broker.
        done = subprocess.run(
            [*self._celery(), "inspect", "ping", "--timeout", "1"],
            cwd=ROOT,
            env={**os.environ, **self._environment()},
            capture_output=True,
        )
        return done.returncode == 0

    def _celery(self) -> tuple[str, ...]:
        return (sys.executable, "-m", "celery", "--app", "services.ingestion.tasks")


def setup() -> int:
    """Run `concierge admin setup` on the local servers; return its exit code."""
    environment = {**Backends.local().settings(), **os.environ}
    argv = (sys.executable, "-m", "services.cli.main", "admin", "setup")
    return subprocess.run(argv, cwd=ROOT, env=environment).returncode


def services() -> list[Service]:
    """Return the workers and one replica of every service, in the order in which they start."""
    ports = {name: port_of(name.replace("-", "_"), port) for name, port in PORTS.items()}
    settings = Backends.local().settings() | {
        "GATEWAY_ANSWERING_TARGET": f"{HOST}:{ports['answering']}",
        "GATEWAY_KEYWORD_SEARCH_TARGET": f"{HOST}:{ports['keyword-search']}",
        "INGESTION_SPOOL_DIR": str(Places.of("spool").state),
    }
    workers = IngestionWorkers(
        "ingestion-workers", "ingestion", 0, Places.of("ingestion-workers"), settings
    )
    return [
        workers,
        *(Service(name, name, port, Places.of(name), settings) for name, port in ports.items()),
    ]
