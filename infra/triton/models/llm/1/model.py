"""A STAND-IN for a language model that speaks the text contract of Triton's vLLM backend.

For tests: there is no model in here, what it says is in stand_in.py. What is real is the contract:
decoupled responses, streaming, the sampling parameters as a JSON string, errors inside the
stream, and cancellation that is noticed between two pieces.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any

sys.path[:0] = filter(None, os.environ.get("CONCIERGE_TRITON_PATH", "").split(os.pathsep))
sys.path.insert(0, os.path.dirname(__file__))

import numpy as np
import triton_python_backend_utils as pb_utils
from stand_in import Script

DEFAULT_MAX_TOKENS = 16
CANCEL_POLL_S = 0.01
FINAL = pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL


class TritonPythonModel:
    """Answers every request in a thread of its own."""

    def initialize(self, args: dict[str, str]) -> None:
        """Start without any script."""
        self._script = Script()
        self._threads: set[threading.Thread] = set()

    def execute(self, requests: list[Any]) -> None:
        """Take the requests; responses come as they are made."""
        self._threads = {thread for thread in self._threads if thread.is_alive()}
        for request in requests:
            thread = threading.Thread(target=self._answer, args=(request,), daemon=True)
            self._threads.add(thread)
            thread.start()

    def finalize(self) -> None:
        """Wait for the streams that are open."""
        for thread in self._threads:
            thread.join()

    def _answer(self, request: Any) -> None:
        sender = request.get_response_sender()
        try:
            self._generate(request, sender)
        # Whatever was wrong with a request is told to its client, as the vLLM backend does.
        except Exception as error:  # noqa: BLE001
            failed = pb_utils.TritonError(f"Error generating stream: {error}")
            sender.send(pb_utils.InferenceResponse(error=failed), FINAL)

    def _generate(self, request: Any, sender: Any) -> None:
        prompt = _text(request, "text_input", "")
        stream = _flag(request, "stream", False)
        alone = _flag(request, "exclude_input_in_output", stream)
        if stream and not alone:
            raise ValueError("When streaming, `exclude_input_in_output` = False is not allowed.")
        sampling = json.loads(_text(request, "sampling_parameters", "{}"))
        structured = json.loads(sampling.get("structured_outputs", "{}"))
        reply, key = self._script.reply(prompt, structured.get("json"))
        pieces = list(reply.pieces(sampling.get("max_tokens", DEFAULT_MAX_TOKENS)))
        waited_for = _pause(sender, reply.late_s)
        for count, piece in enumerate(pieces):
            if not waited_for:
                break
            if count == reply.fail_after:
                raise RuntimeError("the script says that this fails")
            if stream:
                sender.send(_response(piece))
            waited_for = _pause(sender, reply.pause_s)
        if not waited_for:
            self._script.count_cancelled(key)
            cancelled = pb_utils.TritonError(
                "Request was cancelled", pb_utils.TritonError.CANCELLED
            )
            sender.send(pb_utils.InferenceResponse(error=cancelled), FINAL)
        elif stream:
            sender.send(flags=FINAL)
        else:
            sender.send(_response(("" if alone else prompt) + "".join(pieces)), FINAL)


def _pause(sender: Any, pause_s: float) -> bool:
    """Wait; return whether somebody still waits for the text."""
    until = time.monotonic() + pause_s
    while not sender.is_cancelled():
        left = until - time.monotonic()
        if left <= 0:
            return True
        time.sleep(min(left, CANCEL_POLL_S))
    return False


def _response(text: str) -> Any:
    return pb_utils.InferenceResponse(
        [pb_utils.Tensor("text_output", np.array([text.encode()], dtype=object))]
    )


def _text(request: Any, name: str, default: str) -> str:
    tensor = pb_utils.get_input_tensor_by_name(request, name)
    return default if tensor is None else str(tensor.as_numpy()[0].decode())


def _flag(request: Any, name: str, default: bool) -> bool:
    tensor = pb_utils.get_input_tensor_by_name(request, name)
    return default if tensor is None else bool(tensor.as_numpy()[0])
