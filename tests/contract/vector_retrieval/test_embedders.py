"""The embedders we have, under the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pytest

from services.platform.errors import Unavailable
from services.platform.settings import TritonSettings
from services.vector_retrieval.adapters.hashed_embedder import HashedEmbedder
from services.vector_retrieval.adapters.triton_embedder import TritonEmbedder
from services.vector_retrieval.ports import Embedder
from services.vocabulary import Vocabulary
from tests.contract.vector_retrieval.embedder_contract import TEXTS, EmbedderContract
from tests.endpoints import endpoint

HASHED = HashedEmbedder(Vocabulary.load())


def on_triton(version: str = HASHED.version, dimension: int = HASHED.dimension) -> TritonEmbedder:
    # A machine that tests share may be slow; how slow is no matter here.
    settings = TritonSettings(url=endpoint("TRITON"), model="embedder", timeout_s=20)
    return TritonEmbedder(settings, version=version, dimension=dimension)


class TestHashedEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return HASHED


@pytest.mark.parametrize(
    "text",
    [
        "酒店酒店酒店 free wifi, free wifi",
        "airport pick-up  24小时前台(免费停车)",
        "a pool " * 14,
        "游泳池、健身房 " * 20,
    ],
)
def test_a_text_has_the_same_vector_alone_and_among_many(text: str) -> None:
    many = [f"{number} hotel" for number in range(600)]
    among = HASHED.vectors([*many, text, *many])[len(many)]
    np.testing.assert_allclose(HASHED.vectors([text])[0], among, atol=1e-6)


def test_a_vocabulary_may_have_no_words_at_all() -> None:
    embedder = HashedEmbedder(Vocabulary({}, "empty"))
    assert np.linalg.norm(embedder.vectors(["quiet hotel"])) == pytest.approx(1.0)


@pytest.mark.integration
class TestTritonEmbedder(EmbedderContract):
    @pytest.fixture
    async def embedder(self) -> AsyncIterator[Embedder]:
        embedder = on_triton()
        yield embedder
        await embedder.close()

    async def test_the_vectors_are_those_made_in_process(self, embedder: Embedder) -> None:
        texts = [
            *TEXTS,
            *(word for c in Vocabulary.load().section("brands").values() for word in c.words()),
        ]
        np.testing.assert_allclose(await embedder.embed(texts), HASHED.vectors(texts), atol=1e-6)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("version", "dimension"), [("another/1", HASHED.dimension), (HASHED.version, 64)]
)
async def test_another_model_than_the_index_holds_is_not_believed(
    version: str, dimension: int
) -> None:
    embedder = on_triton(version, dimension)
    with pytest.raises(Unavailable) as caught:
        await embedder.embed(["pool"])
    assert caught.value.reason == "EMBEDDER_MISMATCH"
    await embedder.close()


async def test_a_triton_that_is_away_is_named() -> None:
    embedder = TritonEmbedder(
        TritonSettings(url="127.0.0.1:9", model="embedder"), version="x", dimension=8
    )
    with pytest.raises(Unavailable, match="embedder") as caught:
        await embedder.embed([f"hotel {n}" for n in range(1_000)])
    assert caught.value.reason == "TRITON_AWAY"
    await embedder.close()


@pytest.mark.integration
async def test_more_texts_than_the_model_takes_at_once_are_refused_not_cut() -> None:
    embedder = TritonEmbedder(
        TritonSettings(url=endpoint("TRITON"), model="embedder", timeout_s=20),
        version=HASHED.version,
        dimension=HASHED.dimension,
        max_batch=257,
    )
    with pytest.raises(Unavailable) as caught:
        await embedder.embed(["pool"] * 257)
    assert caught.value.reason == "TRITON_REFUSED"
    await embedder.close()
