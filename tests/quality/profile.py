"""A profile: how one data set's columns become hotels, and how plans become its slots."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from services.plan.condition import PlaceCategory

PROFILES = Path(__file__).with_name("profiles")
_CATEGORIES = frozenset(category.value for category in PlaceCategory)


@dataclass(frozen=True, slots=True)
class GazetteerFile:
    """Places that belong to a data set: a file relative to the database's folder.

    Attributes:
        file: JSON Lines.
        defaults: Values of the fields that lines lack.
        category_column: The column that holds the category; lines whose value is no category of
            places, such as "hotel", are left out.
    """

    file: str
    defaults: Mapping[str, str]
    category_column: str = "category"

    def lines(self, folder: Path) -> Iterable[dict[str, object]] | None:
        """Return the places of the file, `None` where it is absent."""
        source = folder / self.file
        if not source.exists():
            return None
        return self._lines(source)

    def _lines(self, source: Path) -> Iterable[dict[str, object]]:
        for text in source.read_text(encoding="utf-8").splitlines():
            row = {**self.defaults, **json.loads(text)}
            row["category"] = row.get(self.category_column, "")
            if row["category"] in _CATEGORIES:
                yield row


def _files(entries: Iterable[Mapping[str, Any]]) -> tuple[GazetteerFile, ...]:
    return tuple(GazetteerFile(**{"defaults": {}, **entry}) for entry in entries)


@dataclass(frozen=True, slots=True)
class Profile:
    """A folder with `mapping.yaml` and `slots.yaml`.

    Attributes:
        name: The folder's name.
        mapping_yaml: Text of the mapping, as ingestion reads it.
        slots_file: `slots.yaml`, as `slots.SlotProfile` reads it.
        databases: File names to look for when the database is given as a folder.
        gazetteer: Places to load beside the shipped ones, with positions.
        places: Places to load by their names alone.
    """

    name: str
    mapping_yaml: str
    slots_file: Path
    databases: tuple[str, ...]
    gazetteer: tuple[GazetteerFile, ...]
    places: tuple[GazetteerFile, ...]

    @classmethod
    def load(cls, name_or_folder: str) -> Profile:
        """Read a profile by its name or folder.

        Raises:
            SystemExit: There is no such profile, or a file of it is missing.
        """
        folder = Path(name_or_folder)
        if not folder.is_dir():
            folder = PROFILES / name_or_folder
        for file in ("mapping.yaml", "slots.yaml"):
            if not (folder / file).exists():
                raise SystemExit(f"error: {folder / file} does not exist")
        slots = yaml.safe_load((folder / "slots.yaml").read_text(encoding="utf-8"))
        return cls(
            folder.name,
            (folder / "mapping.yaml").read_text(encoding="utf-8"),
            folder / "slots.yaml",
            tuple(slots.get("databases", ("hotels.jsonl", "hotel_db.json"))),
            _files(slots.get("gazetteer", ())),
            _files(slots.get("places_named", ())),
        )

    def database(self, given: Path) -> Path:
        """Return the database file: as given, or the profile's file in the folder given.

        Raises:
            SystemExit: There is none.
        """
        if given.is_file():
            return given
        for name in self.databases:
            if (given / name).exists():
                return given / name
        raise SystemExit(f"error: {given} holds none of {', '.join(self.databases)}")
