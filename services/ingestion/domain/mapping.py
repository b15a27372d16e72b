"""A mapping: how a customer's rows become hotels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml
from concierge.catalog.v1 import hotel_pb2

from services.geography.datum import to_wgs84
from services.ingestion.domain.values import Row, RowError, Source, has_path, read_source
from services.plan.condition import PlaceCategory
from services.plan.condition_wire import CATEGORY_TO_PB
from services.platform.errors import InvalidArgument
from services.vocabulary import Vocabulary

_TEXTS = ("names", "addresses", "transport", "descriptions")
_SINGLE = ("brand", "kind", "tier", "price_band", "district", "city", "phone")
_NUMBERS = ("star_rating", "guest_rating", "review_count", "price")
_LISTS = ("facilities", "room_types", "nearby_places")
_OTHER = (
    "id", "location", "currency", "missing", "joins", "extra", "status", "available",
    "row_number_as_id",
)  # fmt: skip
_VOCABULARY = {"brand": "brands", "kind": "kinds", "tier": "tiers", "price_band": "price_bands"}
_RANGES = {"star_rating": 5.0, "guest_rating": 5.0, "price": 1e7, "review_count": 1e9}
_STATUS = {
    "open": hotel_pb2.OPERATING_STATUS_OPEN,
    "temporarily_closed": hotel_pb2.OPERATING_STATUS_TEMPORARILY_CLOSED,
    "permanently_closed": hotel_pb2.OPERATING_STATUS_PERMANENTLY_CLOSED,
}
MAX_ID_CHARS = 128
MAX_TEXT_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Join:
    """A second file: its row whose `key` equals our `column` is put under `name`.

    A file that is `optional` may be missing; then nobody has a row in it.
    """

    name: str
    file: str
    key: str
    column: str
    where: Mapping[str, str]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class HotelMapping:
    """A mapping, read and checked. Made by `read_mapping`."""

    currency: str
    missing: frozenset[str]
    id: Source | None
    row_number_as_id: bool
    texts: Mapping[str, tuple[Source, ...]]
    single: Mapping[str, Source]
    numbers: Mapping[str, Source]
    lists: Mapping[str, tuple[Source, ...]]
    latitude: Source | None
    longitude: Source | None
    datum: str
    status: Source | None
    available: Source | None
    extra: tuple[str, ...]
    joins: tuple[Join, ...]

    def columns(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the mapping's key and the columns it names, any of which may hold the value."""
        sources: list[tuple[str, Source | None]] = [
            ("id", None if self.row_number_as_id else self.id),
            ("location.latitude", self.latitude),
            ("location.longitude", self.longitude),
            ("status", self.status),
            ("available", self.available),
            *self.single.items(),
            *self.numbers.items(),
        ]
        for name, several in (*self.texts.items(), *self.lists.items()):
            sources += [(f"{name}[{index}]", source) for index, source in enumerate(several)]
        for at, held in sources:
            if held is not None and held.columns:
                yield at, held.columns

    def check_columns(self, rows: list[Row]) -> None:
        """Refuse a mapping that names a column no row of the sample has.

        Raises:
            InvalidArgument: Naming the mapping's key and the column.
        """
        if not rows:
            return
        joined = {join.name for join in self.joins}
        for at, columns in self.columns():
            own = [column for column in columns if column.split(".")[0] not in joined]
            if len(own) < len(columns):
                continue
            if not any(has_path(row, column) for row in rows for column in own):
                raise InvalidArgument(
                    f"names the column {' or '.join(own)}, which the file does not have",
                    field=f"mapping.{at}",
                )

    def hotel_id(self, row: Row, row_number: int) -> str:
        """Return the row's hotel id.

        Args:
            row: The row.
            row_number: Counted from 0.

        Raises:
            RowError: It is missing or too long.
        """
        text = self.id.text(row, self.missing) if self.id is not None else None
        if text is None and self.row_number_as_id:
            text = str(row_number)
        if text is None:
            raise RowError("id", "is missing")
        if len(text) > MAX_ID_CHARS:
            raise RowError("id", f"is longer than {MAX_ID_CHARS} characters")
        return text

    def hotel(self, row: Row, row_number: int, vocabulary: Vocabulary) -> hotel_pb2.Hotel:
        """Return the row as a hotel, without a revision.

        Raises:
            RowError: Naming the field at fault.
        """
        hotel = hotel_pb2.Hotel(id=self.hotel_id(row, row_number))
        for name, sources in self.texts.items():
            self._add_texts(hotel, name, sources, row)
        if not hotel.names:
            raise RowError("names", "no name is given")
        for name, source in self.single.items():
            text = source.text(row, self.missing)
            if text is not None:
                section = _VOCABULARY.get(name)
                setattr(hotel, name, vocabulary.canonical(section, text) if section else text)
        for name, source in self.numbers.items():
            self._set_number(hotel, name, source.number(row, self.missing, name))
        self._set_location(hotel, row)
        self._set_lists(hotel, row, vocabulary)
        if self.status is not None and (status := self.status.text(row, self.missing)):
            if status not in _STATUS:
                raise RowError("status", f"{status!r} is none of {sorted(_STATUS)}")
            hotel.operating_status = _STATUS[status]
        if self.available is not None and (yes := self.available.text(row, self.missing)):
            hotel.available = yes.casefold() in ("true", "yes", "1")
        for column in self.extra:
            if (value := row.get(column)) is not None:
                hotel.extra[column] = str(value)
        return hotel

    def _add_texts(
        self, hotel: hotel_pb2.Hotel, name: str, sources: tuple[Source, ...], row: Row
    ) -> None:
        seen = set()
        for source in sources:
            text = source.text(row, self.missing)
            if text and text not in seen:
                seen.add(text)
                if len(text) > MAX_TEXT_CHARS:
                    raise RowError(name, f"is longer than {MAX_TEXT_CHARS} characters")
                getattr(hotel, name).add(language=source.language, text=text)

    def _set_number(self, hotel: hotel_pb2.Hotel, name: str, value: float | None) -> None:
        if value is None:
            return
        most = _RANGES[name]
        if not 0 <= value <= most:
            raise RowError(name, f"{value:g} is not in [0, {most:g}]")
        if name == "price":
            hotel.price.currency_code = self.currency
            hotel.price.units = int(value)
            hotel.price.nanos = round((value - int(value)) * 1e9)
        elif name == "review_count":
            hotel.review_count = int(value)
        else:
            setattr(hotel, name, value)

    def _set_location(self, hotel: hotel_pb2.Hotel, row: Row) -> None:
        if self.latitude is None or self.longitude is None:
            return
        latitude = self.latitude.number(row, self.missing, "location.latitude")
        longitude = self.longitude.number(row, self.missing, "location.longitude")
        if latitude is None and longitude is None:
            return
        if latitude is None or longitude is None:
            raise RowError("location", "has one coordinate without the other")
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise RowError("location", f"{latitude:g}, {longitude:g} is not on Earth")
        latitude, longitude = to_wgs84(latitude, longitude, self.datum)
        hotel.location.latitude, hotel.location.longitude = latitude, longitude

    def _set_lists(self, hotel: hotel_pb2.Hotel, row: Row, vocabulary: Vocabulary) -> None:
        for source in self.lists.get("facilities", ()):
            labels = source.texts(row, self.missing)
            if labels is None:
                continue
            hotel.facilities.SetInParent()
            for label in labels:
                id = vocabulary.canonical("facilities", label)
                held = {item.id for item in hotel.facilities.items}
                if id not in held:
                    hotel.facilities.items.add(id=id, label=label)
                for implied in vocabulary.closure("facilities", (id,)) - held - {id}:
                    hotel.facilities.items.add(id=implied)
        for source in self.lists.get("room_types", ()):
            labels = source.texts(row, self.missing)
            if labels is not None:
                hotel.room_types.SetInParent()
                hotel.room_types.items.extend(
                    vocabulary.canonical("room_types", label) for label in labels
                )
        for source in self.lists.get("nearby_places", ()):
            names = source.texts(row, self.missing)
            if names is not None:
                hotel.nearby_places.SetInParent()
                category = CATEGORY_TO_PB[PlaceCategory(source.category or "other")]
                for name in names:
                    hotel.nearby_places.items.add(category=category, name=name)


