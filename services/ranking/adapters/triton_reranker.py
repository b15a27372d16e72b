"""`Reranker` on Triton."""

from __future__ import annotations

from collections.abc import Mapping

from services.platform.adapters.triton import Triton, strings
from services.platform.settings import TritonSettings


class TritonReranker:
    """Asks a model that gives the `probability` that each of `passages` answers `query`."""

    def __init__(self, settings: TritonSettings) -> None:
        self._triton = Triton(settings)

    async def score(self, query: str, passages: Mapping[str, str]) -> Mapping[str, float]:
        """Return a probability in [0, 1] for every hotel given; see `Reranker`.

        Raises:
            Unavailable: Triton is away or too slow, or answers what is no probability.
        """
        if not passages:
            return {}
        outputs = await self._triton.infer(
            {"query": strings([query]), "passages": strings(list(passages.values()))}
        )
        scores = outputs.get("probability")
        if scores is None or scores.shape != (len(passages),):
            raise self._triton.malformed("without the probability of each passage")
        # What is not a number is not in the range either.
        if not ((scores >= 0) & (scores <= 1)).all():
            raise self._triton.malformed("probabilities out of [0, 1]")
        return dict(zip(passages, scores.tolist(), strict=True))

    async def close(self) -> None:
        """Give the connection back."""
        await self._triton.close()
