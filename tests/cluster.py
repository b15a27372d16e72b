"""Concierge's services as processes of their own on real servers, apart from any other's.

Topics, groups, index, collection and Redis keys carry a name of the cluster's own, so several run
beside each other on the same servers.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from elasticsearch import Elasticsearch
from pymilvus import MilvusClient
from redis import Redis

from infra.local import process
from infra.local.server import HOST, ROOT, Places
from infra.local.services import PORTS, Backends, IngestionWorkers, Service, variable_of
from services.platform.adapters.kafka_topics import admin_client
from services.platform.settings import KafkaSettings
from tests.ports import free_port

# More at once only take the processor from each other.
STARTED_AT_ONCE = 4
# Those that Backends.settings gives out.
REDIS_DATABASES = 4
LAG_METRIC = "concierge_consumer_lag_records"


@dataclass
class Cluster:
    """All services on given servers.

    Attributes:
        folder: Logs and the spool.
        backends: The servers.
        replicas: Processes per service where not one.
        settings: Environment variables above the cluster's own.
        with_workers: Whether Celery workers run too.
    """

    folder: Path
    backends: Backends
    replicas: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    with_workers: bool = True

    def __post_init__(self) -> None:
        self._metrics_ports: dict[str, int] = {}
        self.name = f"t{uuid.uuid4().hex[:8]}"
        ports = {
            service: [free_port() for _ in range(self.replicas.get(service, 1))]
            for service in PORTS
        }
        self.environment = {
            **self.backends.settings(),
            **{f"{variable_of(s)}_KAFKA__PREFIX": f"{self.name}." for s in PORTS},
            "GATEWAY_REDIS__KEY_PREFIX": self.name,
            "GEOCODING_REDIS__KEY_PREFIX": self.name,
            "INGESTION_KEY_PREFIX": self.name,
            "ADMIN_KAFKA__PREFIX": f"{self.name}.",
            **{
                f"{owner}_ELASTICSEARCH__ALIAS": f"{self.name}-hotels"
                for owner in ("ADMIN", "KEYWORD_SEARCH")
            },
            **{
                f"{owner}_MILVUS__ALIAS": f"{self.name}_hotels"
                for owner in ("ADMIN", "VECTOR_RETRIEVAL")
            },
            "GATEWAY_ANSWERING_TARGET": _target(ports["answering"]),
            "GATEWAY_KEYWORD_SEARCH_TARGET": _target(ports["keyword-search"]),
            "INGESTION_SPOOL_DIR": str(self.folder / "spool"),
            **self.settings,
        }
        self.services = {
            name: Service(
                name,
                service,
                port,
                Places(self.folder / name, self.folder),
                self.environment | self._own_settings(name, service),
            )
            for service, numbers in ports.items()
            for replica, port in enumerate(numbers)
            for name in [service if replica == 0 else f"{service}-{replica}"]
        }
        self.workers = IngestionWorkers(
            "ingestion-workers",
            "ingestion",
            0,
            Places(self.folder / "ingestion-workers", self.folder),
            self.environment,
        )

    def _own_settings(self, name: str, service: str) -> dict[str, str]:
        self._metrics_ports[name] = free_port()
        return {
            f"{variable_of(service)}_METRICS_PORT": str(self._metrics_ports[name]),
            "GATEWAY_INSTANCE": f"{self.name}-{name}",
        }

    @property
    def target(self) -> str:
        """The gateway's gRPC address; several replicas' when there are several."""
        return _target([s.port for s in self.services.values() if s.service == "gateway"])

    def address(self, name: str) -> str:
        """Return a replica's gRPC address."""
        return self.services[name].endpoint()[1]

    def start(self, *, without: Collection[str] = ()) -> None:
        """Set the servers up and start every process; return when all are ready.

        Args:
            without: Replicas that stay down; `restart` starts one.
        """
        self.admin("setup")
        everything = [
            *(service for name, service in self.services.items() if name not in without),
            *([self.workers] if self.with_workers else []),
        ]
        with ThreadPoolExecutor(STARTED_AT_ONCE) as threads:
            list(threads.map(process.start, everything))

    def stop(self) -> None:
        """Stop every process by SIGTERM; remove what they made on the servers."""
        with ThreadPoolExecutor(len(self.services) + 1) as threads:
            list(threads.map(process.stop, [*self.services.values(), self.workers]))
        with admin_client(KafkaSettings(bootstrap_servers=self.backends.kafka)) as kafka:
            kafka.delete_topics([t for t in kafka.list_topics() if t.startswith(f"{self.name}.")])
        with Elasticsearch(self.backends.elasticsearch) as elasticsearch:
            for index in elasticsearch.indices.get(index=f"{self.name}-*"):
                elasticsearch.indices.delete(index=index)
        milvus = MilvusClient(self.backends.milvus)
        for collection in milvus.list_collections():
            if collection.startswith(f"{self.name}_"):
                for alias in milvus.list_aliases(collection)["aliases"]:
                    milvus.drop_alias(alias)
                milvus.drop_collection(collection)
        milvus.close()
        for database in range(REDIS_DATABASES):
            with Redis.from_url(f"{self.backends.redis}/{database}") as redis:
                for key in redis.scan_iter(f"{self.name}*", count=1_000):
                    redis.delete(key)

    def await_catalogue(self, timeout_s: float = 120.0) -> None:
        """Return when every reader of the catalogue has taken all of it.

        Raises:
            TimeoutError: One had not in time.
        """
        limit = time.monotonic() + timeout_s
        while behind := self._behind():
            if time.monotonic() > limit:
                raise TimeoutError(f"readers of the catalogue are behind: {behind}")
            time.sleep(0.2)

    def _behind(self) -> dict[str, float]:
        """Return the lag of every reader that has one, in records, by replica and group."""
        lags = {}
        for name, service in self.services.items():
            if process.running_pid(service) is None:
                continue
            for line in self.metrics(name).splitlines():
                if line.startswith(LAG_METRIC) and ".index" in line and float(line.split()[-1]):
                    lags[f"{name} {line}"] = float(line.split()[-1])
        return lags

    def metrics(self, name: str) -> str:
        """Return what a replica tells Prometheus."""
        address = f"http://{HOST}:{self._metrics_ports[name]}/metrics"
        with urllib.request.urlopen(address, timeout=5) as page:
            return str(page.read(), "utf-8")

    def restart(self, name: str) -> None:
        """Start a replica that is down; return when it is ready."""
        process.start(self.services[name])

    def kill(self, name: str) -> None:
        """End a replica at once, as a crash would."""
        process.kill(self.services[name])

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a replica a signal."""
        pid = process.running_pid(self.services[name])
        assert pid is not None, f"{name} does not run"
        os.killpg(pid, number)

    def admin(self, *arguments: str) -> str:
        """Run `concierge admin` with this cluster's settings; return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "services.cli.main", "admin", *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def log(self, name: str) -> str:
        """Return what a replica logged."""
        return self.services[name].places.log.read_text(errors="replace")


def _target(ports: list[int]) -> str:
    # grpc's own list of addresses: it goes on to the next one when one is away.
    return "ipv4:" + ",".join(f"{HOST}:{port}" for port in ports)
