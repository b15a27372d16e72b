"""What the bus costs: the same searches embedded, as a chain of gRPC calls, and over Kafka.

    make stack && make bench-cluster HOTELS=100000

The same catalogue and queries in one run; all servers, services and clients share this machine, so
each row says how many of its cores were busy. Read medians and ratios. The load
goes to this machine alone and ends by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
from concierge.ingestion.v1 import ingestion_pb2, ingestion_pb2_grpc
from concierge.keyword_search.v1 import keyword_search_pb2, keyword_search_pb2_grpc
from concierge.query_understanding.v1 import (
    query_understanding_pb2,
    query_understanding_pb2_grpc,
)
from concierge.ranking.v1 import ranking_pb2, ranking_pb2_grpc
from concierge.search.v1 import search_pb2, search_pb2_grpc
from concierge.vector_retrieval.v1 import vector_retrieval_pb2, vector_retrieval_pb2_grpc
from rich.console import Console
from rich.table import Table

from infra.local.services import Backends
from services.ingestion.domain.generator import generate, to_line
from services.platform.errors import ResourceExhausted
from services.platform.rpc import channel, from_rpc_error
from services.platform.settings import KafkaSettings
from tests.cluster import Cluster
from tests.load import kafka_hop
from tests.load.bench import QUERIES, SEED, calm, percentiles, quiet, repeated, tell

CLIENTS = (1, 4, 16)
# Those that Kafka gives more to do when there are more of them.
SCALED = ("query-understanding", "geocoding", "vector-retrieval", "keyword-search", "ranking")
HOP_TURNS, HOP_EVENTS, HOP_RATE, HOP_SIZE = 3, 1_000, 200.0, 1_000
CANDIDATES = 50
HITS = 10
TIMEOUT_S = 30.0
WARM_UP_S = 5.0

Search = Callable[[int], Awaitable[None]]


def main() -> int:
    """Run the benchmark; print its tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.cluster_bench", description=__doc__)
    parser.add_argument("--hotels", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=10.0, help="per measurement")
    arguments = parser.parse_args()
    asyncio.run(bench(arguments.hotels, arguments.seconds))
    return 0


async def bench(count: int, seconds: float) -> None:
    """Measure every way of searching, one after the other."""
    ways = Table(
        *("way", "p50, ms", "p99, ms"),
        *(f"per second, {clients} clients (cores)" for clients in CLIENTS),
    )
    hops = Table("stage", "waited p50, ms", "waited p99, ms", "worked p50, ms")
    surplus = Table(
        "offered load", "served per second", "p50, ms", "p99, ms", "refused, p99 ms", "failed"
    )
    backends = Backends.local()
    hop, ratio = await kafka_hop.bench(
        KafkaSettings(bootstrap_servers=backends.kafka),
        turns=HOP_TURNS,
        events=HOP_EVENTS,
        rate=HOP_RATE,
        size=HOP_SIZE,
    )
    with tempfile.TemporaryDirectory(prefix="concierge-bench-") as name:
        folder = Path(name)
        file = folder / "hotels.jsonl"
        with file.open("w", encoding="utf-8") as out:
            out.writelines(to_line(hotel) + "\n" for hotel in generate(count, SEED))
        async with embedded(folder, file) as door:
            await measure("embedded, one process", through_gateway(door), ways, seconds)
        cluster = Cluster(folder, backends, replicas=dict.fromkeys(SCALED, 2))
        second = [f"{service}-1" for service in SCALED]
        try:
            await asyncio.to_thread(cluster.start, without=second)
            start = time.perf_counter()
            async with channel(cluster.address("ingestion")) as door:
                await ingest(door, file)
            await asyncio.to_thread(cluster.await_catalogue, 1_800.0)
            loaded_s = time.perf_counter() - start
            print(f"loaded in {loaded_s:.0f} s, indexes included", file=sys.stderr, flush=True)
            # Servers merge and compact what they were given long after they have taken it.
            await calm(busy_cpu_s, cores=0.5, for_s=5, most_s=300.0)
            async with channel(cluster.target) as door:
                capacity = await measure(
                    "cluster, events over Kafka", through_gateway(door), ways, seconds
                )
                await stages(door, hops, seconds)
                for times in (0.5, 1.0, 3.0):
                    await offered(door, times, capacity, surplus, seconds)
                for replica in second:
                    await asyncio.to_thread(cluster.restart, replica)
                await measure("events over Kafka, 2 replicas", through_gateway(door), ways, seconds)
            # Last: nothing refuses what it asks for beyond what the engines can do.
            async with Chain(cluster) as chain:
                await measure("cluster, chain of gRPC calls", chain.search, ways, seconds)
        finally:
            await asyncio.to_thread(cluster.stop)
            console = Console(width=110)
            console.print(hop, f"a hop over the bus takes {ratio:.2f} times the floor")
            for table in (ways, hops, surplus):
                console.print(table)


