"""Speed, recall and memory on a generated catalogue: `make bench HOTELS=400000`.

Engines are measured in this process; whole searches through the gateway of a deployment in a
child process. Machines are noisy: read medians and ratios of one run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import grpc
import numpy as np
from concierge.ingestion.v1 import ingestion_pb2, ingestion_pb2_grpc
from concierge.query_understanding.v1 import (
    query_understanding_pb2,
    query_understanding_pb2_grpc,
)
from concierge.ranking.v1 import ranking_pb2
from concierge.recall.v1 import candidate_pb2
from concierge.search.v1 import search_pb2, search_pb2_grpc
from rich.console import Console
from rich.table import Table

from services.ingestion.domain.generator import generate, to_line
from services.keyword_search.adapters.tantivy_index import TantivyIndex
from services.keyword_search.domain.document import document_of
from services.keyword_search.domain.query import KeywordQuery
from services.plan.condition import All, Condition, Field, Range, Term
from services.plan.hotel_wire import facts_of
from services.plan.query_plan import Outcome, Planner, QueryPlan
from services.platform.errors import ResourceExhausted
from services.platform.rpc import channel, from_rpc_error
from services.ranking import wire as ranking_wire
from services.ranking.domain.features import Weights
from services.ranking.handlers import rank_candidates
from services.recall.recalled import Recalled
from services.recall.wire import stage_result
from services.text import analyser
from services.vector_retrieval.adapters.faiss_index import FaissIndex
from services.vector_retrieval.adapters.hashed_embedder import HashedEmbedder
from services.vector_retrieval.domain.item import Item, VectorQuery
from services.vector_retrieval.domain.passage import passage_of
from services.vector_retrieval.ports import SCORE_DIGITS
from services.vocabulary import Vocabulary

SEED = 1
REPEATS = 200
K = 50
# After an error that does not say how long to wait.
RETRY_S = 0.5
QUERIES = (
    "我要一间天安门附近的五星级酒店,有停车场,不要青年旅舍",
    "上海外滩附近安静的酒店,四百以内",
    "quiet hotel in Shanghai with a pool or a gym, under 900",
    "成都春熙路附近有健身房的酒店,评分4.5以上",
    "广州塔旁边的豪华酒店",
    "cheap hostel in Beijing near Wangfujing",
    "西安钟楼附近带早餐的经济型酒店",
    "苏州拙政园附近适合家庭的民宿",
)
FILTERS: dict[str, Condition | None] = {
    "unfiltered": None,
    "about 20 %": Term(Field.TIER, ("upscale",)),
    "about 2 %": All((Term(Field.CITY, ("苏州",)), Term(Field.TIER, ("upscale",)))),
    "about 0.15 %": All(
        (
            Term(Field.CITY, ("苏州",)),
            Term(Field.TIER, ("luxury",)),
            Range(Field.PRICE, min=1500),
            Term(Field.FACILITY, ("gym",)),
        )
    ),
}

console = Console(width=110)
Query = TypeVar("Query", VectorQuery, KeywordQuery)


def percentiles(times_s: Sequence[float]) -> tuple[str, str]:
    """Return p50 and p99 in milliseconds, as text."""
    if not times_s:
        return "–", "–"
    ordered = sorted(times_s)
    return (
        f"{statistics.median(ordered) * 1e3:.2f}",
        f"{ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1e3:.2f}",
    )


def timed(work: Callable[[int], object], repeats: int = REPEATS) -> list[float]:
    """Run the work for 0, 1, … and return the seconds of each, after a warm-up."""
    for n in range(min(10, repeats)):
        work(n)
    times = []
    for n in range(repeats):
        start = time.perf_counter()
        work(n)
        times.append(time.perf_counter() - start)
    return times


def _cycle(work: Callable[[Query], object], queries: Sequence[Query], n: int) -> object:
    return work(queries[n % len(queries)])


def memory_mb() -> float:
    """Return this process's resident memory in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")


