"""The command line against a running deployment and against a data directory."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import grpc
import pytest
from concierge.keyword_search.v1 import keyword_search_pb2, keyword_search_pb2_grpc

from tests.e2e.conftest import HOTELS, concierge
from tests.waiting import eventually


def test_search_prints_plan_hits_and_reasons(deployment: str) -> None:
    done = concierge("search", "北京有健身房的酒店", "--target", deployment)
    assert done.returncode == 0, done.stderr
    assert "facility = gym" in done.stdout
    assert "✓" in done.stdout


def test_search_as_json_is_json(deployment: str) -> None:
    done = concierge("search", "hotel in Shanghai", "--json", "--target", deployment)
    body = json.loads(done.stdout)
    assert body["outcome"] == "SEARCH_OUTCOME_RESULTS"
    assert body["hits"][0]["hotel"]["city"] == "上海"


def test_explain_shows_stages_and_timings(deployment: str) -> None:
    done = concierge("search", "北京的酒店", "--explain", "--target", deployment)
    assert done.returncode == 0, done.stderr
    for word in ("recall stage", "fusion", "timings", "versions"):
        assert word in done.stdout


def test_chat_keeps_the_conversation(deployment: str) -> None:
    done = concierge("chat", "--target", deployment, input="北京的酒店\n要有健身房\n\n")
    assert done.returncode == 0, done.stderr
    assert "city = 北京" in done.stdout.rpartition("you>")[0]
    assert "facility = gym" in done.stdout


def test_plan_prints_the_tree_with_the_words(deployment: str) -> None:
    done = concierge("plan", "不要青年旅舍,五百以内", "--target", deployment)
    assert done.returncode == 0, done.stderr
    assert "NOT" in done.stdout
    assert "price <= 500" in done.stdout


def test_geocode_finds_a_place_or_says_so(deployment: str) -> None:
    assert "39.908" in concierge("geocode", "天安门", "--target", deployment).stdout
    unknown = concierge("geocode", "乌有乡", "--target", deployment)
    assert unknown.returncode == 1
    assert "乌有乡" in unknown.stderr


def test_the_quarantine_is_listed_shown_and_replayed(deployment: str, tmp_path: Path) -> None:
    listed = concierge("quarantine", "list", "--target", deployment)
    assert listed.returncode == 0, listed.stderr
    rows = [word for word in listed.stdout.split() if word.endswith("-2003")]
    assert rows
    shown = concierge("quarantine", "show", rows[0], "--target", deployment)
    assert "nameless" in shown.stdout
    corrected = tmp_path / "corrected.json"
    hotel = {"id": "nameless", "names": [{"language": "zh", "text": "有名酒店"}]}
    corrected.write_text(json.dumps({rows[0]: hotel}), encoding="utf-8")
    replayed = concierge(
        "quarantine", "replay", rows[0], "--corrected", str(corrected), "--target", deployment
    )
    assert "1 published, 0 still" in replayed.stdout


async def test_a_removed_hotel_is_gone(
    deployment: str, door: grpc.aio.Channel, catalogue: Path
) -> None:
    id = json.loads(catalogue.read_bytes().splitlines()[HOTELS - 1])["id"]
    stub = keyword_search_pb2_grpc.KeywordSearchServiceStub(door)

    async def is_known() -> bool:
        found = await stub.GetHotels(keyword_search_pb2.GetHotelsRequest(hotel_ids=[id]))
        return len(found.hotels) == 1

    async def is_gone() -> bool:
        return not await is_known()

    assert await is_known()
    done = await asyncio.to_thread(concierge, "remove", id, "--target", deployment)
    assert done.stdout == "1 removed\n", done.stderr
    await eventually(is_gone)


def test_facts_are_taken_and_a_malformed_line_is_named(deployment: str, tmp_path: Path) -> None:
    file = tmp_path / "facts.jsonl"
    line = {"hotel_id": "1", "price": {"currency_code": "CNY", "units": 480}, "available": True}
    file.write_text(json.dumps(line) + "\n")
    done = concierge("facts", str(file), "--target", deployment)
    assert done.stdout == "1 changed\n", done.stderr
    file.write_text(json.dumps(line) + "\n" + json.dumps({**line, "prize": 1}) + "\n")
    refused = concierge("facts", str(file), "--target", deployment)
    assert refused.returncode == 1
    assert "line 2" in refused.stderr


def test_jobs_are_listed(deployment: str) -> None:
    assert "succeeded" in concierge("jobs", "--target", deployment).stdout


def test_a_data_directory_is_filled_and_searched_without_a_server(
    tmp_path: Path, catalogue: Path
) -> None:
    few = tmp_path / "few.jsonl"
    few.write_bytes(b"".join(catalogue.read_bytes().splitlines(keepends=True)[:200]))
    data = str(tmp_path / "data")
    loaded = concierge("ingest", str(few), "--data", data)
    assert loaded.returncode == 0, loaded.stderr
    found = concierge("search", "推荐一家酒店", "--data", data)
    assert found.returncode == 0, found.stderr
    assert "✓" in found.stdout or "hotels satisfy" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("ingest", "no-such-file.jsonl"), "does not exist"),
        (("search", "酒店", "--target", "127.0.0.1:1"), "error:"),
        (("catalog", "generate", "--hotels", "0"), "greater than or equal to 1"),
    ],
)
def test_an_error_is_one_clear_sentence_and_a_non_zero_exit(
    arguments: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    done = concierge(*arguments, cwd=tmp_path)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
