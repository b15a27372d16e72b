"""The reranker as Triton serves it: the code that also serves in process."""

from __future__ import annotations

import os
import sys
from typing import Any

# See ../../embedder/1/model.py.
sys.path[:0] = filter(None, os.environ.get("CONCIERGE_TRITON_PATH", "").split(os.pathsep))

import numpy as np
import triton_python_backend_utils as pb_utils

from services.ranking.adapters.word_reranker import probabilities


class TritonPythonModel:
    """Scores one query's passages per request."""

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer each request with its probabilities."""
        return [_response(request) for request in requests]


def _response(request: Any) -> Any:
    (query,) = _texts(request, "query")
    scores = np.array(probabilities(query, _texts(request, "passages")), dtype=np.float32)
    return pb_utils.InferenceResponse([pb_utils.Tensor("probability", scores)])


def _texts(request: Any, name: str) -> list[str]:
    values = pb_utils.get_input_tensor_by_name(request, name).as_numpy()
    return [value.decode(errors="replace") for value in values]
