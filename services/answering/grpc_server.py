"""The gRPC door of answering."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from concierge.answering.v1 import answering_pb2 as pb
from concierge.answering.v1 import answering_pb2_grpc

from services.answering import handlers, wire
from services.answering.domain.answer import Sentence
from services.answering.domain.realiser import Realiser
from services.answering.ports import AnswerWriter
from services.platform.rpc import Context
from services.vocabulary import Vocabulary

SERVICE_NAME = "concierge.answering.v1.AnsweringService"


class AnsweringServicer(answering_pb2_grpc.AnsweringServiceServicer):
    """Answering over gRPC."""

    def __init__(
        self, vocabulary: Vocabulary, *, writer: AnswerWriter, fallback: AnswerWriter
    ) -> None:
        self._vocabulary = vocabulary
        self._writer = writer
        self._fallback = fallback

    async def Answer(
        self, request: pb.AnswerRequest, context: Context
    ) -> AsyncIterator[pb.AnswerResponse]:
        """Stream verified sentences, then the summary."""
        task = wire.task_of(request)
        evidence = Realiser(task, self._vocabulary).evidence()
        parts = handlers.answer(task, evidence, writer=self._writer, fallback=self._fallback)
        async with aclosing(parts):
            async for part in parts:
                if isinstance(part, Sentence):
                    yield wire.sentence_to_pb(part)
                else:
                    yield wire.summary_to_pb(part)
