"""The readers of concepts we have, under the contract."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from services.plan.condition import Span
from services.platform.deadline import Deadline
from services.platform.errors import FailedPrecondition
from services.query_understanding.adapters.catalog_lexicon import InMemoryCatalogLexicon
from services.query_understanding.adapters.llm_concept_reader import LLMConceptReader
from services.query_understanding.adapters.onnx_concept_reader import OnnxConceptReader
from services.query_understanding.domain.proposal import Question
from services.query_understanding.ports import ConceptReader
from services.vocabulary import Vocabulary
from tests.contract.query_understanding.concept_reader_contract import ConceptReaderContract
from tests.fakes.llm import FakeLLM

ROOT = Path(__file__).parents[3]
VOCABULARY = Vocabulary.load()
TRAINED_ON = Question("我爸中风后走路不利索", (Span(2, 10, "中风后走路不利索"),), "zh")
ANSWER = json.dumps(
    {
        "readings": [
            {"stretch": 1, "concept": "none", "wanted": True, "wish": False},
            {"stretch": 2, "concept": "facilities.accessible", "wanted": True, "wish": False},
        ]
    }
)


class TestLLMConceptReader(ConceptReaderContract):
    @pytest.fixture
    def reader(self) -> ConceptReader:
        return LLMConceptReader(FakeLLM(otherwise=ANSWER), VOCABULARY, InMemoryCatalogLexicon())


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model that `make train-planner` writes."""
    file = tmp_path_factory.mktemp("model") / "concepts.onnx"
    train(file)
    return file


def train(file: Path) -> None:
    command = [sys.executable, str(ROOT / "infra" / "train" / "concepts.py"), str(file)]
    subprocess.run(command, check=True, capture_output=True)


class TestOnnxConceptReader(ConceptReaderContract):
    @pytest.fixture
    def reader(self, trained: Path) -> ConceptReader:
        return OnnxConceptReader(VOCABULARY, model=trained, threshold=0.0)

    async def test_it_knows_what_it_was_trained_on(self, trained: Path) -> None:
        reader = OnnxConceptReader(VOCABULARY, model=trained, threshold=0.5)
        (proposal,) = await reader.read(TRAINED_ON, deadline=Deadline.after(5))
        assert (proposal.hint.section, proposal.hint.id) == ("facilities", "accessible")

    async def test_it_abstains_where_it_is_not_sure(self, trained: Path) -> None:
        reader = OnnxConceptReader(VOCABULARY, model=trained, threshold=1.0)
        assert await reader.read(TRAINED_ON, deadline=Deadline.after(5)) == []

    def test_training_again_gives_the_same_model(self, trained: Path, tmp_path: Path) -> None:
        again = tmp_path / "again.onnx"
        train(again)
        assert again.read_bytes() == trained.read_bytes()

    def test_what_is_no_model_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "concepts.onnx"
        file.write_bytes(b"no model")
        with pytest.raises(FailedPrecondition, match="is no model"):
            OnnxConceptReader(VOCABULARY, model=file, threshold=0.5)

    def test_a_model_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(FailedPrecondition, match="cannot be read"):
            OnnxConceptReader(VOCABULARY, model=tmp_path / "none.onnx", threshold=0.5)
