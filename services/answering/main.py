"""Wiring of answering."""

from __future__ import annotations

from concierge.answering.v1 import answering_pb2_grpc

from services.answering.adapters.llm_writer import LLMWriter
from services.answering.adapters.opencc_script import to_traditional
from services.answering.adapters.template_writer import TemplateWriter
from services.answering.domain import lexicon
from services.answering.grpc_server import SERVICE_NAME, AnsweringServicer
from services.answering.ports import AnswerWriter
from services.answering.settings import AnsweringSettings, WriterSettings
from services.platform.adapters.triton_llm import TritonLLM
from services.platform.inference import LLMClient
from services.platform.process import ServiceProcess
from services.platform.rpc import RpcServer
from services.vocabulary import Vocabulary


def add_to_server(
    server: RpcServer,
    *,
    vocabulary: Vocabulary,
    llm: LLMClient | None = None,
    settings: WriterSettings | None = None,
) -> None:
    """Open the gRPC door; answering has no event door.

    Args:
        server: The process's server.
        vocabulary: Labels of ids.
        llm: The model that writes; `None`: templates write, and they always stand behind it.
        settings: How long the model may write.
    """
    lexicon.load()  # read now: the first guest does not wait for the files
    template = TemplateWriter(vocabulary, to_traditional)
    writer: AnswerWriter = template
    if llm is not None:
        writer = LLMWriter(llm, template, vocabulary, settings or WriterSettings())
    server.add(
        answering_pb2_grpc.add_AnsweringServiceServicer_to_server,
        AnsweringServicer(vocabulary, writer=writer, fallback=template),
        SERVICE_NAME,
    )


async def serve(settings: AnsweringSettings) -> None:
    """Run answering as a process of its own; it has no bus."""
    async with ServiceProcess("answering", settings) as process:
        llm = None
        if settings.llm.url:
            llm = TritonLLM(settings.llm)
            process.closes(llm.close)
        add_to_server(
            process.server, vocabulary=Vocabulary.load(), llm=llm, settings=settings.writer
        )
        await process.run()
