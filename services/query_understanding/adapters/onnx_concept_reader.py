"""`ConceptReader` by the model that this project trains, on onnxruntime in process.

`make train-planner` makes the model; `infra/train/concepts.py` says what it is and computes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import onnxruntime

from services.platform.deadline import Deadline
from services.platform.errors import FailedPrecondition
from services.query_understanding.adapters.ngrams import numbered
from services.query_understanding.adapters.sayings import NONE
from services.query_understanding.domain.proposal import Hint, Proposal, Question
from services.vocabulary import Vocabulary

CONCEPTS = "concepts"


class OnnxConceptReader:
    """Reads the clause around each unexplained stretch; abstains where it is not sure.

    Args:
        vocabulary: Must hold every concept that the model knows.
        model: The model's file.
        threshold: Least confidence of a proposal, in [0, 1].

    Raises:
        FailedPrecondition: The file is no such model, or knows concepts the vocabulary lacks.
    """

    name = "concepts"

    def __init__(self, vocabulary: Vocabulary, *, model: Path, threshold: float) -> None:
        try:
            data = model.read_bytes()
        except OSError as error:
            raise FailedPrecondition(f"{model} cannot be read: {error.strerror}") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(
                data, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise FailedPrecondition(f"{model.name} is no model: {error}") from error
        listed = self._session.get_modelmeta().custom_metadata_map.get(CONCEPTS, "")
        self._concepts = [concept.partition(".")[::2] for concept in listed.split("\n")]
        for section, id in self._concepts:
            if section != NONE and id not in vocabulary.section(section):
                raise FailedPrecondition(f"{model.name} knows {section}.{id}, the vocabulary not")
        self._threshold = threshold
        self.version = hashlib.sha256(data).hexdigest()[:12]

    async def read(self, question: Question, *, deadline: Deadline) -> Sequence[Proposal]:
        """Propose one concept for each stretch at most; see `ConceptReader`."""
        deadline.check("the model was asked")
        clauses = [question.clause(stretch) for stretch in question.stretches]
        found, sure = self._session.run(["concept", "confidence"], {"ngrams": numbered(clauses)})
        proposals = []
        for stretch, number, confidence in zip(question.stretches, found, sure, strict=True):
            section, id = self._concepts[number]
            if section != NONE and confidence >= self._threshold:
                proposals.append(Proposal(Hint(stretch, section, id), confidence=float(confidence)))
        return proposals
