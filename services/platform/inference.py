"""Text models behind a port: a prompt goes in, pieces of text come out as they are made."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Protocol

from services.platform.deadline import Deadline


class LLMClient(Protocol):
    """Asks a language model."""

    @property
    def name(self) -> str:
        """The model's name."""
        ...

    @property
    def version(self) -> str:
        """The model's version, "" where the server tells none; for logs and Explain."""
        ...

    def generate(
        self,
        prompt: str,
        *,
        schema: Mapping[str, object] | None = None,
        max_tokens: int,
        deadline: Deadline,
    ) -> AsyncGenerator[str, None]:
        """Stream the completion of a prompt, in pieces that join to the whole text.

        `aclose()`, or the cancellation of the task that iterates, ends the
        server's work on it too. Wrap it in `contextlib.aclosing` when it may be left early.

        Args:
            prompt: All that the model is told.
            schema: JSON schema that the whole text is to satisfy; `None`: free text.
                The server constrains the model by it, the caller still validates.
            max_tokens: Most tokens made; a longer text is cut there.
            deadline: When the caller stops waiting; covers the whole text.

        Raises:
            Unavailable: The model server is away, refused the request or failed.
            DeadlineExceeded: The deadline passed before the text was whole.
        """
        ...