@asynccontextmanager
async def embedded(folder: Path, file: Path) -> AsyncIterator[grpc.aio.Channel]:
    """Run an embedded deployment in a child process and fill it."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.cli.main", "up", "--data", str(folder / "embedded"),
        "--port", "0", "--log-level", "ERROR", stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert child.stdout is not None
        line = ""
        while not line.startswith("ready"):
            line = (await child.stdout.readline()).decode()
            if not line:
                raise SystemExit("error: the embedded deployment did not start")
        async with channel(f"127.0.0.1:{line.strip().rpartition(':')[2]}") as door:
            total = await ingest(door, file)
            stub = search_pb2_grpc.SearchServiceStub(door)
            turn = search_pb2.GuestTurn(text="推荐一家酒店")
            found = 0
            while found < total * 0.9:  # some are closed
                request = search_pb2.SearchHotelsRequest(turn=turn)
                found = (await stub.SearchHotels(request, timeout=TIMEOUT_S)).total_matches
                await asyncio.sleep(0.2)
            await quiet(child.pid)
            yield door
    finally:
        child.terminate()
        await child.wait()


async def ingest(door: grpc.aio.Channel, file: Path) -> int:
    """Load a file through ingestion; return how many hotels were published."""
    stub = ingestion_pb2_grpc.IngestionServiceStub(door)
    request = ingestion_pb2.SubmitJobRequest(path=str(file))
    job = (await stub.SubmitJob(request, timeout=TIMEOUT_S)).job
    async for message in stub.WatchJob(ingestion_pb2.WatchJobRequest(job_id=job.id), timeout=3_600):
        job = message.job
    if job.state != ingestion_pb2.JOB_STATE_SUCCEEDED:
        raise SystemExit(f"error: loading failed: {job.failure}")
    return job.published_count


def through_gateway(door: grpc.aio.Channel) -> Search:
    """Return a search through the gateway."""
    stub = search_pb2_grpc.SearchServiceStub(door)

    async def search(n: int) -> None:
        await stub.SearchHotels(_request(n), timeout=TIMEOUT_S)

    return search


class Chain:
    """A client that calls the services one after the other, recall side by side."""

    def __init__(self, cluster: Cluster) -> None:
        names = ("query-understanding", "vector-retrieval", "keyword-search", "ranking")
        self._channels = [channel(cluster.address(name)) for name in names]
        understanding, vectors, keywords, ranking = self._channels
        self._understanding = query_understanding_pb2_grpc.QueryUnderstandingServiceStub(
            understanding
        )
        self._vectors = vector_retrieval_pb2_grpc.VectorRetrievalServiceStub(vectors)
        self._keywords = keyword_search_pb2_grpc.KeywordSearchServiceStub(keywords)
        self._ranking = ranking_pb2_grpc.RankingServiceStub(ranking)

    async def __aenter__(self) -> Chain:
        return self

    async def __aexit__(self, *_: object) -> None:
        for opened in self._channels:
            await opened.close()

    async def search(self, n: int) -> None:
        """Search without events; places stay as the guest named them."""
        planned = await self._understanding.PlanQuery(
            query_understanding_pb2.PlanQueryRequest(text=QUERIES[n % len(QUERIES)]),
            timeout=TIMEOUT_S,
        )
        by_vector, by_keyword = await asyncio.gather(
            self._vectors.RetrieveByVector(
                vector_retrieval_pb2.RetrieveByVectorRequest(
                    plan=planned.plan, page_size=CANDIDATES
                ),
                timeout=TIMEOUT_S,
            ),
            self._keywords.RetrieveByKeyword(
                keyword_search_pb2.RetrieveByKeywordRequest(
                    plan=planned.plan, page_size=CANDIDATES
                ),
                timeout=TIMEOUT_S,
            ),
        )
        await self._ranking.RankHotels(
            ranking_pb2.RankHotelsRequest(
                plan=planned.plan, stages=[by_vector.result, by_keyword.result], page_size=HITS
            ),
            timeout=TIMEOUT_S,
        )


async def measure(name: str, search: Search, table: Table, seconds: float) -> float:
    """Add a row: latency of one client, throughput of several; return the best throughput.

    A search that is refused or fails is none that was served; its client waits and goes on.
    """
    await repeated(search, 1, WARM_UP_S)
    latencies, rates, cells = [], [], []
    for clients in CLIENTS:
        busy_s, start = busy_cpu_s(), time.perf_counter()
        run = await repeated(search, clients, seconds)
        cores = (busy_cpu_s() - busy_s) / (time.perf_counter() - start)
        latencies.append(run.times)
        rates.append(run.per_second)
        lost = f", {run.lost} lost" if run.lost else ""
        cells.append(f"{run.per_second:.0f} ({cores:.1f}){lost}")
    tell(table, name, *percentiles(latencies[0]), *cells)
    return max(rates)


def busy_cpu_s() -> float:
    """Return how many seconds the machine's cores have worked since it started, all together."""
    user, nice, system, _, _, irq, softirq = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:8]
    )
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