def engines(count: int, table: Table) -> None:
    """Measure embedding, vector index and keyword index in this process."""
    embedder = HashedEmbedder(Vocabulary.load())
    vectors = FaissIndex(embedder.dimension)
    keywords = TantivyIndex()
    embed_s = index_s = keyword_s = 0.0
    batch = []
    for hotel in generate(count, SEED):
        batch.append(hotel)
        if len(batch) == 5_000 or (len(batch) == count % 5_000 and hotel.id == f"g{count - 1}"):
            start = time.perf_counter()
            matrix = embedder.vectors([passage_of(h) for h in batch])
            embed_s += time.perf_counter() - start
            items = [Item(facts_of(h), h.SerializeToString(), 1) for h in batch]
            start = time.perf_counter()
            vectors._upsert(items, matrix)
            index_s += time.perf_counter() - start
            start = time.perf_counter()
            keywords.upsert_now([document_of(h) for h in batch])
            keyword_s += time.perf_counter() - start
            batch = []
    tell(table, "embed, per second", f"{count / embed_s:.0f}", "", "hotels")
    tell(table, "vector index, per second", f"{count / index_s:.0f}", "", "hotels")
    tell(table, "analyse and keyword index, per second", f"{count / keyword_s:.0f}", "", "hotels")
    start = time.perf_counter()
    if vectors.needs_build():
        vectors.build_now()
    tell(table, "vector index build", f"{time.perf_counter() - start:.1f} s", "", "")
    texts = [f"{query} {n}" for n, query in enumerate(QUERIES)]
    queries = embedder.vectors(texts)
    tell(
        table,
        "embed a query",
        *percentiles(timed(lambda n: embedder.vectors([texts[n % 8]]))),
        "ms",
    )
    recall(vectors, queries, count, table)
    words = [tuple(analyser.query(query)) for query in QUERIES]
    for name, condition in FILTERS.items():
        asked = [KeywordQuery(line, condition, limit=K) for line in words]
        times = timed(partial(_cycle, keywords.search_now, asked))
        tell(table, f"keyword, {name}", *percentiles(times), "ms")
    ranking(vectors, keywords, queries, words, table)
    tell(table, "memory of both indexes", f"{memory_mb():.0f} MB", "", "this process")
    keywords.close()
    vectors.close()


def recall(vectors: FaissIndex, queries: np.ndarray, count: int, table: Table) -> None:
    """Measure dense search and its recall@50 against exact search, by selectivity."""
    matrix = vectors._vectors[:count]
    scan = timed(lambda n: np.argpartition(matrix @ queries[n % 8], -K)[-K:], 20)
    tell(table, "plain numpy scan", *percentiles(scan), "ms")
    for name, condition in FILTERS.items():
        found = [vectors.search_now(VectorQuery(q, condition, limit=K)) for q in queries]
        hits = []
        mask = vectors._mask(condition, count)
        rows = np.flatnonzero(mask)
        for query, recalled in zip(queries, found, strict=True):
            scores = matrix[rows] @ query
            least = np.sort(scores)[-min(K, len(scores)) :][0] if len(scores) else 0.0
            # By score, as the index rounds it, not by id: equally near hotels are equally right.
            good = sum(1 for f in recalled.candidates if f.score >= least - 10.0**-SCORE_DIGITS)
            hits.append(good / max(1, min(K, len(scores))))
        asked = [VectorQuery(query, condition, limit=K) for query in queries]
        times = timed(partial(_cycle, vectors.search_now, asked))
        ratio = statistics.median(times) / statistics.median(scan)
        tell(
            table,
            f"dense, {name} ({len(rows) / count:.2%}), {found[0].method}",
            *percentiles(times),
            f"recall@50 {np.mean(hits):.4f}, {ratio:.3f} of a scan",
        )


