"""Wiring of answering."""

from __future__ import annotations

from concierge.answering.v1 import answering_pb2_grpc

from services.answering.adapters.opencc_script import to_traditional
from services.answering.adapters.template_writer import TemplateWriter
from services.answering.domain import lexicon
from services.answering.grpc_server import SERVICE_NAME, AnsweringServicer
from services.answering.ports import AnswerWriter
from services.platform.rpc import RpcServer
from services.vocabulary import Vocabulary


def add_to_server(
    server: RpcServer, *, vocabulary: Vocabulary, writer: AnswerWriter | None = None
) -> None:
    """Open the gRPC door; answering has no event door.

    Args:
        server: The process's server.
        vocabulary: Labels of ids.
        writer: Who writes; `None`: the template writer, which always stands behind it.
    """
    lexicon.load()  # read now: the first guest does not wait for the files
    template = TemplateWriter(vocabulary, to_traditional)
    server.add(
        answering_pb2_grpc.add_AnsweringServiceServicer_to_server,
        AnsweringServicer(vocabulary, writer=writer or template, fallback=template),
        SERVICE_NAME,
    )