def read_mapping(text: str) -> HotelMapping:
    """Read a mapping file.

    Raises:
        InvalidArgument: Naming the key at fault.
    """
    try:
        spec = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidArgument(f"is no YAML: {error}", field="mapping") from error
    if not isinstance(spec, Mapping):
        raise InvalidArgument("is not an object", field="mapping")
    unknown = set(spec) - {*_TEXTS, *_SINGLE, *_NUMBERS, *_LISTS, *_OTHER}
    if unknown:
        raise InvalidArgument(f"has unknown keys {sorted(map(str, unknown))}", field="mapping")

    def one(name: str) -> Source | None:
        return read_source(spec[name], f"mapping.{name}") if name in spec else None

    def several(name: str) -> tuple[Source, ...]:
        held = spec[name] if isinstance(spec[name], list) else [spec[name]]
        return tuple(
            read_source(entry, f"mapping.{name}[{index}]") for index, entry in enumerate(held)
        )

    if "id" not in spec and not spec.get("row_number_as_id"):
        raise InvalidArgument("is required, or row_number_as_id", field="mapping.id")
    if "names" not in spec:
        raise InvalidArgument("is required", field="mapping.names")
    location = spec.get("location") or {}
    datum = str(location.get("datum", "wgs84"))
    if datum not in ("wgs84", "gcj02", "bd09"):
        raise InvalidArgument("is none of wgs84, gcj02, bd09", field="mapping.location.datum")
    lists = {name: several(name) for name in _LISTS if name in spec}
    for source in lists.get("nearby_places", ()):
        if source.category and source.category not in set(PlaceCategory):
            raise InvalidArgument(
                f"{source.category} is no category", field="mapping.nearby_places"
            )
    return HotelMapping(
        currency=str(spec.get("currency", "")),
        missing=frozenset(str(m) for m in spec.get("missing", ("", "-", "null", "None"))),
        id=one("id"),
        row_number_as_id=bool(spec.get("row_number_as_id", False)),
        texts={name: several(name) for name in _TEXTS if name in spec},
        single={name: held for name in _SINGLE if (held := one(name)) is not None},
        numbers={name: held for name in _NUMBERS if (held := one(name)) is not None},
        lists=lists,
        latitude=read_source(location["latitude"], "mapping.location.latitude")
        if location
        else None,
        longitude=read_source(location["longitude"], "mapping.location.longitude")
        if location
        else None,
        datum=datum,
        status=one("status"),
        available=one("available"),
        extra=tuple(spec.get("extra", ())),
        joins=tuple(_join(entry, index) for index, entry in enumerate(spec.get("joins", ()))),
    )


def _join(entry: object, index: int) -> Join:
    at = f"mapping.joins[{index}]"
    if not isinstance(entry, Mapping) or not {"name", "file", "key", "column"} <= set(entry):
        raise InvalidArgument("needs name, file, key and column", field=at)
    where = {str(k): str(v) for k, v in (entry.get("where") or {}).items()}
    return Join(
        str(entry["name"]), str(entry["file"]), str(entry["key"]), str(entry["column"]), where
    )
