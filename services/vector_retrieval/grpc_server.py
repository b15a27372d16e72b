"""The gRPC door of vector retrieval."""

from __future__ import annotations

from concierge.recall.v1 import candidate_pb2
from concierge.vector_retrieval.v1 import vector_retrieval_pb2 as pb
from concierge.vector_retrieval.v1 import vector_retrieval_pb2_grpc

from services.platform.rpc import Context
from services.recall import wire as recall_wire
from services.vector_retrieval import handlers
from services.vector_retrieval.ports import Embedder, VectorIndex

SERVICE_NAME = "concierge.vector_retrieval.v1.VectorRetrievalService"


class VectorRetrievalServicer(vector_retrieval_pb2_grpc.VectorRetrievalServiceServicer):
    """Vector retrieval over gRPC."""

    def __init__(self, index: VectorIndex, embedder: Embedder) -> None:
        self._index = index
        self._embedder = embedder

    async def RetrieveByVector(
        self, request: pb.RetrieveByVectorRequest, context: Context
    ) -> pb.RetrieveByVectorResponse:
        """Find the hotels nearest in meaning."""
        limit = recall_wire.limit_of(request.page_size)
        plan = recall_wire.searchable_plan(request.plan)
        recalled = await handlers.retrieve(
            plan, limit=limit, embedder=self._embedder, index=self._index
        )
        return pb.RetrieveByVectorResponse(
            result=recall_wire.stage_result(
                candidate_pb2.RECALL_STAGE_VECTOR, recalled, index_version=self._index.version()
            )
        )
