"""The collection, its index and its alias: made where missing, compared where there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from services.platform.errors import FailedPrecondition
from services.platform.setup import Drift
from services.vector_retrieval.adapters.milvus_client import MilvusClient, NoCollection
from services.vector_retrieval.adapters.milvus_schema import VECTOR, Coding, schema
from services.vector_retrieval.settings import MilvusSettings

_INDEX: Mapping[str, Mapping[str, Any]] = {
    "FLAT": {"index_type": "FLAT", "params": {}},
    "HNSW": {"index_type": "HNSW", "params": {"M": 16, "efConstruction": 200}},
}


class MilvusSetup:
    """What Milvus has to hold before vector retrieval starts; a `Resource`.

    A collection that differs in its fields, its vectors or its index is reported and left alone:
    a new one has to be filled and the alias moved.

    Args:
        settings: Where Milvus is, alias, kind of index.
        coding: The embedder's version and the vocabulary's ids.
        dimension: Length of a vector.
        clock: Dates a new collection.
    """

    name = "milvus"

    def __init__(
        self,
        settings: MilvusSettings,
        *,
        coding: Coding,
        dimension: int,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._coding = coding
        self._dimension = dimension
        self._clock = clock

    def check(self) -> Sequence[Drift]:
        """Return what is missing or differs."""
        return asyncio.run(self._check())

    def apply(self) -> None:
        """Make the collection where the alias is missing; load it where it is not."""
        asyncio.run(self._apply())

    async def _check(self) -> list[Drift]:
        client = MilvusClient(self._settings)
        try:
            described = await client.describe(self._settings.alias)
            name = described["collection_name"]
            index = await client.index(name, VECTOR)
            state = "loaded" if await client.is_loaded(name) else "not loaded"
        except NoCollection:
            return [Drift(self._settings.alias, "alias", "a collection", "")]
        finally:
            await client.close()
        kind = "" if index is None else index["index_type"]
        seen = [
            ("state", "loaded", state),
            ("index", self._settings.index, kind),
            *self._vectors(described),
            *self._fields(described),
        ]
        return [Drift(name, *one) for one in seen if one[1] != one[2]]

    async def _apply(self) -> None:
        client = MilvusClient(self._settings)
        alias = self._settings.alias
        try:
            await client.load((await client.describe(alias))["collection_name"])
        except NoCollection:
            name = f"{alias}_{self._clock():%Y%m%d%H%M%S}"
            index = _INDEX[self._settings.index]
            made = schema(self._coding, self._dimension)
            await client.create(name, made, field=VECTOR, index=index)
            await client.alias(name, alias)
        finally:
            await client.close()

    def _vectors(self, described: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        wanted = self._coding
        try:
            held = Coding.of(described["description"], described["collection_name"])
        except FailedPrecondition as error:
            return [("layout", wanted.description(), error.message)]
        # Ids that the vocabulary got since are found by their lists, slower.
        coded = [
            (f"ids of {field}", ", ".join(ids), ", ".join(held.coded.get(field, ())))
            for field, ids in wanted.coded.items()
        ]
        return [("embedder", wanted.embedder_version, held.embedder_version), *coded]

    def _fields(self, described: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        held = {field["name"]: field for field in described["fields"]}
        lines = []
        for field in schema(self._coding, self._dimension).fields:
            found = held.get(field.name)
            kind = "" if found is None else found["type"].name
            lines.append((f"field {field.name}", field.dtype.name, kind))
        dimension = held.get(VECTOR, {}).get("params", {}).get("dim", "")
        return [*lines, ("dimension", str(self._dimension), str(dimension))]