async def stages(door: grpc.aio.Channel, table: Table, seconds: float) -> None:
    """Add a row per stage: how long its events waited, how long it worked."""
    stub = search_pb2_grpc.SearchServiceStub(door)
    waited: defaultdict[str, list[float]] = defaultdict(list)
    worked: defaultdict[str, list[float]] = defaultdict(list)

    async def search(n: int) -> None:
        answer = await stub.SearchHotels(_request(n), timeout=TIMEOUT_S)
        request = search_pb2.ExplainRequest(search_id=answer.search_id)
        for timing in (await stub.Explain(request, timeout=TIMEOUT_S)).timings:
            waited[timing.stage].append(timing.waited.ToNanoseconds() / 1e9)
            worked[timing.stage].append(timing.took.ToNanoseconds() / 1e9)

    await repeated(search, 1, seconds)
    for stage, times in waited.items():
        table.add_row(stage, *percentiles(times), percentiles(worked[stage])[0])


async def offered(
    door: grpc.aio.Channel, times: float, capacity: float, table: Table, seconds: float
) -> None:
    """Add a row: an open loop that offers so many times the capacity, however slow answers are."""
    stub = search_pb2_grpc.SearchServiceStub(door)
    served: list[float] = []
    refused: list[float] = []
    failed: list[float] = []
    start = time.perf_counter()

    async def search(n: int) -> None:
        asked = time.perf_counter()
        try:
            await stub.SearchHotels(_request(n), timeout=TIMEOUT_S)
        except grpc.aio.AioRpcError as error:
            refusal = isinstance(from_rpc_error(error), ResourceExhausted)
            (refused if refusal else failed).append(time.perf_counter() - asked)
        else:
            served.append(time.perf_counter() - asked)

    running = []
    for n in range(int(times * capacity * seconds)):
        due = start + n / (times * capacity)
        if (wait_s := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait_s)
        running.append(asyncio.create_task(search(n)))
    await asyncio.gather(*running)
    took_s = time.perf_counter() - start
    refusals = f"{len(refused)}, {percentiles(refused)[1]}" if len(refused) > 1 else "0"
    tell(
        table,
        f"{times} x {capacity:.0f}/s",
        f"{len(served) / took_s:.0f}",
        *percentiles(served),
        refusals,
        str(len(failed)),
    )


def _request(n: int) -> search_pb2.SearchHotelsRequest:
    turn = search_pb2.GuestTurn(text=QUERIES[n % len(QUERIES)], page_size=HITS)
    return search_pb2.SearchHotelsRequest(turn=turn)


if __name__ == "__main__":
    sys.exit(main())
