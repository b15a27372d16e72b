"""What embedding costs through Triton: `uv run python -m tests.load.triton_bench host:port`.

The same embedder in process and on Triton, interleaved in one run: one query at a time, queries
at once, and passages of hotels in batches. Read medians and ratios; machines are noisy.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

from services.ingestion.domain.generator import generate
from services.platform.settings import TritonSettings
from services.vector_retrieval.adapters.hashed_embedder import HashedEmbedder
from services.vector_retrieval.adapters.triton_embedder import TritonEmbedder
from services.vector_retrieval.domain.passage import passage_of
from services.vector_retrieval.ports import Embedder
from services.vocabulary import Vocabulary

QUERY = "我要一间天安门附近的五星级酒店,有停车场,不要青年旅舍, 五百以内最好"
AT_ONCE = 16
PASSAGES_A_ROUND = 1_024


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="Triton's gRPC address")
    parser.add_argument("--rounds", type=int, default=30)
    arguments = parser.parse_args()
    asyncio.run(compare(arguments.url, arguments.rounds))


async def compare(url: str, rounds: int) -> None:
    """Print the medians of both sides and their ratio."""
    inside = HashedEmbedder(Vocabulary.load())
    outside = TritonEmbedder(
        TritonSettings(url=url, model="embedder", timeout_s=20),
        dimension=inside.dimension,
        version=inside.version,
    )
    passages = [passage_of(hotel) for hotel in generate(PASSAGES_A_ROUND, 1)]
    tasks: dict[str, Callable[[Embedder], Awaitable[object]]] = {
        "one query": lambda embedder: embedder.embed([QUERY]),
        f"{AT_ONCE} queries at once": lambda embedder: asyncio.gather(
            *(embedder.embed([QUERY]) for _ in range(AT_ONCE))
        ),
        f"{PASSAGES_A_ROUND} passages": lambda embedder: embedder.embed(passages),
    }
    print(f"{'median of ' + str(rounds):24} {'in process':>12} {'Triton':>12} {'ratio':>7}")
    for name, task in tasks.items():
        took: tuple[list[float], list[float]] = ([], [])
        for _ in range(rounds + 1):
            for times, embedder in ((took[0], inside), (took[1], outside)):
                begun = time.perf_counter()
                await task(embedder)
                times.append((time.perf_counter() - begun) * 1e3)
        # The first round warms both.
        within, through = (statistics.median(times[1:]) for times in took)
        print(f"{name:24} {within:9.2f} ms {through:9.2f} ms {through / within:7.2f}")
    await outside.close()


if __name__ == "__main__":
    main()
