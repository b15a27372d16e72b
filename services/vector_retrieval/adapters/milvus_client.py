"""Milvus with a deadline on every call, errors of ours, and no asking while it is away."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import grpc
import pymilvus
from pymilvus import AsyncMilvusClient, CollectionSchema, MilvusException

from services.platform import metrics
from services.platform.backend_circuit import BackendCircuit
from services.platform.circuit import CircuitBreaker
from services.platform.errors import Unavailable
from services.vector_retrieval.settings import MilvusSettings

BACKEND = "milvus"
STRONG = "Strong"
# Milvus's own codes for a collection that is not there.
_NO_COLLECTION = (4, 100)

Row = Mapping[str, Any]

# What it raises is logged by whoever handles it; pymilvus would add a trace for each.
logging.getLogger("pymilvus").setLevel(logging.CRITICAL)


class NoCollection(Unavailable):
    """The collection was dropped or never made."""


class MilvusClient:
    """The calls that the index needs; made on the event loop that uses it.

    Every call raises `Unavailable` with reason `MILVUS_TIMEOUT` (no answer in time, also when it
    is down: pymilvus tries again until then), `MILVUS_AWAY` (no connection), `MILVUS_REFUSED`
    (password, quota, a malformed filter), `MILVUS_NO_COLLECTION`, or `MILVUS_PAUSED` (breaker
    open).
    """

    def __init__(
        self, settings: MilvusSettings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read_s = settings.read_timeout_ms / 1e3
        self._write_s = settings.write_timeout_s
        self._consistency = settings.consistency
        self._circuit = BackendCircuit(
            BACKEND,
            CircuitBreaker(
                most_failures=settings.most_failures, open_s=settings.pause_ms / 1e3, clock=clock
            ),
        )
        files = {
            "ca_pem_path": settings.root_certificates_file,
            "client_pem_path": settings.certificate_file,
            "client_key_path": settings.key_file,
        }
        self._connection: dict[str, Any] = {
            "uri": settings.uri,
            "token": settings.token.get_secret_value(),
            "dedicated": True,
            "timeout": self._write_s,
            **{name: str(path) for name, path in files.items() if path is not None},
        }
        self._client = AsyncMilvusClient(**self._connection)
        self._writer: pymilvus.MilvusClient | None = None

    async def count(self, collection: str, filter: str) -> int:
        """Return how many rows satisfy the filter."""
        rows = await self.query(collection, filter, ["count(*)"])
        return int(rows[0]["count(*)"])

    async def query(
        self,
        collection: str,
        filter: str,
        columns: Sequence[str],
        *,
        limit: int | None = None,
        strong: bool = False,
    ) -> list[Row]:
        """Return rows that satisfy the filter; with a limit those with the least ids, in order.

        Args:
            strong: All that was written before is seen; a read waits about 300 ms for that.
        """
        bounds = {} if limit is None else {"limit": limit}
        rows: list[Row] = await self._call(
            "query",
            self._write_s if strong else self._read_s,
            lambda timeout: self._client.query(
                collection,
                filter=filter,
                output_fields=list(columns),
                timeout=timeout,
                consistency_level=STRONG if strong else self._consistency,
                **bounds,
            ),
        )
        return rows

    async def search(
        self,
        collection: str,
        vector: Any,
        filter: str,
        columns: Sequence[str],
        *,
        limit: int,
        params: Mapping[str, int],
    ) -> list[Row]:
        """Return the hits, best first: `id`, `distance` (the inner product) and `entity`."""
        found = await self._call(
            "search",
            self._read_s,
            lambda timeout: self._client.search(
                collection,
                data=[vector],
                filter=filter,
                limit=limit,
                output_fields=list(columns),
                search_params={"metric_type": "IP", "params": dict(params)},
                timeout=timeout,
                consistency_level=self._consistency,
            ),
        )
        return list(found[0])

    async def upsert(self, collection: str, rows: Sequence[Row]) -> None:
        """Add or replace rows by id.

        On a thread: pymilvus packs 2,000 rows a second, and searches would wait for that.
        """
        await self._call(
            "upsert",
            self._write_s,
            lambda timeout: asyncio.to_thread(self._upsert_now, collection, rows, timeout),
        )

    def _upsert_now(self, collection: str, rows: Sequence[Row], timeout: float) -> None:
        if self._writer is None:
            self._writer = pymilvus.MilvusClient(**self._connection)
        self._writer.upsert(collection, data=list(rows), timeout=timeout)

    async def delete(self, collection: str, filter: str) -> None:
        """Remove the rows that satisfy the filter."""
        await self._call(
            "delete",
            self._write_s,
            lambda timeout: self._client.delete(collection, filter=filter, timeout=timeout),
        )

    async def describe(self, collection: str) -> dict[str, Any]:
        """Return what a collection or alias is: name, description, fields, aliases.

        Raises:
            NoCollection: There is none of that name.
        """
        described: dict[str, Any] = await self._call(
            "describe",
            self._read_s,
            lambda timeout: self._client.describe_collection(collection, timeout=timeout),
        )
        return described

    async def index(self, collection: str, field: str) -> dict[str, Any] | None:
        """Return the index of a field, `None` without one."""
        names = await self._call(
            "describe",
            self._read_s,
            lambda timeout: self._client.list_indexes(collection, field, timeout=timeout),
        )
        if not names:
            return None
        described: dict[str, Any] = await self._call(
            "describe",
            self._read_s,
            lambda timeout: self._client.describe_index(collection, names[0], timeout=timeout),
        )
        return described

    async def is_loaded(self, collection: str) -> bool:
        """Tell whether the collection can be searched."""
        state = await self._call(
            "describe",
            self._read_s,
            lambda timeout: self._client.get_load_state(collection, timeout=timeout),
        )
        return str(state["state"]) == "Loaded"

    async def create(
        self, collection: str, schema: CollectionSchema, *, field: str, index: Mapping[str, Any]
    ) -> None:
        """Make a collection with an index on its vectors, ready to be searched."""
        params = self._client.prepare_index_params()
        params.add_index(field, metric_type="IP", **index)
        await self._call(
            "create",
            self._write_s,
            lambda timeout: self._client.create_collection(
                collection,
                schema=schema,
                index_params=params,
                consistency_level=self._consistency,
                timeout=timeout,
            ),
        )

    async def load(self, collection: str) -> None:
        """Make a collection ready to be searched."""
        await self._call(
            "load",
            self._write_s,
            lambda timeout: self._client.load_collection(collection, timeout=timeout),
        )

    async def alias(self, collection: str, alias: str) -> None:
        """Give a collection its alias."""
        await self._call(
            "alias",
            self._write_s,
            lambda timeout: self._client.create_alias(collection, alias, timeout=timeout),
        )

    async def close(self) -> None:
        """Give the connection back."""
        await self._client.close()
        if self._writer is not None:
            await asyncio.to_thread(self._writer.close)

    async def _call(
        self, operation: str, most_s: float, command: Callable[[float], Awaitable[Any]]
    ) -> Any:
        if not self._circuit.allows():
            raise Unavailable("milvus is away and not asked for now", reason="MILVUS_PAUSED")
        start, result = time.perf_counter(), "cancelled"
        try:
            async with asyncio.timeout(most_s):
                answer = await command(most_s)
            result = "ok"
        except (MilvusException, grpc.RpcError, OSError, TimeoutError) as error:
            result = _reason(error)
            if result in ("MILVUS_TIMEOUT", "MILVUS_AWAY"):
                self._circuit.failed(result)
            kind = NoCollection if result == "MILVUS_NO_COLLECTION" else Unavailable
            raise kind(
                f"milvus did not answer {operation}: {error or 'too slow'}", reason=result
            ) from error
        finally:
            took_s = time.perf_counter() - start
            metrics.BACKEND_SECONDS.labels(BACKEND, operation, result.lower()).observe(took_s)
        self._circuit.succeeded()
        return answer


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "MILVUS_TIMEOUT"
    if isinstance(error, MilvusException):
        if error.code in _NO_COLLECTION:
            return "MILVUS_NO_COLLECTION"
        if "timeout" in str(error).lower():
            return "MILVUS_TIMEOUT"
        if "connect" in str(error).lower():
            return "MILVUS_AWAY"
        return "MILVUS_REFUSED"
    if isinstance(error, grpc.RpcError):
        late = error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        return "MILVUS_TIMEOUT" if late else "MILVUS_AWAY"
    return "MILVUS_AWAY"
