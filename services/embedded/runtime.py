"""Builds and wires every service in one process. The only place that knows them all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import grpc
import structlog
from concierge.events.v1 import event_bus_pb2_grpc
from pydantic import SecretStr

from services.answering import main as answering
from services.embedded import event_bus_door
from services.embedded.data_lock import DataLock
from services.embedded.redis_server import EmbeddedRedis
from services.embedded.settings import EmbeddedSettings
from services.gateway import main as gateway
from services.gateway.settings import GatewaySettings
from services.geocoding import main as geocoding
from services.geocoding.adapters.file_gazetteer import FileGazetteer
from services.geocoding.lookup import PlaceLookup
from services.geocoding.settings import GeocodingSettings
from services.geography import SHIPPED_PLACES
from services.ingestion import main as ingestion
from services.ingestion.adapters.celery_worker import CeleryWorker
from services.ingestion.settings import IngestionSettings
from services.keyword_search import main as keyword_search
from services.keyword_search.adapters.tantivy_index import TantivyIndex
from services.keyword_search.settings import KeywordSearchSettings
from services.platform import interpreter, metrics
from services.platform.adapters.memory_bus import InMemoryBus
from services.platform.adapters.sqlite_log import SqliteLog
from services.platform.bus import Consumption
from services.platform.errors import Unavailable
from services.platform.health import Health
from services.platform.rpc import RpcServer, channel
from services.platform.topics import load_topics
from services.query_understanding import main as query_understanding
from services.query_understanding.settings import QueryUnderstandingSettings
from services.ranking import main as ranking
from services.ranking.settings import RankingSettings
from services.vector_retrieval import main as vector_retrieval
from services.vector_retrieval.adapters.faiss_index import FaissIndex
from services.vector_retrieval.adapters.hashed_embedder import HashedEmbedder
from services.vector_retrieval.settings import VectorRetrievalSettings
from services.vocabulary import Vocabulary

# How often the vector index's need for a build is looked at, and the quiet time before one: a build
# takes a core, so it waits until a bulk load is over.
INDEX_CHECK_S = 1.0
INDEX_QUIET_S = 3.0
PROGRESS_S = 2.0

log = structlog.get_logger(__name__)


class EmbeddedRuntime:
    """Every service on one event loop, with one gRPC server before them.

    Args:
        settings: Where the data is, the port, the workers.
        progress: Told what is being waited for at start, a sentence at a time.
    """

    def __init__(
        self, settings: EmbeddedSettings, *, progress: Callable[[str], None] | None = None
    ) -> None:
        self._settings = settings
        self._progress = progress or (lambda line: None)
        self._lock = DataLock(settings.data_dir)
        self._vocabulary = Vocabulary.load()
        self._health = Health()
        self._consumptions: list[Consumption] = []
        self._gateway: gateway.RunningGateway | None = None
        self._places: PlaceLookup | None = None
        self._server: RpcServer | None = None
        self._bus: InMemoryBus | None = None
        self._log: SqliteLog | None = None
        self._warm = False
        self._backends: grpc.aio.Channel | None = None
        self._redis: EmbeddedRedis | None = None
        self._worker: CeleryWorker | None = None
        self._build_task: asyncio.Task[None] | None = None
        self._lost_task: asyncio.Task[None] | None = None
        self.vectors: FaissIndex | None = None
        self.keywords: TantivyIndex | None = None

    async def start(self) -> int:
        """Start everything, fill the indexes; return the gRPC port when searches work.

        Raises:
            FailedPrecondition: The data directory is in use.
            Unavailable: The port is taken, or the indexes did not fill in time.
        """
        settings = self._settings
        self._lock.acquire()
        interpreter.for_searches()
        metrics.serve(settings.metrics_port)
        self._log = SqliteLog(settings.data_dir / "catalogue.sqlite")
        self._bus = InMemoryBus(load_topics(), durable_log=self._log)
        server = self._server = RpcServer(
            f"127.0.0.1:{settings.port}", settings=settings.rpc, health=self._health
        )
        embedder = HashedEmbedder(self._vocabulary)
        self.vectors, self.keywords = FaissIndex(embedder.dimension), TantivyIndex()
        bus = self._bus
        gazetteer = FileGazetteer.load((*settings.gazetteer_files, SHIPPED_PLACES))
        understanding = QueryUnderstandingSettings()
        named = (*understanding.place_files, *settings.gazetteer_files, *settings.place_files)
        self._consumptions += await query_understanding.start(
            understanding.model_copy(update={"place_files": named}),
            bus=bus,
            server=server,
            vocabulary=self._vocabulary,
        )
        geocoding_settings = GeocodingSettings()
        self._places = geocoding.place_lookup(geocoding_settings, gazetteer)
        self._consumptions += await geocoding.start(
            geocoding_settings, bus=bus, server=server, lookup=self._places
        )
        self._consumptions += await vector_retrieval.start(
            VectorRetrievalSettings(),
            bus=bus,
            server=server,
            index=self.vectors,
            embedder=embedder,
        )
        # The vector index works the filter out for every hotel anyway, and so counts in passing.
        self._consumptions += await keyword_search.start(
            KeywordSearchSettings(), bus=bus, server=server, index=self.keywords, counted=False
        )
        self._consumptions += await ranking.start(
            RankingSettings(), bus=bus, server=server, vocabulary=self._vocabulary
        )
        answering.add_to_server(server, vocabulary=self._vocabulary)
        server.add(
            event_bus_pb2_grpc.add_EventBusServiceServicer_to_server,
            event_bus_door.EventBusServicer(bus),
            event_bus_door.SERVICE_NAME,
        )
        port = await self._open(server)
        self._health.add("indexes", self._is_warm)
        await self._health.start()
        await self._warm_up()
        await self._health.refresh()
        self._build_task = asyncio.create_task(self._keep_built())
        return port

    async def _open(self, server: RpcServer) -> int:
        """Open the port; the gateway and ingestion need to know it."""
        settings = self._settings
        port = server.bind()
        address = f"127.0.0.1:{port}"
        self._backends = channel(address)
        assert self._bus is not None
        self._gateway = await gateway.start(
            GatewaySettings(),
            bus=self._bus,
            server=server,
            answering=self._backends,
            keyword_search=self._backends,
            versions={"vocabulary": self._vocabulary.version},
        )
        self._add_ingestion(server, address)
        await server.start()
        self._lock.note(address)
        if settings.with_workers and self._worker is not None:
            self._worker.start()
        return port

    def _add_ingestion(self, server: RpcServer, address: str) -> None:
        data = self._settings.data_dir
        settings = IngestionSettings(
            jobs_file=data / "ingestion.sqlite",
            spool_dir=data / "spool",
            publish_target=address,
        )
        if self._settings.with_workers:
            self._redis = EmbeddedRedis(data / "redis")
            self._redis.start()
            settings = settings.model_copy(update={"broker_url": SecretStr(self._redis.url)})
            self._worker = CeleryWorker(settings, concurrency=self._settings.worker_processes)
        lost = ingestion.add_to_server(settings, server=server, vocabulary=self._vocabulary)
        self._lost_task = asyncio.create_task(lost.watch())

    async def _warm_up(self) -> None:
        """Wait until the indexes hold what the catalogue topic holds."""
        limit = time.monotonic() + self._settings.warm_up_s
        told = time.monotonic()
        while self.lag() > 0:
            if time.monotonic() > limit:
                raise Unavailable("the indexes did not fill in time", reason="WARM_UP")
            if time.monotonic() - told >= PROGRESS_S:
                told = time.monotonic()
                self._progress(f"filling the indexes: {self.lag()} records to go")
            await asyncio.sleep(0.02)
        interpreter.filled()
        self._warm = True

    async def _is_warm(self) -> bool:
        """Return whether the indexes held the whole catalogue once; a later load is served from."""
        return self._warm

    def lag(self) -> int:
        """Return how many catalogue records the slowest reader has not taken yet."""
        return 0 if self._bus is None else self._bus.lag()

    def hotel_count(self) -> int:
        """Return how many hotels can be found."""
        return 0 if self.keywords is None else self.keywords.size()

    async def _keep_built(self) -> None:
        quiet_since = time.monotonic()
        while True:
            await asyncio.sleep(INDEX_CHECK_S)
            if self.lag() > 0:
                quiet_since = time.monotonic()
            assert self.vectors is not None
            if self.vectors.needs_build() and time.monotonic() - quiet_since > INDEX_QUIET_S:
                await self.vectors.build()
                interpreter.filled()

    async def stop(self) -> None:
        """Take no new calls, finish those in work, stop what was started, close what was opened."""
        await self._health.stop()
        for task in (self._build_task, self._lost_task):
            if task is not None:
                task.cancel()
        if self._worker is not None:
            await asyncio.to_thread(self._worker.stop)
        if self._redis is not None:
            await asyncio.to_thread(self._redis.stop)
        if self._server is not None:
            await self._server.stop(self._settings.rpc.grace_s)
        if self._gateway is not None:
            await self._gateway.stop()
        for consumption in self._consumptions:
            await consumption.stop()
        if self._places is not None:
            await self._places.close()
        if self._bus is not None:
            await self._bus.close()
        if self._backends is not None:
            await self._backends.close()
        for index in (self.vectors, self.keywords):
            if index is not None:
                index.close()
        if self._log is not None:
            self._log.close()
        self._lock.release()