def ranking(
    vectors: FaissIndex,
    keywords: TantivyIndex,
    queries: np.ndarray,
    words: Sequence[tuple[str, ...]],
    table: Table,
) -> None:
    """Measure ranking of both stages' candidates, wire included."""
    condition = Term(Field.FACILITY, ("gym",))
    plan = QueryPlan(Outcome.SEARCH, Planner("bench", "1", 1.0), condition)

    def result(
        stage: candidate_pb2.RecallStage.ValueType, recalled: Recalled
    ) -> candidate_pb2.StageResult:
        return stage_result(stage, recalled, index_version="bench")

    stages = [
        result(
            candidate_pb2.RECALL_STAGE_VECTOR,
            vectors.search_now(VectorQuery(queries[0], condition, limit=K)),
        ),
        result(
            candidate_pb2.RECALL_STAGE_KEYWORD,
            keywords.search_now(KeywordQuery(words[0], condition, limit=K)),
        ),
    ]

    def work(_: int) -> ranking_pb2.RankingResult:
        ranked = rank_candidates(
            plan,
            ranking_wire.stages_from_pb(stages),
            points={},
            weights=Weights(),
            fusion="normalised",
            limit=30,
        )
        return ranking_wire.result_to_pb(ranked, plan, Vocabulary.load())

    tell(table, "rank", *percentiles(timed(work)), "ms, two stages of 50")


async def whole(count: int, table: Table, seconds: float) -> None:
    """Measure loading and whole searches through the gateway of a child process."""
    with tempfile.TemporaryDirectory(prefix="concierge-bench-") as folder:
        file = Path(folder) / "hotels.jsonl"
        with file.open("w", encoding="utf-8") as out:
            for hotel in generate(count, SEED):
                out.write(to_line(hotel) + "\n")
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.cli.main", "up", "--data", f"{folder}/data",
            "--port", "0", "--log-level", "ERROR", stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            assert child.stdout is not None
            port = ""
            while not port:
                line = (await child.stdout.readline()).decode()
                if not line:
                    raise SystemExit("error: the deployment did not start")
                port = line.strip().rpartition(":")[2] if line.startswith("ready") else ""
            async with channel(f"127.0.0.1:{port}") as door:
                await load(door, file, count, table)
                await quiet(child.pid)
                await searches(door, table, seconds)
            status = Path(f"/proc/{child.pid}/status").read_text()
            rss = next(x for x in status.splitlines() if x.startswith("VmRSS"))
            tell(table, "memory of the deployment", f"{int(rss.split()[1]) // 1024} MB", "", "")
        finally:
            child.terminate()
            await child.wait()


async def load(door: grpc.aio.Channel, file: Path, count: int, table: Table) -> None:
    """Measure ingestion into both indexes, until everything can be found."""
    stub = ingestion_pb2_grpc.IngestionServiceStub(door)
    start = time.perf_counter()
    request = ingestion_pb2.SubmitJobRequest(path=str(file))
    job = (await stub.SubmitJob(request, timeout=30)).job
    async for message in stub.WatchJob(ingestion_pb2.WatchJobRequest(job_id=job.id), timeout=3_600):
        job = message.job
    loaded = time.perf_counter() - start
    search = search_pb2_grpc.SearchServiceStub(door)
    total = 0
    while total < count * 0.9:
        turn = search_pb2.GuestTurn(text="推荐一家酒店")
        response = await search.SearchHotels(search_pb2.SearchHotelsRequest(turn=turn), timeout=30)
        total = response.total_matches
        await asyncio.sleep(0.1)
    tell(table, "ingestion: published, per second", f"{count / loaded:.0f}", "", "hotels")
    tell(
        table,
        "ingestion: in both indexes, per second",
        f"{count / (time.perf_counter() - start):.0f}",
        "",
        "hotels, at least 90 % of them found",
    )


