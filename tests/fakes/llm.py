"""A language model that answers from a script, and can be down, late or broken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence

from services.platform.deadline import Deadline
from services.platform.errors import DeadlineExceeded, Unavailable


class FakeLLM:
    """Answers a prompt with the scripted reply whose key it contains.

    Args:
        replies: Reply by a piece of the prompt; the first that is in the prompt wins. A list is
            told one by one, its last for ever after.
        otherwise: Reply to a prompt that no key is in.
        down: It is away.
        late: It never answers, so the deadline ends the wait.
        fails_after: Pieces that come before it fails; `None`: it does not fail.

    Attributes:
        prompts: What it was asked, in order.
        schemas: The schema of each prompt.
        cancelled: Streams that were closed before their end.
    """

    name = "fake"
    version = "1"

    def __init__(
        self,
        replies: Mapping[str, str | Sequence[str]] | None = None,
        *,
        otherwise: str = "ok",
        down: bool = False,
        late: bool = False,
        fails_after: int | None = None,
    ) -> None:
        self._replies = {
            key: [reply] if isinstance(reply, str) else list(reply)
            for key, reply in (replies or {}).items()
        }
        self._otherwise = otherwise
        self._down = down
        self._late = late
        self._fails_after = fails_after
        self.prompts: list[str] = []
        self.schemas: list[Mapping[str, object] | None] = []
        self.cancelled = 0

    async def generate(
        self,
        prompt: str,
        *,
        schema: Mapping[str, object] | None = None,
        max_tokens: int,
        deadline: Deadline,
    ) -> AsyncGenerator[str, None]:
        """Stream the scripted reply, a word and its blank at a time; a word counts as a token."""
        self.prompts.append(prompt)
        self.schemas.append(schema)
        deadline.check("the model was asked")
        if self._down:
            raise Unavailable("the model is away", reason="LLM_AWAY")
        try:
            async with asyncio.timeout(deadline.remaining_s()):
                if self._late:
                    await asyncio.Event().wait()
            for count, piece in enumerate(_pieces(self._reply(prompt), max_tokens)):
                if count == self._fails_after:
                    raise Unavailable("the model failed", reason="LLM_FAILED")
                deadline.check("the text was whole")
                yield piece
        except TimeoutError as error:
            raise DeadlineExceeded("the deadline passed before the text was whole") from error
        except (GeneratorExit, asyncio.CancelledError):
            self.cancelled += 1
            raise

    def _reply(self, prompt: str) -> str:
        for key, replies in self._replies.items():
            if key in prompt:
                return replies.pop(0) if len(replies) > 1 else replies[0]
        return self._otherwise


def _pieces(text: str, max_tokens: int) -> Iterable[str]:
    words = text.split(" ")[:max_tokens]
    return (word + " " * (index < len(words) - 1) for index, word in enumerate(words))
