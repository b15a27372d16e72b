"""Places known besides those that hotels list: JSON Lines files, a gazetteer's among them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from services.plan.condition import PlaceCategory
from services.platform.errors import FailedPrecondition
from services.query_understanding.domain.catalog_names import KnownPlace


def read_places(files: Sequence[Path]) -> list[KnownPlace]:
    """Read the files; a line is `{"name", "names"?: [text], "name_en"?, "category"?}`.

    Raises:
        FailedPrecondition: A file is missing or a line is malformed; names file and line.
    """
    return [place for file in files for place in _read(file)]


def _read(file: Path) -> Iterable[KnownPlace]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FailedPrecondition(f"places {file} cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            category = entry.get("category")
            names = [str(name) for name in entry.get("names") or ()]
            if entry.get("name_en"):
                names.append(str(entry["name_en"]))
            yield KnownPlace(
                str(entry["name"]), tuple(names), PlaceCategory(category) if category else None
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise FailedPrecondition(
                f"places {file} line {number}: {type(error).__name__} {error}"
            ) from error
