"""The services the gateway calls, over gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import grpc
from concierge.answering.v1 import answering_pb2, answering_pb2_grpc
from concierge.catalog.v1 import hotel_pb2
from concierge.keyword_search.v1 import keyword_search_pb2, keyword_search_pb2_grpc

from services.platform.deadline import Deadline
from services.platform.rpc import from_rpc_error
from services.platform.telemetry import call_metadata


class GrpcRecords:
    """`RecordReader` on keyword search."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = keyword_search_pb2_grpc.KeywordSearchServiceStub(channel)

    async def read(self, hotel_ids: Sequence[str], *, deadline: Deadline) -> list[hotel_pb2.Hotel]:
        """Return the records that exist, in the order asked."""
        request = keyword_search_pb2.GetHotelsRequest(hotel_ids=hotel_ids)
        try:
            response = await self._stub.GetHotels(
                request, timeout=deadline.remaining_s(), metadata=call_metadata()
            )
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error
        return list(response.hotels)


class GrpcAnswerer:
    """`Answerer` on the answering service."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = answering_pb2_grpc.AnsweringServiceStub(channel)

    async def answer(
        self, request: answering_pb2.AnswerRequest, *, deadline: Deadline
    ) -> AsyncIterator[answering_pb2.AnswerResponse]:
        """Stream verified sentences, then the summary."""
        try:
            parts = self._stub.Answer(
                request, timeout=deadline.remaining_s(), metadata=call_metadata()
            )
            async for part in parts:
                yield part
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error
