"""The language model of tests on a real Triton: the stand-in of infra/triton/models/llm."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from services.platform.adapters.triton_llm import TritonLLM
from services.platform.deadline import Deadline
from services.platform.settings import LLMSettings
from tests.endpoints import endpoint


@dataclass(frozen=True)
class Reply:
    """What the stand-in says; see infra/triton/models/llm/1/stand_in.py."""

    text: str
    late_s: float = 0.0
    pause_s: float = 0.0
    fail_after: int | None = None


class StandInLLM:
    """A script of its own on the server that all tests share.

    Attributes:
        client: Its prompts bear a mark, so only they get these replies.
    """

    def __init__(self) -> None:
        url = endpoint("TRITON")
        self._mark = f"[{uuid.uuid4().hex}]"
        self._orders = TritonLLM(LLMSettings(url=url))
        self.client = TritonLLM(
            LLMSettings(url=url, version="stand-in", prompt_template=f"{self._mark} {{prompt}}")
        )

    async def says(self, replies: Mapping[str, Reply | Sequence[Reply]]) -> None:
        """Script the replies to prompts that have a key in them; several are told one by one."""
        script = {
            self._key(key): [asdict(reply) for reply in _several(said)]
            for key, said in replies.items()
        }
        await self._order({"replies": script})

    async def seen(self, key: str) -> Mapping[str, Any]:
        """Return the `prompts` and `schemas` that came for a key, and how many were `cancelled`."""
        seen: Mapping[str, Any] = json.loads(await self._order({"seen": self._key(key)}))
        return seen

    async def close(self) -> None:
        await self._orders.close()
        await self.client.close()

    def _key(self, key: str) -> str:
        return f"{self._mark}\n{key}"

    async def _order(self, order: Mapping[str, Any]) -> str:
        prompt = "@stand-in " + json.dumps(order)
        pieces = self._orders.generate(prompt, max_tokens=1_000_000, deadline=Deadline.after(20))
        return "".join([piece async for piece in pieces])


def _several(said: Reply | Sequence[Reply]) -> Sequence[Reply]:
    return (said,) if isinstance(said, Reply) else said
