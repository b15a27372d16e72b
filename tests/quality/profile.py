"""A profile: how one data set's columns become hotels, and how plans become its slots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

PROFILES = Path(__file__).with_name("profiles")


@dataclass(frozen=True, slots=True)
class GazetteerFile:
    """Places that belong to a data set: a file relative to the database's folder."""

    file: str
    defaults: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Profile:
    """A folder with `mapping.yaml` and `slots.yaml`.

    Attributes:
        name: The folder's name.
        mapping_yaml: Text of the mapping, as ingestion reads it.
        slots_file: `slots.yaml`, as `slots.SlotProfile` reads it.
        databases: File names to look for when the database is given as a folder.
        gazetteer: Places to load beside the shipped ones.
    """

    name: str
    mapping_yaml: str
    slots_file: Path
    databases: tuple[str, ...]
    gazetteer: tuple[GazetteerFile, ...]

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
            tuple(
                GazetteerFile(entry["file"], entry.get("defaults", {}))
                for entry in slots.get("gazetteer", ())
            ),
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
