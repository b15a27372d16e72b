"""Places known besides those that hotels list."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.plan.condition import PlaceCategory
from services.platform.errors import FailedPrecondition
from services.query_understanding.adapters.catalog_lexicon import InMemoryCatalogLexicon
from services.query_understanding.adapters.place_files import read_places
from services.query_understanding.domain.catalog_names import KnownPlace, NameKind


def test_a_line_gives_a_place_with_its_names(tmp_path: Path) -> None:
    file = tmp_path / "places.jsonl"
    file.write_text(
        '{"name": "望海楼", "names": ["望海"], "name_en": "Seaview", "category": "restaurant"}\n\n'
        '{"name": "大石桥", "lat": 1, "lon": 2}\n',
        encoding="utf-8",
    )
    assert read_places((file,)) == [
        KnownPlace("望海楼", ("望海", "Seaview"), PlaceCategory.RESTAURANT),
        KnownPlace("大石桥"),
    ]


@pytest.mark.parametrize("line", ["{}", "[]", '{"name": "x", "category": "moon"}', "no json"])
def test_a_malformed_line_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "places.jsonl"
    file.write_text('{"name": "望海楼"}\n' + line, encoding="utf-8")
    with pytest.raises(FailedPrecondition, match=r"places\.jsonl line 2"):
        read_places((file,))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FailedPrecondition, match="absent"):
        read_places((tmp_path / "absent.jsonl",))


def test_a_known_place_is_found_by_any_name_and_listed_by_no_hotel() -> None:
    lexicon = InMemoryCatalogLexicon(
        [KnownPlace("望海楼", ("Seaview Tower",), PlaceCategory.ATTRACTION)]
    )
    found = lexicon.find("near seaview tower")
    assert [(m.kind, m.name) for m in found] == [(NameKind.PLACE, "望海楼")]
    assert [p.category for p in lexicon.place_named("Seaview Tower")] == [PlaceCategory.ATTRACTION]
    assert not lexicon.places_containing("望海楼")
