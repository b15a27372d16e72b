"""The readers of concepts we have, under the contract."""

from __future__ import annotations

import json

import pytest

from services.query_understanding.adapters.catalog_lexicon import InMemoryCatalogLexicon
from services.query_understanding.adapters.llm_concept_reader import LLMConceptReader
from services.query_understanding.ports import ConceptReader
from services.vocabulary import Vocabulary
from tests.contract.query_understanding.concept_reader_contract import ConceptReaderContract
from tests.fakes.llm import FakeLLM

VOCABULARY = Vocabulary.load()
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
