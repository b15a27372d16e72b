"""Wiring of query understanding."""

from __future__ import annotations

from concierge.query_understanding.v1 import query_understanding_pb2_grpc

from services.geography import SHIPPED_PLACES
from services.platform.adapters.triton_llm import TritonLLM
from services.platform.bus import Consumption, EventBus
from services.platform.inference import LLMClient
from services.platform.process import ServiceProcess
from services.platform.rpc import RpcServer
from services.query_understanding import consumer
from services.query_understanding.adapters.catalog_lexicon import InMemoryCatalogLexicon
from services.query_understanding.adapters.llm_concept_reader import LLMConceptReader
from services.query_understanding.adapters.onnx_concept_reader import OnnxConceptReader
from services.query_understanding.adapters.place_files import read_places
from services.query_understanding.domain.lexemes import Lexemes
from services.query_understanding.domain.state import DialogueState
from services.query_understanding.domain.understand import understand
from services.query_understanding.grpc_server import SERVICE_NAME, QueryUnderstandingServicer
from services.query_understanding.handlers import Readers
from services.query_understanding.ports import LearningLexicon
from services.query_understanding.settings import QueryUnderstandingSettings
from services.vocabulary import Vocabulary


async def start(
    settings: QueryUnderstandingSettings,
    *,
    bus: EventBus,
    server: RpcServer,
    vocabulary: Vocabulary,
    lexicon: LearningLexicon | None = None,
    llm: LLMClient | None = None,
) -> list[Consumption]:
    """Open both doors; the second consumption has caught up when the names are learnt.

    Args:
        settings: Of this service.
        bus: Where requests, plans and the catalogue travel.
        server: The process's server.
        vocabulary: Facilities, kinds, tiers and the rest.
        lexicon: Where the catalogue's names are kept; `None`: a new one in memory.
        llm: The model asked about words that the rules do not explain; `None`: none is.

    Raises:
        FailedPrecondition: A file of places, or the model of concepts, is missing or malformed.
    """
    lexemes = Lexemes.load(vocabulary)
    names = lexicon or InMemoryCatalogLexicon(read_places((SHIPPED_PLACES, *settings.place_files)))
    # Read once now: the first guest does not wait for the dictionaries.
    understand("找酒店 find a hotel", DialogueState(), lexemes, names)
    learned = None
    if settings.cascade.concepts_file is not None:
        learned = OnnxConceptReader(
            vocabulary,
            model=settings.cascade.concepts_file,
            threshold=settings.cascade.concepts_confidence,
        )
    readers = Readers(
        local=learned,
        remote=LLMConceptReader(llm, vocabulary, names) if llm is not None else None,
        budget_s=settings.cascade.budget_s,
        share=settings.cascade.share,
    )
    server.add(
        query_understanding_pb2_grpc.add_QueryUnderstandingServiceServicer_to_server,
        QueryUnderstandingServicer(lexemes, names, readers),
        SERVICE_NAME,
    )
    return await consumer.subscribe(
        bus, lexemes, names, readers,
        batch_size=settings.batch_size, max_in_flight=settings.max_in_flight,
    )  # fmt: skip


async def serve(settings: QueryUnderstandingSettings) -> None:
    """Run query understanding as a process of its own; ready when it knows the catalogue's names."""
    async with ServiceProcess("query_understanding", settings) as process:
        llm = None
        if settings.llm.url:
            llm = TritonLLM(settings.llm)
            process.closes(llm.close)
        consumptions = await start(
            settings,
            bus=await process.open_bus(),
            server=process.server,
            vocabulary=Vocabulary.load(),
            llm=llm,
        )
        process.reads(consumptions)
        process.ready_once_caught_up("catalogue", consumptions[1])
        await process.run()
