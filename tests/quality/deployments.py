"""What a benchmark can run on: a deployment that is filled with the data set's hotels."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import grpc
from concierge.ingestion.v1 import ingestion_pb2, ingestion_pb2_grpc

from infra.local.services import Backends
from services.embedded.runtime import EmbeddedRuntime
from services.embedded.settings import EmbeddedSettings
from services.platform.rpc import channel
from tests.cluster import Cluster
from tests.quality.profile import GazetteerFile, Profile

TIMEOUT_S = 20.0
# What is written is not found at once: Elasticsearch refreshes every second, and bounded reads of
# Milvus may be some seconds behind.
FOUND_AFTER_S = 10.0

# Opens a deployment for a profile and its database file; yields the gateway's channel.
Deployment: TypeAlias = Callable[[Profile, Path], AbstractAsyncContextManager[grpc.aio.Channel]]


def running(target: str) -> Deployment:
    """Return a deployment that runs already and holds the hotels."""

    @asynccontextmanager
    async def deployment(profile: Profile, database: Path) -> AsyncIterator[grpc.aio.Channel]:
        async with channel(target) as door:
            yield door

    return deployment


@asynccontextmanager
async def embedded(profile: Profile, database: Path) -> AsyncIterator[grpc.aio.Channel]:
    """Start every service in this process and load the hotels."""
    with tempfile.TemporaryDirectory(prefix="concierge-quality-") as folder:
        runtime = EmbeddedRuntime(
            EmbeddedSettings(
                data_dir=Path(folder) / "data",
                port=0,
                worker_processes=1,
                gazetteer_files=place_files(profile.gazetteer, database.parent, Path(folder)),
                place_files=place_files(profile.places, database.parent, Path(folder)),
            )
        )
        try:
            port = await runtime.start()
            async with channel(f"127.0.0.1:{port}") as door:
                await _ingest(door, profile, database)
                while runtime.lag():
                    await asyncio.sleep(0.02)
                print(f"{profile.name}: {runtime.hotel_count()} hotels", file=sys.stderr)
                yield door
        finally:
            await runtime.stop()


def clustered(backends: Backends) -> Deployment:
    """Return a deployment of a process per service on these servers."""

    @asynccontextmanager
    async def deployment(profile: Profile, database: Path) -> AsyncIterator[grpc.aio.Channel]:
        with tempfile.TemporaryDirectory(prefix="concierge-quality-") as folder:
            positioned = place_files(profile.gazetteer, database.parent, Path(folder))
            named = place_files(profile.places, database.parent, Path(folder))
            settings = {
                "GEOCODING_GAZETTEER_FILES": _paths(positioned),
                "QUERY_UNDERSTANDING_PLACE_FILES": _paths((*positioned, *named)),
            }
            cluster = Cluster(Path(folder), backends, settings=settings)
            try:
                await asyncio.to_thread(cluster.start)
                async with channel(cluster.address("ingestion")) as door:
                    await _ingest(door, profile, database)
                await asyncio.to_thread(cluster.await_catalogue)
                await asyncio.sleep(FOUND_AFTER_S)
                print(f"{profile.name}: loaded on a cluster", file=sys.stderr)
                async with channel(cluster.target) as door:
                    yield door
            finally:
                await asyncio.to_thread(cluster.stop)

    return deployment


def _paths(files: Iterable[Path]) -> str:
    return json.dumps([str(file) for file in files])


def place_files(entries: Iterable[GazetteerFile], base: Path, folder: Path) -> tuple[Path, ...]:
    """Write a profile's places with their defaults filled in; return the files."""
    files = []
    for entry in entries:
        lines = entry.lines(base)
        if lines is None:
            print(f"no places {base / entry.file}: they are not known", file=sys.stderr)
            continue
        target = folder / f"places-{Path(entry.file).name}"
        with target.open("w", encoding="utf-8") as out:
            for place in lines:
                out.write(json.dumps(place, ensure_ascii=False) + "\n")
        files.append(target)
    return tuple(files)


async def _ingest(door: grpc.aio.Channel, profile: Profile, database: Path) -> None:
    stub = ingestion_pb2_grpc.IngestionServiceStub(door)
    submitted = await stub.SubmitJob(
        ingestion_pb2.SubmitJobRequest(
            path=str(database.resolve()),
            mapping_yaml=profile.mapping_yaml,
            mapping_base_path=str(database.resolve().parent),
        ),
        timeout=TIMEOUT_S,
    )
    job = submitted.job
    async for message in stub.WatchJob(ingestion_pb2.WatchJobRequest(job_id=job.id), timeout=600):
        job = message.job
    if job.state != ingestion_pb2.JOB_STATE_SUCCEEDED or job.quarantined_count:
        raise SystemExit(
            f"error: loading {database}: {job.failure}{job.quarantined_count} rows refused"
        )
