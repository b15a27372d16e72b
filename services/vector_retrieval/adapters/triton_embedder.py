"""`Embedder` on Triton."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.platform.adapters.triton import Triton, strings
from services.platform.errors import Unavailable
from services.platform.settings import TritonSettings

# max_batch_size in the shipped model's config.pbtxt.
MAX_BATCH = 256
# One batch is made ready while another is worked on.
_BATCHES_AT_ONCE = 2
# A guest who waits for a query goes before batches of the indexer; 1 is the highest.
_QUERY_PRIORITY, _BULK_PRIORITY = 1, 2
_QUERY_TEXTS = 4


class TritonEmbedder:
    """Asks a model that gives `embedding` and `version` for `text`.

    Args:
        settings: Where the model is.
        dimension: Length of the vectors that the index holds.
        version: What made them. A server that answers with another is not believed: its vectors
            would be compared with ones they have nothing to do with.
        max_batch: Most texts that the model takes at once.
    """

    def __init__(
        self,
        settings: TritonSettings,
        *,
        dimension: int,
        version: str,
        max_batch: int = MAX_BATCH,
    ) -> None:
        self._triton = Triton(settings)
        self._dimension = dimension
        self._version = version
        self._max_batch = max_batch

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._dimension

    @property
    def version(self) -> str:
        """Name and version."""
        return self._version

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return `(n, dimension)` float32 rows of unit length; see `Embedder`.

        Raises:
            Unavailable: Triton is away or too slow, or serves another model than expected.
        """
        priority = _QUERY_PRIORITY if len(texts) <= _QUERY_TEXTS else _BULK_PRIORITY
        if 0 < len(texts) <= self._max_batch:
            return await self._batch(texts, priority)
        vectors = np.zeros((len(texts), self._dimension), dtype=np.float32)
        starts = iter(range(0, len(texts), self._max_batch))

        async def work() -> None:
            for start in starts:
                batch = texts[start : start + self._max_batch]
                vectors[start : start + len(batch)] = await self._batch(batch, priority)

        workers = [asyncio.create_task(work()) for _ in range(_BATCHES_AT_ONCE)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
        return vectors

    async def close(self) -> None:
        """Give the connection back."""
        await self._triton.close()

    async def _batch(self, texts: Sequence[str], priority: int) -> NDArray[np.float32]:
        inputs = {"text": strings(texts).reshape(-1, 1)}
        outputs = await self._triton.infer(inputs, priority=priority)
        versions, vectors = outputs.get("version"), outputs.get("embedding")
        if versions is None or vectors is None or len(versions) != len(vectors) or not len(vectors):
            raise self._triton.malformed("without embedding and version of each text")
        served = versions[0, 0].decode()
        shape = (len(texts), self._dimension)
        if served != self._version or vectors.shape != shape:
            raise Unavailable(
                f"triton's model {self._triton.model} is {served} and gives {vectors.shape}, "
                f"the index wants {self._version} and {shape}",
                reason="EMBEDDER_MISMATCH",
                metadata={"served": served, "wanted": self._version},
            )
        if not np.isfinite(vectors).all():
            raise self._triton.malformed("numbers that are none")
        return vectors
