"""The vocabulary: what its data files must be, and what they answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.platform.errors import FailedPrecondition
from services.vocabulary import Vocabulary

SHIPPED = Vocabulary.load()


def written(folder: Path, text: str) -> Path:
    (folder / "facilities.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_word_finds_its_concept_whatever_its_case_width_and_blanks() -> None:
    assert SHIPPED.find("facilities", "ＷＩ-ＦＩ") == "wifi"
    assert SHIPPED.find("facilities", "停车 场") == "parking"
    assert SHIPPED.find("facilities", "moat") is None


def test_an_unknown_word_stays_as_it_is_said() -> None:
    assert SHIPPED.canonical("facilities", " Archery  Range") == "archery range"


def test_what_is_narrower_implies_what_is_wider() -> None:
    assert SHIPPED.closure("facilities", ["free_breakfast", "moat"]) == {
        "free_breakfast", "breakfast", "moat",
    }  # fmt: skip


def test_implications_run_on() -> None:
    assert "wifi" in SHIPPED.closure("facilities", ["wifi_everywhere"])


def test_a_label_falls_back_to_english_then_to_the_id() -> None:
    assert SHIPPED.label("facilities", "gym", "zh-Hant") == "健身房"
    assert SHIPPED.label("facilities", "gym", "fr") == "gym"
    assert SHIPPED.label("facilities", "moat", "en") == "moat"


@pytest.mark.parametrize("section", sorted(SHIPPED.sections))
def test_every_concept_has_both_labels_and_no_word_names_two(section: str) -> None:
    owners: dict[str, str] = {}
    for concept in SHIPPED.section(section).values():
        assert {"zh", "en"} <= set(concept.labels), concept.id
        for word in concept.words():
            owner = owners.setdefault(word.casefold(), concept.id)
            assert owner == concept.id, f"{word} names {owner} and {concept.id}"


def test_the_version_changes_with_the_words(tmp_path: Path) -> None:
    first = tmp_path / "one"
    second = tmp_path / "two"
    first.mkdir()
    second.mkdir()
    written(first, "gym: {labels: {zh: 健身房, en: gym}}")
    written(second, "gym: {labels: {zh: 健身房, en: gym}, synonyms: [fitness]}")
    assert Vocabulary.load(first).version != Vocabulary.load(second).version


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[gym]", "is not a map"),
        ("gym: {synonyms: [fitness]}", "has no labels"),
        ("gym: {labels: {en: gym}, synonym: [fitness]}", "unknown keys"),
        ("gym: {labels: {en: gym}, implies: [sport]}", "implies unknown sport"),
    ],
)
def test_a_malformed_file_is_refused_by_name(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(FailedPrecondition, match=complaint):
        Vocabulary.load(written(tmp_path, text))
