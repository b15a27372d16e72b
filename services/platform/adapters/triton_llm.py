"""`LLMClient` on Triton: the text contract of its vLLM backend, one stream per request."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import numpy as np

from services.platform.adapters.triton import Triton, strings
from services.platform.deadline import Deadline
from services.platform.settings import LLMSettings


class TritonLLM:
    """Streams what a text model on Triton writes.

    Any model whose Triton model takes `text_input`, `stream`, `sampling_parameters` and
    `exclude_input_in_output` and streams `text_output`, as the vLLM backend's do.
    """

    def __init__(self, settings: LLMSettings) -> None:
        self._triton = Triton(settings)
        self._settings = settings

    @property
    def name(self) -> str:
        """The model's name."""
        return self._settings.model

    @property
    def version(self) -> str:
        """The model's version, as the settings say."""
        return self._settings.version

    async def generate(
        self,
        prompt: str,
        *,
        schema: Mapping[str, object] | None = None,
        max_tokens: int,
        deadline: Deadline,
    ) -> AsyncGenerator[str, None]:
        """Stream the completion; see `LLMClient`."""
        sampling: dict[str, object] = {
            "max_tokens": max_tokens,
            "temperature": self._settings.temperature,
        }
        if schema is not None:
            # The backend wants a string of JSON inside the JSON.
            sampling["structured_outputs"] = json.dumps({"json": schema})
        inputs = {
            "text_input": strings([self._settings.prompt_template.format(prompt=prompt)]),
            "stream": np.array([True]),
            "sampling_parameters": strings([json.dumps(sampling)]),
            "exclude_input_in_output": np.array([True]),
        }
        async with aclosing(self._triton.stream(inputs, deadline=deadline)) as responses:
            async for outputs in responses:
                if "text_output" not in outputs:
                    raise self._triton.malformed("without text_output")
                for piece in outputs["text_output"].flat:
                    yield piece.decode(errors="replace")

    async def close(self) -> None:
        """Give the connection back."""
        await self._triton.close()
