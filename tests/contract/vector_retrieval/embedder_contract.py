"""What every `Embedder` must do, wherever its model runs."""

from __future__ import annotations

import asyncio

import numpy as np

from services.vector_retrieval.ports import Embedder

TEXTS = [
    "a quiet hotel with a pool",
    "有停车场的五星级酒店",
    "北京天安門附近，ＷｉＦｉ",
    "a",
    "",
    " \u3000 ",
    "\U0001f3e8 emoji \x00 and\nlines",
]


class EmbedderContract:
    """A subclass brings the fixture `embedder`."""

    async def test_rows_come_in_the_order_of_texts(self, embedder: Embedder) -> None:
        together = await embedder.embed(TEXTS)
        one_by_one = [(await embedder.embed([text]))[0] for text in TEXTS]
        np.testing.assert_allclose(together, one_by_one, atol=1e-6)

    async def test_rows_are_float32_of_the_dimension(self, embedder: Embedder) -> None:
        vectors = await embedder.embed(TEXTS)
        assert vectors.dtype == np.float32
        assert vectors.shape == (len(TEXTS), embedder.dimension)

    async def test_a_row_is_of_unit_length_or_zero(self, embedder: Embedder) -> None:
        lengths = np.linalg.norm(await embedder.embed(TEXTS), axis=1)
        assert np.all((np.abs(lengths - 1) < 1e-5) | (lengths == 0))
        assert lengths[0] > 0

    async def test_no_texts_are_no_rows(self, embedder: Embedder) -> None:
        assert (await embedder.embed([])).shape == (0, embedder.dimension)

    async def test_many_texts_at_once(self, embedder: Embedder) -> None:
        texts = [f"hotel {n}" for n in range(1_000)]
        vectors = await embedder.embed(texts)
        np.testing.assert_allclose(vectors[-1], (await embedder.embed(texts[-1:]))[0], atol=1e-6)

    async def test_calls_at_once_do_not_mix(self, embedder: Embedder) -> None:
        alone = [await embedder.embed([text]) for text in TEXTS]
        at_once = await asyncio.gather(*(embedder.embed([text]) for text in TEXTS))
        for one, other in zip(alone, at_once, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)

    async def test_like_is_nearer_than_unlike(self, embedder: Embedder) -> None:
        asked, like, unlike = await embedder.embed(
            ["a hotel with a swimming pool", "hotel, swimming pool", "近火车站的青年旅舍"]
        )
        assert asked @ like > asked @ unlike

    async def test_it_says_what_made_the_vectors(self, embedder: Embedder) -> None:
        assert embedder.version
