"""A Triton killed or frozen: who waits is told soon, and it is used again when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest

from infra.local.server import Places
from infra.local.triton import Triton
from services.platform.adapters.triton_llm import TritonLLM
from services.platform.deadline import Deadline
from services.platform.errors import Unavailable
from services.platform.settings import LLMSettings, TritonSettings
from services.vector_retrieval.adapters.hashed_embedder import HashedEmbedder
from services.vector_retrieval.adapters.triton_embedder import TritonEmbedder
from services.vocabulary import Vocabulary
from tests.endpoints import endpoint
from tests.integration.private_server import PrivateServer, private
from tests.ports import free_port
from tests.waiting import eventually

pytestmark = pytest.mark.integration

IN_PROCESS = HashedEmbedder(Vocabulary.load())
TEXTS = ["a quiet hotel", "安静的酒店"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PrivateServer]:
    endpoint("TRITON")  # where there is one, its wheel is in the cache
    places = Places(tmp_path / "triton", Places.of("triton").cache)
    triton = Triton(places=places, ports=(free_port(), free_port(), free_port()))
    running = PrivateServer(triton)
    with private(running):
        yield running
    triton.free_shared_memory()


@pytest.fixture
async def embedder(server: PrivateServer) -> AsyncIterator[TritonEmbedder]:
    settings = TritonSettings(
        url=server.address, model="embedder", timeout_s=0.5, most_failures=3, pause_ms=100
    )
    opened = TritonEmbedder(settings, dimension=IN_PROCESS.dimension, version=IN_PROCESS.version)
    await eventually(lambda: _works(opened))
    yield opened
    await opened.close()


async def _works(embedder: TritonEmbedder) -> bool:
    return await _reason(embedder) is None


async def _reason(embedder: TritonEmbedder) -> str | None:
    """Return why a call failed, `None` when its vectors were the right ones."""
    try:
        vectors = await embedder.embed(TEXTS)
    except Unavailable as error:
        return error.reason
    np.testing.assert_allclose(vectors, IN_PROCESS.vectors(TEXTS), atol=1e-6)
    return None


async def test_killed_it_is_away_at_once_and_back_by_itself(
    server: PrivateServer, embedder: TritonEmbedder
) -> None:
    server.kill()
    assert [await _reason(embedder) for _ in range(4)] == [*["TRITON_AWAY"] * 3, "TRITON_PAUSED"]
    await asyncio.to_thread(server.start)
    await eventually(lambda: _works(embedder))


async def test_frozen_it_costs_the_timeout_a_few_times_and_then_nothing(
    server: PrivateServer, embedder: TritonEmbedder
) -> None:
    server.freeze()
    assert [await _reason(embedder) for _ in range(4)] == [*["TRITON_TIMEOUT"] * 3, "TRITON_PAUSED"]
    server.thaw()
    await eventually(lambda: _works(embedder))


async def test_killed_in_the_middle_of_a_text_the_reader_is_told(
    server: PrivateServer, embedder: TritonEmbedder
) -> None:
    llm = TritonLLM(LLMSettings(url=server.address))
    script = '@stand-in {"replies": {"slowly": [{"text": "one two", "pause_s": 60}]}}'
    async for _ in llm.generate(script, max_tokens=9, deadline=Deadline.after(20)):
        pass
    pieces = llm.generate("slowly", max_tokens=9, deadline=Deadline.after(20))
    assert await anext(pieces) == "one "
    server.kill()
    with pytest.raises(Unavailable):
        await anext(pieces)
    await llm.close()
