"""Which servers the stack has, in the order in which they start."""

from __future__ import annotations

from infra.local.elasticsearch import Elasticsearch
from infra.local.kafka import Kafka
from infra.local.milvus import Milvus
from infra.local.redis import Redis
from infra.local.server import Server
from infra.local.triton import Triton


def servers() -> list[Server]:
    """Return every server of the stack."""
    return [
        Kafka(),
        Elasticsearch(),
        Milvus(),
        Triton(),
        Redis(),
    ]
