"""The embedder as Triton serves it: the code that also serves in process."""

from __future__ import annotations

import os
import sys
from typing import Any

# The backend's stub reads neither PYTHONPATH nor an environment: where the packages and the
# project are not installed for its own Python, this variable says where they lie.
sys.path[:0] = filter(None, os.environ.get("CONCIERGE_TRITON_PATH", "").split(os.pathsep))

import numpy as np
import triton_python_backend_utils as pb_utils

from services.vector_retrieval.adapters.hashed_embedder import HashedEmbedder
from services.vocabulary import Vocabulary


class TritonPythonModel:
    """Embeds the requests that Triton gathered as one batch."""

    def initialize(self, args: dict[str, str]) -> None:
        """Read the vocabulary."""
        self._embedder = HashedEmbedder(Vocabulary.load())
        self._version = self._embedder.version.encode()

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer each request with its rows."""
        texts = [_texts(request) for request in requests]
        vectors = self._embedder.vectors([text for some in texts for text in some])
        responses, first = [], 0
        for some in texts:
            rows = vectors[first : first + len(some)]
            first += len(some)
            versions = np.full((len(some), 1), self._version, dtype=object)
            responses.append(
                pb_utils.InferenceResponse(
                    [pb_utils.Tensor("embedding", rows), pb_utils.Tensor("version", versions)]
                )
            )
        return responses


def _texts(request: Any) -> list[str]:
    rows = pb_utils.get_input_tensor_by_name(request, "text").as_numpy()[:, 0]
    # One request's broken bytes must not fail the others of its batch.
    return [text.decode(errors="replace") for text in rows]
