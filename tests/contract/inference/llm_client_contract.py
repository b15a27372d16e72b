"""What every `LLMClient` must do, whichever server is behind it.

The model behind the client answers the prompts below from a script, so that a test knows what to
expect: `ASKED` with `SAID`, `ASKED_SLOWLY` too but with a pause after the first piece, and
`ASKED_FORM` with `FILLED`. A word counts as a token.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing

import pytest

from services.platform.deadline import Deadline
from services.platform.errors import DeadlineExceeded, Unavailable
from services.platform.inference import LLMClient

ASKED = "contract: say four words"
SAID = "one 二 three four"
ASKED_FORM = "contract: fill the form"
FORM: Mapping[str, object] = {
    "type": "object",
    "properties": {"stars": {"type": "integer"}, "city": {"type": "string"}},
    "required": ["stars", "city"],
    "additionalProperties": False,
}
ASKED_SLOWLY = "contract: say them slowly"
FILLED = json.dumps({"stars": 5, "city": "北京"}, ensure_ascii=False)
WAIT_S = 20.0


def soon() -> Deadline:
    return Deadline.after(WAIT_S)


async def text_of(llm: LLMClient, prompt: str = ASKED, *, max_tokens: int = 64) -> str:
    pieces = llm.generate(prompt, max_tokens=max_tokens, deadline=soon())
    return "".join([piece async for piece in pieces])


class LLMClientContract:
    """A subclass brings the fixtures.

    `llm` answers by the script, `late_llm` says nothing to `ASKED`, `failing_llm` fails after its
    first piece, `absent_llm` has no server; `cancelled` counts the streams of `llm` that the model
    saw end before their time.
    """

    async def test_it_has_a_name(self, llm: LLMClient) -> None:
        assert llm.name
        assert isinstance(llm.version, str)

    async def test_the_pieces_join_to_the_completion_alone(self, llm: LLMClient) -> None:
        assert await text_of(llm) == SAID

    async def test_text_comes_in_pieces(self, llm: LLMClient) -> None:
        pieces = [piece async for piece in llm.generate(ASKED, max_tokens=64, deadline=soon())]
        assert len([piece for piece in pieces if piece]) > 1

    async def test_a_schema_goes_with_the_prompt(self, llm: LLMClient) -> None:
        pieces = llm.generate(ASKED_FORM, schema=FORM, max_tokens=64, deadline=soon())
        assert "".join([piece async for piece in pieces]) == FILLED

    async def test_a_text_ends_at_the_most_tokens(self, llm: LLMClient) -> None:
        cut = await text_of(llm, max_tokens=2)
        assert cut.split() == SAID.split()[:2]

    async def test_texts_at_once_do_not_mix(self, llm: LLMClient) -> None:
        texts = await asyncio.gather(*(text_of(llm, p) for p in (ASKED, ASKED_FORM) * 4))
        assert texts == [SAID, FILLED] * 4

    async def test_closing_early_ends_the_model_s_work(
        self, llm: LLMClient, cancelled: Callable[[], Awaitable[int]]
    ) -> None:
        before = await cancelled()
        async with aclosing(llm.generate(ASKED_SLOWLY, max_tokens=64, deadline=soon())) as pieces:
            await anext(pieces)
        async with asyncio.timeout(WAIT_S):
            while await cancelled() == before:
                await asyncio.sleep(0.01)

    async def test_a_deadline_that_passes_ends_the_wait(self, late_llm: LLMClient) -> None:
        pieces = late_llm.generate(ASKED, max_tokens=64, deadline=Deadline.after(0.2))
        with pytest.raises(DeadlineExceeded):
            await anext(pieces)

    async def test_a_deadline_that_has_passed_asks_nobody(self, llm: LLMClient) -> None:
        pieces = llm.generate(ASKED, max_tokens=64, deadline=Deadline.after(-1))
        with pytest.raises(DeadlineExceeded):
            await anext(pieces)

    async def test_a_model_that_fails_midway_is_unavailable(self, failing_llm: LLMClient) -> None:
        pieces = failing_llm.generate(ASKED, max_tokens=64, deadline=soon())
        first = await anext(pieces)
        assert SAID.startswith(first)
        with pytest.raises(Unavailable):
            await anext(pieces)

    async def test_no_server_is_unavailable(self, absent_llm: LLMClient) -> None:
        with pytest.raises(Unavailable):
            await text_of(absent_llm)
