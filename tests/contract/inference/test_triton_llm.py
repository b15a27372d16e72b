"""Text models on a real Triton, under the contract."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from services.platform.adapters.triton_llm import TritonLLM
from services.platform.deadline import Deadline
from services.platform.errors import DeadlineExceeded, Unavailable
from services.platform.inference import LLMClient
from services.platform.settings import LLMSettings
from tests.contract.inference.llm_client_contract import (
    ASKED,
    ASKED_FORM,
    ASKED_SLOWLY,
    FILLED,
    FORM,
    SAID,
    WAIT_S,
    LLMClientContract,
    soon,
    text_of,
)
from tests.endpoints import endpoint
from tests.stand_in_llm import Reply, StandInLLM

pytestmark = pytest.mark.integration

A_MINUTE_S = 60.0


@pytest.fixture
async def stand_in() -> AsyncIterator[StandInLLM]:
    stand_in = StandInLLM()
    yield stand_in
    await stand_in.close()


class TestTritonLLM(LLMClientContract):
    @pytest.fixture
    async def llm(self, stand_in: StandInLLM) -> LLMClient:
        slowly = Reply(SAID, pause_s=A_MINUTE_S)
        await stand_in.says({ASKED: Reply(SAID), ASKED_SLOWLY: slowly, ASKED_FORM: Reply(FILLED)})
        return stand_in.client

    @pytest.fixture
    async def late_llm(self, stand_in: StandInLLM) -> LLMClient:
        await stand_in.says({ASKED: Reply(SAID, late_s=A_MINUTE_S)})
        return stand_in.client

    @pytest.fixture
    async def failing_llm(self, stand_in: StandInLLM) -> LLMClient:
        await stand_in.says({ASKED: Reply(SAID, fail_after=1)})
        return stand_in.client

    @pytest.fixture
    async def absent_llm(self) -> AsyncIterator[LLMClient]:
        llm = TritonLLM(LLMSettings(url="127.0.0.1:9"))
        yield llm
        await llm.close()

    @pytest.fixture
    def cancelled(self, stand_in: StandInLLM) -> Callable[[], Awaitable[int]]:
        async def count() -> int:
            return int((await stand_in.seen(ASKED_SLOWLY))["cancelled"])

        return count

    async def test_the_model_gets_the_prompt_and_the_schema(
        self, llm: LLMClient, stand_in: StandInLLM
    ) -> None:
        await text_of(llm, f"{ASKED}, please")
        async for _ in llm.generate(ASKED_FORM, schema=FORM, max_tokens=9, deadline=soon()):
            pass
        assert (await stand_in.seen(ASKED))["prompts"][0].endswith(f" {ASKED}, please")
        assert (await stand_in.seen(ASKED_FORM))["schemas"] == [FORM]

    async def test_a_model_without_a_script_still_keeps_to_the_schema(self, llm: LLMClient) -> None:
        pieces = llm.generate("unheard of", schema=FORM, max_tokens=9, deadline=soon())
        assert json.loads("".join([piece async for piece in pieces])) == {"stars": 0, "city": ""}


async def _counted(stand_in: StandInLLM, key: str, wanted: int) -> None:
    async with asyncio.timeout(WAIT_S):
        while (await stand_in.seen(key))["cancelled"] != wanted:
            await asyncio.sleep(0.01)


async def test_a_deadline_that_passes_ends_the_model_s_work(stand_in: StandInLLM) -> None:
    await stand_in.says({ASKED: Reply(SAID, late_s=A_MINUTE_S)})
    with pytest.raises(DeadlineExceeded):
        await anext(stand_in.client.generate(ASKED, max_tokens=9, deadline=Deadline.after(0.2)))
    await _counted(stand_in, ASKED, 1)


async def test_cancelling_who_waits_ends_the_model_s_work(stand_in: StandInLLM) -> None:
    await stand_in.says({ASKED: Reply(SAID, pause_s=A_MINUTE_S)})
    begun = asyncio.Event()

    async def wait() -> None:
        async for _ in stand_in.client.generate(ASKED, max_tokens=9, deadline=soon()):
            begun.set()

    waiting = asyncio.create_task(wait())
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await _counted(stand_in, ASKED, 1)


async def test_one_stream_cancelled_leaves_the_others_whole(stand_in: StandInLLM) -> None:
    await stand_in.says({ASKED: Reply(SAID, pause_s=0.05), ASKED_SLOWLY: Reply(SAID, late_s=60)})
    others = [asyncio.create_task(text_of(stand_in.client)) for _ in range(8)]
    with pytest.raises(DeadlineExceeded):
        await anext(
            stand_in.client.generate(ASKED_SLOWLY, max_tokens=9, deadline=Deadline.after(0.1))
        )
    assert await asyncio.gather(*others) == [SAID] * 8


async def test_a_model_that_is_not_there_is_named() -> None:
    llm = TritonLLM(LLMSettings(url=endpoint("TRITON"), model="no-such-model"))
    with pytest.raises(Unavailable, match="no-such-model") as caught:
        await text_of(llm)
    assert caught.value.reason == "TRITON_MODEL_AWAY"
    await llm.close()