async def quiet(pid: int) -> None:
    """Wait until a process has hardly used a core for two seconds.

    The last hotels, the words of the lexicon and the index's build come after the last answer of
    a job, and would be measured with the searches.
    """
    await calm(partial(_cpu_s, pid), cores=0.05, for_s=2)


async def calm(
    cpu_s: Callable[[], float], *, cores: float, for_s: int, most_s: float = float("inf")
) -> None:
    """Wait until less than so many cores have been used for so many seconds, or no longer."""
    limit, calm_s = time.monotonic() + most_s, 0
    while calm_s < for_s and time.monotonic() < limit:
        before = cpu_s()
        await asyncio.sleep(1)
        calm_s = calm_s + 1 if cpu_s() - before < cores else 0


def _cpu_s(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def searches(door: grpc.aio.Channel, table: Table, seconds: float) -> None:
    """Measure plans and searches, and searches per second by clients."""
    planner = query_understanding_pb2_grpc.QueryUnderstandingServiceStub(door)
    search = search_pb2_grpc.SearchServiceStub(door)

    async def plan(n: int) -> None:
        request = query_understanding_pb2.PlanQueryRequest(text=QUERIES[n % 8])
        await planner.PlanQuery(request, timeout=10)

    async def one(n: int) -> None:
        turn = search_pb2.GuestTurn(text=QUERIES[n % 8])
        await search.SearchHotels(search_pb2.SearchHotelsRequest(turn=turn), timeout=30)

    for name, work in (("plan over gRPC", plan), ("whole search, 1 client", one)):
        times = (await repeated(work, 1, seconds)).times
        tell(table, name, *percentiles(times), "ms")
    for clients in (1, 4, 16):
        run = await repeated(one, clients, seconds)
        lost = f", {run.lost} lost" if run.lost else ""
        tell(
            table, f"searches per second, {clients} clients", f"{run.per_second:.0f}", "",
            "p50 {} ms, p99 {} ms".format(*percentiles(run.times)) + lost,
        )  # fmt: skip


class Repeated(NamedTuple):
    """What became of work done over and over: its seconds, its rate, how often it was lost."""

    times: list[float]
    per_second: float
    lost: int


async def repeated(
    work: Callable[[int], Awaitable[None]], clients: int, seconds: float
) -> Repeated:
    """Run the work from several clients for some seconds.

    What is refused or fails is none that was served; its client waits and goes on.
    """
    times: list[float] = []
    lost = 0

    async def attempt(n: int) -> None:
        nonlocal lost
        start = time.perf_counter()
        try:
            await work(n)
        except grpc.aio.AioRpcError as error:
            lost += 1
            await asyncio.sleep(retry_after_s(error))
        else:
            times.append(time.perf_counter() - start)

    for n in range(8):
        await attempt(n)
    times.clear()
    lost = 0
    begin = time.perf_counter()

    async def client(first: int) -> None:
        n = first
        while time.perf_counter() - begin < seconds:
            await attempt(n)
            n += 1

    await asyncio.gather(*(client(n) for n in range(clients)))
    return Repeated(times, len(times) / (time.perf_counter() - begin), lost)


def retry_after_s(error: grpc.aio.AioRpcError) -> float:
    """Return how long a client waits after an error."""
    typed = from_rpc_error(error)
    return typed.retry_after_s if isinstance(typed, ResourceExhausted) else RETRY_S


def tell(table: Table, *row: str) -> None:
    """Add a row, and say it at once: the table comes at the end."""
    table.add_row(*row)
    print(*row, sep="  ", file=sys.stderr, flush=True)


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hotels", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=5.0, help="per throughput measure")
    parser.add_argument("--only", choices=["engines", "whole"])
    arguments = parser.parse_args()
    table = Table("measure", "p50", "p99", "", title=f"{arguments.hotels} hotels")
    if arguments.only != "whole":
        engines(arguments.hotels, table)
    if arguments.only != "engines":
        asyncio.run(whole(arguments.hotels, table, arguments.seconds))
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
