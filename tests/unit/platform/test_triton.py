"""The connection to Triton where a real one does not go wrong: against a small server of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import grpc
import numpy as np
import pytest
from tritonclient.grpc import service_pb2 as pb
from tritonclient.grpc import service_pb2_grpc

from services.platform.adapters.triton import Tensors, Triton
from services.platform.adapters.triton_llm import TritonLLM
from services.platform.deadline import Deadline
from services.platform.errors import Unavailable
from services.platform.settings import LLMSettings, TritonSettings
from tests.certificates import make_certificates

INPUTS = {"flag": np.array([True])}


class _Server(service_pb2_grpc.GRPCInferenceServiceServicer):  # type: ignore[misc]
    """Answers every request with the same responses."""

    def __init__(self, *responses: pb.ModelInferResponse) -> None:
        self._responses = responses
        self.requests: list[pb.ModelInferRequest] = []

    async def ModelInfer(
        self, request: pb.ModelInferRequest, context: object
    ) -> pb.ModelInferResponse:
        self.requests.append(request)
        return self._responses[0]

    async def ModelStreamInfer(
        self, requests: AsyncIterator[pb.ModelInferRequest], context: object
    ) -> AsyncIterator[pb.ModelStreamInferResponse]:
        async for request in requests:
            self.requests.append(request)
            for response in self._responses:
                yield pb.ModelStreamInferResponse(infer_response=response)


@asynccontextmanager
async def serving(
    servicer: _Server,
    address: str = "127.0.0.1:0",
    credentials: grpc.ServerCredentials | None = None,
) -> AsyncIterator[str]:
    server = grpc.aio.server()
    port = (
        server.add_insecure_port(address)
        if credentials is None
        else server.add_secure_port(address, credentials)
    )
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(servicer, server)
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


def text(*pieces: bytes, final: bool) -> pb.ModelInferResponse:
    response = pb.ModelInferResponse()
    if pieces:
        response.outputs.add(name="text_output", datatype="BYTES", shape=[len(pieces)])
        response.raw_output_contents.append(
            b"".join(len(piece).to_bytes(4, "little") + piece for piece in pieces)
        )
    response.parameters["triton_final_response"].bool_param = final
    return response


async def generated(server: _Server, settings: dict[str, object] | None = None) -> str:
    async with serving(server) as url:
        llm = TritonLLM(LLMSettings.model_validate({"url": url, **(settings or {})}))
        try:
            pieces = llm.generate("Hello", max_tokens=5, deadline=Deadline.after(20))
            return "".join([piece async for piece in pieces])
        finally:
            await llm.close()


async def test_a_stream_that_breaks_off_is_not_taken_for_a_whole_text() -> None:
    with pytest.raises(Unavailable, match="before its final response"):
        await generated(_Server(text(b"half", final=False)))


async def test_the_final_response_may_be_empty_or_hold_text() -> None:
    assert await generated(_Server(text(b"a", final=False), text(b"b", final=True))) == "ab"
    assert await generated(_Server(text(b"a", final=False), text(final=True))) == "a"


async def test_an_output_that_is_not_the_contract_s_is_named() -> None:
    response = text(b"a", final=True)
    response.outputs[0].name = "something_else"
    with pytest.raises(Unavailable, match="without text_output"):
        await generated(_Server(response))


async def test_bytes_that_are_no_tensor_are_named() -> None:
    response = text(b"abc", final=True)
    response.raw_output_contents[0] = b"\x09\x00"
    with pytest.raises(Unavailable) as caught:
        await generated(_Server(response))
    assert caught.value.reason == "TRITON_MALFORMED"


async def test_the_prompt_stands_in_the_model_s_markup() -> None:
    server = _Server(text(final=True))
    await generated(server, {"prompt_template": "<|user|>{prompt}\n<|assistant|>"})
    (request,) = server.requests
    index = [tensor.name for tensor in request.inputs].index("text_input")
    assert request.raw_input_contents[index][4:] == b"<|user|>Hello\n<|assistant|>"


async def test_a_server_known_to_be_away_is_not_asked_and_found_again_when_it_is_back() -> None:
    now = 0.0
    async with serving(_Server()) as url:
        pass
    settings = TritonSettings(url=url, model="m", most_failures=2, pause_ms=1_000, timeout_s=20)
    triton = Triton(settings, clock=lambda: now)

    async def reason() -> str:
        with pytest.raises(Unavailable) as caught:
            await triton.infer(INPUTS)
        return caught.value.reason

    assert [await reason() for _ in range(3)] == ["TRITON_AWAY", "TRITON_AWAY", "TRITON_PAUSED"]
    server = _Server(text(b"here", final=True))
    async with serving(server, url):
        assert await reason() == "TRITON_PAUSED"
        assert server.requests == []
        outputs: Tensors = {}
        # The channel looks for the server in its own time.
        while not outputs:
            now += 1.0
            with suppress(Unavailable):
                outputs = await triton.infer(INPUTS)
            await asyncio.sleep(0.01)
        assert outputs["text_output"].tolist() == [b"here"]
        assert (await triton.infer(INPUTS)).keys() == {"text_output"}
    await triton.close()


async def test_over_mutual_tls_only_a_client_with_a_certificate_is_answered(
    tmp_path: Path,
) -> None:
    made = make_certificates(tmp_path)
    credentials = grpc.ssl_server_credentials(
        [(made.key.read_bytes(), made.certificate.read_bytes())],
        made.authority.read_bytes(),
        require_client_auth=True,
    )
    async with serving(_Server(text(b"here", final=True)), credentials=credentials) as url:
        trusting = TritonSettings(
            url=url, model="m", tls=True, root_certificates_file=made.authority, timeout_s=5
        )
        known = trusting.model_copy(
            update={"certificate_file": made.certificate, "key_file": made.key}
        )
        plain = TritonSettings(url=url, model="m", timeout_s=5)
        untrusting = known.model_copy(update={"root_certificates_file": None})
        for settings in (trusting, plain, untrusting):
            triton = Triton(settings)
            with pytest.raises(Unavailable):
                await triton.infer(INPUTS)
            await triton.close()
        triton = Triton(known)
        assert (await triton.infer(INPUTS)).keys() == {"text_output"}
        await triton.close()
