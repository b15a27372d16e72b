"""A small catalogue, three searches, and how each was understood. What `make demo` runs."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from concierge.ingestion.v1 import ingestion_pb2, ingestion_pb2_grpc
from concierge.search.v1 import search_pb2
from rich.console import Console

from services.cli.ingest import watch
from services.cli.search import one_turn
from services.cli.session import connected
from services.ingestion.domain.generator import generate, to_line

HOTELS = 3_000
SEED = 7

SEARCHES = (
    ("我要一间天安门附近的五星级酒店,有停车场,不要青年旅舍", ""),
    ("quiet place in Shanghai with a pool or a gym, under 900", ""),
    ("北京三里屯附近的酒店,要有健身房", "demo"),
    ("便宜一点的,最好含早餐", "demo"),
    ("第一家的电话和地址是多少?", "demo"),
)

console = Console(highlight=False)


async def demo() -> None:
    """Generate, load, search, print."""
    with tempfile.TemporaryDirectory(prefix="concierge-demo-") as folder:
        file = Path(folder) / "hotels.jsonl"
        with file.open("w", encoding="utf-8") as lines:
            for hotel in generate(HOTELS, SEED):
                lines.write(to_line(hotel) + "\n")
        console.rule(f"loading {HOTELS} generated hotels")
        async with connected(None, Path(folder) / "data", with_workers=True) as channel:
            stub = ingestion_pb2_grpc.IngestionServiceStub(channel)
            submitted = await stub.SubmitJob(
                ingestion_pb2.SubmitJobRequest(path=str(file)), timeout=10.0
            )
            job = await watch(stub, submitted.job.id)
            console.print(f"{job.published_count} published, {job.quarantined_count} refused")
            for text, conversation in SEARCHES:
                console.rule(f"guest: {text}")
                await one_turn(
                    channel,
                    search_pb2.GuestTurn(text=text, conversation_id=conversation, page_size=3),
                )


def main() -> int:
    """Run the demo; return the exit code."""
    asyncio.run(demo())
    return 0


if __name__ == "__main__":
    sys.exit(main())
