"""How a hotel lies in a Milvus collection.

Milvus before 2.5 has no NULL, so what a record does not tell is stored as a value that no record
has: `NO_TEXT`, `NO_NUMBER`, or `NO_TEXT` as the only entry of a list.

It reads a list of strings at a quarter of a microsecond per hotel and condition. So ids of the
vocabulary are stored as numbers beside the list: an id is a prime, a hotel's number the product
of its ids' primes, and "has a gym" is divisibility, at a third to a fifth of the cost.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymilvus import CollectionSchema, DataType, FieldSchema

from services.plan.condition import (
    Condition,
    Field,
    ListedPlace,
    Name,
    Near,
    PlaceCategory,
    Point,
    Range,
    Term,
)
from services.plan.facts import HotelFacts
from services.plan.tree import leaves
from services.platform.errors import FailedPrecondition, InvalidArgument
from services.vector_retrieval.domain.item import Item
from services.vector_retrieval.domain.standing import standing
from services.vocabulary import Vocabulary

LAYOUT = 1
"""Grows with every change of the fields below: collections of another layout are not read."""

NO_TEXT = "\u2400"
NO_NUMBER = -1e18

TEXTS = {
    Field.HOTEL_ID: "hotel_id",
    Field.BRAND: "brand",
    Field.KIND: "kind",
    Field.TIER: "tier",
    Field.PRICE_BAND: "price_band",
    Field.DISTRICT: "district",
    Field.CITY: "city",
}
NUMBERS = {
    Field.PRICE: "price",
    Field.GUEST_RATING: "guest_rating",
    Field.STAR_RATING: "star_rating",
    Field.REVIEW_COUNT: "review_count",
}
LISTS = {Field.FACILITY: "facilities", Field.ROOM_TYPE: "room_types"}
VECTOR = "vector"

# Milvus counts bytes.
MOST_RECORD_BYTES = 65_535 // 4 * 3
_MOST_TEXT_BYTES = 1_024
_MOST_ENTRIES = 1_024
# The product of the first 15 primes fits a signed 64-bit number; of 16 it does not.
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47)


@dataclass(frozen=True, slots=True)
class Coding:
    """What a collection says of itself: which embedder made its vectors, which ids are primes.

    Attributes:
        embedder_version: Vectors of another version must not be compared with these.
        coded: Ids by field, in the order of their primes; fifteen share a column.
    """

    embedder_version: str
    coded: Mapping[Field, Sequence[str]]

    def columns(self, field: Field) -> list[str]:
        """Return the names of the columns that hold a field's products."""
        count = -(-len(self.coded[field]) // len(_PRIMES))
        return [f"{LISTS[field]}_code_{number}" for number in range(count)]

    def place(self, field: Field, value: str) -> tuple[str, int] | None:
        """Return the column and prime of an id; `None` when it is only in the list."""
        try:
            index = self.coded[field].index(value)
        except ValueError:
            return None
        column, prime = divmod(index, len(_PRIMES))
        return f"{LISTS[field]}_code_{column}", _PRIMES[prime]

    def products(self, field: Field, values: Iterable[str]) -> dict[str, int]:
        """Return the products of a hotel's ids by column."""
        products = dict.fromkeys(self.columns(field), 1)
        for value in values:
            if (place := self.place(field, value)) is not None:
                products[place[0]] *= place[1]
        return products

    def description(self) -> str:
        """Return the collection's description."""
        return json.dumps(
            {
                "layout": LAYOUT,
                "embedder": self.embedder_version,
                "coded": {field.value: list(ids) for field, ids in self.coded.items()},
            }
        )

    @classmethod
    def new(cls, embedder_version: str, vocabulary: Vocabulary) -> Coding:
        """Return how a new collection is filled."""
        coded = {field: tuple(vocabulary.sections[name]) for field, name in LISTS.items()}
        return cls(embedder_version, coded)

    @classmethod
    def of(cls, description: str, collection: str) -> Coding:
        """Read a collection's description.

        Raises:
            FailedPrecondition: The collection is none of ours, or of another layout.
        """
        try:
            said = json.loads(description)
            if said["layout"] != LAYOUT:
                raise FailedPrecondition(
                    f"collection {collection} has layout {said['layout']}, this service reads "
                    f"{LAYOUT}: fill a new collection and move the alias",
                    reason="MILVUS_LAYOUT",
                )
            coded = {Field(field): tuple(ids) for field, ids in said["coded"].items()}
            return cls(said["embedder"], coded)
        except (ValueError, KeyError, TypeError) as error:
            raise FailedPrecondition(
                f"collection {collection} was not made by concierge", reason="MILVUS_LAYOUT"
            ) from error


def schema(coding: Coding, dimension: int) -> CollectionSchema:
    """Return the collection's schema."""
    text, number = DataType.VARCHAR, DataType.DOUBLE
    most = {"max_length": _MOST_TEXT_BYTES}
    codes = [column for field in LISTS for column in coding.columns(field)]
    lists = (*LISTS.values(), "names", "nearby")
    return CollectionSchema(
        [
            FieldSchema("hotel_id", text, is_primary=True, **most),
            FieldSchema("revision", DataType.INT64),
            FieldSchema("open", DataType.BOOL),
            *(FieldSchema(name, text, **most) for name in TEXTS.values() if name != "hotel_id"),
            *(FieldSchema(name, number) for name in NUMBERS.values()),
            FieldSchema("latitude", number),
            FieldSchema("longitude", number),
            FieldSchema("standing", number),
            *(
                FieldSchema(
                    name, DataType.ARRAY, element_type=text, max_capacity=_MOST_ENTRIES, **most
                )
                for name in lists
            ),
            FieldSchema(
                "name_grams",
                DataType.ARRAY,
                element_type=DataType.INT64,
                max_capacity=_MOST_ENTRIES,
            ),
            *(FieldSchema(name, DataType.BOOL) for name in map(known, LISTS)),
            *(FieldSchema(name, DataType.INT64) for name in codes),
            FieldSchema(VECTOR, DataType.FLOAT_VECTOR, dim=dimension),
            FieldSchema("record", text, max_length=65_535),
        ],
        description=coding.description(),
        enable_dynamic_field=False,
    )


def row(item: Item, vector: NDArray[np.float32], coding: Coding) -> dict[str, Any]:
    """Return a hotel as Milvus takes it.

    Raises:
        InvalidArgument: Milvus cannot hold it; names the field.
    """
    facts = item.facts
    if len(item.record) > MOST_RECORD_BYTES:
        raise InvalidArgument(
            f"{facts.hotel_id} has {len(item.record)} bytes, milvus holds {MOST_RECORD_BYTES}",
            field="hotel",
        )
    location = facts.location
    columns: dict[str, Any] = {
        "revision": item.revision,
        "open": not facts.closed,
        "latitude": NO_NUMBER if location is None else location.latitude,
        "longitude": NO_NUMBER if location is None else location.longitude,
        "standing": standing(facts),
        "names": list(facts.names),
        "nearby": [NO_TEXT] if facts.nearby is None else sorted(map(listed_place, facts.nearby)),
        "name_grams": sorted({gram for name in facts.names for gram in grams(name)}),
        VECTOR: vector,
        "record": base64.b64encode(item.record).decode("ascii"),
    }
    for name in TEXTS.values():
        text = getattr(facts, name)
        columns[name] = NO_TEXT if text is None else text
    for name in NUMBERS.values():
        number = getattr(facts, name)
        columns[name] = NO_NUMBER if number is None else float(number)
    for field, name in LISTS.items():
        held = getattr(facts, name)
        columns[name] = [NO_TEXT] if held is None else sorted(held)
        columns[known(field)] = held is not None
        columns |= coding.products(field, held or ())
    _check(facts.hotel_id, columns)
    return columns


def known(field: Field) -> str:
    """Return the column that tells whether a record has the list."""
    return f"has_{LISTS[field]}"


def facts_of_row(row: Mapping[str, Any]) -> HotelFacts:
    """Return what a row's columns tell; columns that were not read count as not known."""
    facts = {name: read(row[name]) for name, read in _READERS.items() if name in row}
    if row.get("latitude", NO_NUMBER) != NO_NUMBER:
        facts["location"] = Point(row["latitude"], row["longitude"])
    return HotelFacts(**{"names": (), **facts})


def columns_read(condition: Condition | None) -> set[str]:
    """Return the columns from which the evaluator decides a condition."""
    columns: set[str] = set()
    for leaf in leaves(condition):
        match leaf:
            case Term(field=field):
                columns.add(LISTS.get(field) or TEXTS[field])
            case Range(field=field):
                columns.add(NUMBERS[field])
            case Name():
                columns.add("names")
            case Near(listed=listed, center=center):
                columns |= {"nearby"} if listed else set()
                columns |= {"latitude", "longitude"} if center is not None else set()
    return columns


def record_of(found: Mapping[str, Any]) -> bytes:
    """Return the serialised `Hotel` of a row."""
    return base64.b64decode(found["record"])


def listed_place(place: ListedPlace) -> str:
    """Return an entry of the list of nearby places as it is stored."""
    return f"{place.category.value}:{place.name}"


def _text(value: str) -> str | None:
    return None if value == NO_TEXT else value


def _number(value: float) -> float | None:
    return None if value == NO_NUMBER else value


def _count(value: float) -> int | None:
    return None if value == NO_NUMBER else int(value)


def _entries(values: Iterable[str]) -> frozenset[str] | None:
    entries = frozenset(values)
    return None if entries == {NO_TEXT} else entries


def _places(values: Iterable[str]) -> frozenset[ListedPlace] | None:
    entries = _entries(values)
    return None if entries is None else frozenset(map(_place, entries))


def _place(entry: str) -> ListedPlace:
    category, _, name = entry.partition(":")
    return ListedPlace(PlaceCategory(category), name)


_READERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(TEXTS.values(), _text),
    **dict.fromkeys(NUMBERS.values(), _number),
    **dict.fromkeys(LISTS.values(), _entries),
    "review_count": _count,
    "nearby": _places,
    "names": tuple,
}


def grams(text: str) -> set[int]:
    """Return numbers for the pairs of neighbouring characters of a folded name."""
    return {zlib.crc32(text[at : at + 2].encode()) for at in range(len(text) - 1)}


def _check(hotel_id: str, columns: Mapping[str, Any]) -> None:
    for name, value in columns.items():
        texts = value if isinstance(value, list) else [value] if isinstance(value, str) else ()
        if len(texts) > _MOST_ENTRIES:
            raise InvalidArgument(
                f"{hotel_id} has {len(texts)}, milvus holds {_MOST_ENTRIES}", field=name
            )
        if name != "record" and any(
            isinstance(text, str) and len(text.encode()) > _MOST_TEXT_BYTES for text in texts
        ):
            raise InvalidArgument(
                f"{hotel_id} has one of more than {_MOST_TEXT_BYTES} bytes", field=name
            )
