"""The collection, its index and its alias: made where missing, compared where there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from services.platform.errors import FailedPrecondition
from services.vector_retrieval.adapters.milvus_client import MilvusClient, NoCollection
from services.vector_retrieval.adapters.milvus_schema import VECTOR, Coding, schema
from services.vector_retrieval.settings import MilvusSettings

_INDEX: Mapping[str, Mapping[str, Any]] = {
    "FLAT": {"index_type": "FLAT", "params": {}},
    "HNSW": {"index_type": "HNSW", "params": {"M": 16, "efConstruction": 200}},
}


class MilvusSetup:
    """What Milvus has to hold before vector retrieval starts.

    Args:
        client: The connection; closed by who made it.
        settings: Alias and kind of index.
        coding: The embedder's version and the vocabulary's ids.
        dimension: Length of a vector.
        clock: Dates a new collection.
    """

    name = "milvus"

    def __init__(
        self,
        client: MilvusClient,
        settings: MilvusSettings,
        *,
        coding: Coding,
        dimension: int,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._settings = settings
        self._coding = coding
        self._dimension = dimension
        self._clock = clock

    async def check(self) -> list[str]:
        """Return what is missing or differs, a line each; changes nothing.

        Raises:
            Unavailable: Milvus is away.
        """
        alias = self._settings.alias
        try:
            described = await self._client.describe(alias)
        except NoCollection:
            return [f"alias {alias} is missing"]
        name = described["collection_name"]
        drift = self._fields(described, name)
        try:
            coding = Coding.of(described["description"], name)
        except FailedPrecondition as error:
            return [*drift, error.message]
        if coding.embedder_version != self._coding.embedder_version:
            drift.append(
                f"collection {name} holds vectors of {coding.embedder_version}, wanted are those "
                f"of {self._coding.embedder_version}: fill a new collection and move the alias"
            )
        if coding.coded != self._coding.coded:
            drift.append(
                f"collection {name} codes other ids than the vocabulary has: new ones are found "
                "by their lists, slower, until a new collection is filled"
            )
        index = await self._client.index(name, VECTOR)
        kind = None if index is None else index["index_type"]
        if kind != self._settings.index:
            drift.append(f"collection {name} has index {kind}, wanted is {self._settings.index}")
        if not await self._client.is_loaded(name):
            drift.append(f"collection {name} is not loaded")
        return drift

    async def apply(self) -> list[str]:
        """Make what is missing; return what was done, a line each. Never drops or rewrites.

        Raises:
            Unavailable: Milvus is away.
        """
        alias = self._settings.alias
        try:
            name = (await self._client.describe(alias))["collection_name"]
        except NoCollection:
            return await self._create(alias)
        if await self._client.is_loaded(name):
            return []
        await self._client.load(name)
        return [f"collection {name} loaded"]

    async def _create(self, alias: str) -> list[str]:
        name = f"{alias}_{self._clock():%Y%m%d%H%M%S}"
        await self._client.create(
            name,
            schema(self._coding, self._dimension),
            field=VECTOR,
            index=_INDEX[self._settings.index],
        )
        await self._client.alias(name, alias)
        return [f"collection {name} made, alias {alias} points to it"]

    def _fields(self, described: Mapping[str, Any], name: str) -> list[str]:
        held = {field["name"]: field for field in described["fields"]}
        wanted = {field.name: field for field in schema(self._coding, self._dimension).fields}
        lines = [f"collection {name} lacks the field {f}" for f in wanted if f not in held]
        for field, is_there in held.items():
            want = wanted.get(field)
            if want is not None and is_there["type"] != want.dtype:
                lines.append(f"field {field} of {name} is {is_there['type'].name}")
        dimension = held.get(VECTOR, {}).get("params", {}).get("dim")
        if dimension != self._dimension:
            lines.append(f"collection {name} has dimension {dimension}, not {self._dimension}")
        return lines
