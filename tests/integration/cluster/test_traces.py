"""One trace tells a whole search, over gRPC and Kafka."""

from __future__ import annotations

import asyncio
import secrets

import pytest
from concierge.search.v1 import search_pb2, search_pb2_grpc

from services.platform.rpc import channel
from tests.cluster import Cluster
from tests.integration.cluster.collector import Collector

pytestmark = pytest.mark.integration

# Every service on a search's way, and what of it must be seen.
STAGES = {
    "gateway": "concierge.search.v1.SearchService/Recommend",
    "query_understanding": "concierge.search.requested.v1",
    "geocoding": "concierge.search.planned.v1",
    "vector_retrieval": "concierge.search.located.v1",
    "keyword_search": "concierge.search.located.v1",
    "ranking": "concierge.search.candidates.v1",
    "answering": "concierge.answering.v1.AnsweringService/Answer",
}


async def test_a_search_is_one_trace_with_a_span_per_stage(
    cluster: Cluster, collector: Collector
) -> None:
    trace_id = secrets.token_hex(16)
    async with channel(cluster.target) as door:
        stub = search_pb2_grpc.SearchServiceStub(door)
        turn = search_pb2.GuestTurn(text="北京的五星级酒店,有停车场")
        parts = stub.Recommend(
            search_pb2.RecommendRequest(turn=turn),
            timeout=20,
            metadata=(("traceparent", f"00-{trace_id}-{secrets.token_hex(8)}-01"),),
        )
        async for _ in parts:
            pass

    def missing() -> dict[str, str]:
        seen = [(service, span.name) for service, span in collector.trace(trace_id)]
        return {
            service: what
            for service, what in STAGES.items()
            if not any(service == of and what in name for of, name in seen)
        }

    async with asyncio.timeout(20):
        while missing():
            await asyncio.sleep(0.1)
    spans = {span.span_id: span for _, span in collector.trace(trace_id)}
    roots = [span for span in spans.values() if span.parent_span_id not in spans]
    assert len(roots) == 1, [span.name for span in roots]
