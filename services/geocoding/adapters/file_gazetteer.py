"""The gazetteer: places from JSON Lines files, held in memory."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from services.geocoding.domain.place import Place
from services.geography import SHIPPED_PLACES
from services.geography.arrays import kilometres
from services.plan.condition import PlaceCategory, Point
from services.platform.errors import FailedPrecondition
from services.text.fold import fold_text

# Words that say what sort of place a name is; with and without them it is the same place.
_STATION_WORDS = (
    "地铁站",
    "火车站",
    "站",
    " railway station",
    " train station",
    " metro station",
    " subway station",
    " station",
)


class FileGazetteer:
    """`PlaceIndex` over JSON Lines files.

    A line: `{"name", "names"?: [text], "name_en"?, "category"?, "city"?, "district"?, "lat",
    "lon"}`; `category` defaults to "other", coordinates are WGS-84.
    """

    def __init__(self, places: Iterable[tuple[Place, Sequence[str]]]) -> None:
        self._by_name: defaultdict[str, list[Place]] = defaultdict(list)
        self._places: list[Place] = []
        for place, names in places:
            self._places.append(place)
            for key in {key for name in (place.name, *names) for key in _keys(name)}:
                self._by_name[key].append(place)
        self._positions = np.array(
            [(place.point.latitude, place.point.longitude) for place in self._places],
            dtype=np.float64,
        ).reshape(-1, 2)

    @classmethod
    def load(
        cls, files: Sequence[Path] = (SHIPPED_PLACES,), *, defaults: dict[str, str] | None = None
    ) -> FileGazetteer:
        """Read the files. What an earlier file has, by name and city or by name alone, is left out.

        Args:
            files: JSON Lines files, the most trusted first.
            defaults: Values for fields a line lacks, such as a category or a city.

        Raises:
            FailedPrecondition: A file is missing or a line is malformed; names file and line.
        """
        entries: list[tuple[Place, Sequence[str]]] = []
        named: set[tuple[str, str]] = set()
        for file in files:
            fresh = [
                (place, names)
                for place, names in _read(file, defaults or {})
                if named.isdisjoint(_named(place, place.city) | _named(place, ""))
            ]
            # Of one file all are kept: a city may have two places of a name.
            named |= {name for place, _ in fresh for name in _named(place, place.city)}
            entries += fresh
        return cls(entries)

    def __len__(self) -> int:
        """Return the number of places."""
        return len(self._places)

    async def by_name(self, name: str) -> Sequence[Place]:
        """Return every place of that name."""
        for key in _keys(name):
            if found := self._by_name.get(key):
                return found
        return ()

    async def near(
        self, point: Point, *, radius_km: float, limit: int
    ) -> Sequence[tuple[Place, float]]:
        """Return the places within the radius with their distance, nearest first."""
        km = kilometres(self._positions, point)
        order = np.argsort(km, kind="stable")[:limit]
        return [(self._places[i], float(km[i])) for i in order if km[i] <= radius_km]


def _keys(name: str) -> list[str]:
    """Return the lookup keys of a name: as it is, then without a word for its sort."""
    folded = fold_text(name).strip()
    keys = [folded.replace(" ", "")]
    for word in _STATION_WORDS:
        if folded.endswith(word) and len(folded) > len(word):
            keys.append(folded.removesuffix(word).replace(" ", ""))
            break
    return keys


def _named(place: Place, city: str) -> set[tuple[str, str]]:
    """Return the place's name, with and without its sort, each with the city."""
    return {(key, city) for key in _keys(place.name)}


def _read(file: Path, defaults: dict[str, str]) -> Iterable[tuple[Place, Sequence[str]]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FailedPrecondition(f"gazetteer {file} cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entry = {**defaults, **json.loads(line)}
            point = Point(float(entry["lat"]), float(entry["lon"]))
            if not (-90 <= point.latitude <= 90 and -180 <= point.longitude <= 180):
                raise ValueError("coordinates out of range")
            place = Place(
                name=str(entry["name"]),
                category=PlaceCategory(entry.get("category") or "other"),
                point=point,
                city=str(entry.get("city") or ""),
                district=str(entry.get("district") or ""),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise FailedPrecondition(
                f"gazetteer {file} line {number}: {type(error).__name__} {error}"
            ) from error
        names = [str(name) for name in entry.get("names") or ()]
        if entry.get("name_en"):
            names.append(str(entry["name_en"]))
        yield place, names
