"""From files to published hotels and refused rows: nothing is lost."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Sequence
from pathlib import Path

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from services.ingestion import loading
from services.ingestion.adapters.sqlite_jobs import SqliteJobs
from services.ingestion.domain.job import Job, JobState
from services.ingestion.spool import Chunk, Spool
from services.platform.errors import FailedPrecondition, InvalidArgument
from services.vocabulary import Vocabulary
from tests.fakes.catalogue_publisher import FakePublisher

MAPPING = """
id: id
names: [{column: name, language: zh}]
currency: CNY
price: price
guest_rating: {column: rating}
location: {latitude: lat, longitude: lon, datum: wgs84}
facilities: {column: facilities, separator: "|"}
"""
GOOD = {"id": "1", "name": "北京饭店", "price": "¥1,280起", "rating": 4.5, "lat": 39.9,
        "lon": 116.4, "facilities": "早餐服务免费|室内游泳池|不知道是什么"}  # fmt: skip


class _Load:
    """Splits and loads a file, all in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = SqliteJobs(folder / "jobs.sqlite")
        self.publisher = FakePublisher()
        self.number = 0

    def run(self, path: Path, mapping: str = MAPPING) -> Job:
        self.number += 1
        job = self.store.create(
            Job(f"j{self.number}", str(path), mapping, str(self.folder), JobState.QUEUED,
                time.time()),
            "",
        )  # fmt: skip
        spool = Spool.of(self.folder, job.id)
        chunks = loading.split(job, spool=spool, vocabulary=Vocabulary.load(), store=self.store)
        for chunk in chunks:
            self.load(job, chunk, spool)
        return self.store.get(job.id)

    def load(self, job: Job, chunk: Chunk, spool: Spool) -> None:
        loading.load_chunk(
            job,
            chunk,
            spool=spool,
            reader=loading.RowReader(job.mapping_yaml, self.folder, Vocabulary.load()),
            superseded=spool.read_superseded(),
            store=self.store,
            publisher=self.publisher,
        )

    def refused(self) -> list[tuple[int, str, str]]:
        rows = self.store.refused(limit=1000, offset=0)
        return [(row.line_number, row.field, row.reason) for row in rows]


@pytest.fixture
def load(tmp_path: Path) -> _Load:
    return _Load(tmp_path)


def lines(path: Path, rows: Sequence[object]) -> Path:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_row_becomes_a_hotel(load: _Load) -> None:
    job = load.run(lines(load.folder / "a.jsonl", [GOOD]))
    assert (job.state, job.read, job.published) == (JobState.SUCCEEDED, 1, 1)
    hotel = load.publisher.hotels[0]
    assert (hotel.id, hotel.names[0].text, hotel.price.units) == ("1", "北京饭店", 1280)
    ids = {item.id for item in hotel.facilities.items}
    assert {"free_breakfast", "breakfast", "indoor_pool", "pool", "不知道是什么"} == ids


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"price": "gratis"}, "price"),
        ({"price": -1}, "price"),
        ({"rating": 47}, "guest_rating"),
        ({"rating": "NaN"}, "guest_rating"),
        ({"lat": 91}, "location"),
        ({"lat": "nan"}, "location.latitude"),
        ({"lon": None}, "location"),
        ({"name": ""}, "names"),
        ({"id": ""}, "id"),
        ({"id": "x" * 129}, "id"),
    ],
)
def test_a_bad_row_is_refused_by_line_and_field(
    load: _Load, change: dict[str, object], field: str
) -> None:
    job = load.run(lines(load.folder / "a.jsonl", [GOOD, {**GOOD, "id": "2", **change}]))
    assert job.published == 1
    assert [(line, at) for line, at, _ in load.refused()] == [(2, field)]


def test_missing_is_not_zero(load: _Load) -> None:
    load.run(lines(load.folder / "a.jsonl", [GOOD, {"id": "2", "name": "x", "price": "-"}]))
    bare = load.publisher.hotels[1]
    for field in ("price", "guest_rating", "location", "facilities"):
        assert not bare.HasField(field)


def test_half_written_and_undecodable_lines_are_refused_and_the_rest_is_loaded(
    load: _Load,
) -> None:
    good = json.dumps(GOOD).encode()
    path = load.folder / "a.jsonl"
    path.write_bytes(
        b"\xef\xbb\xbf" + good + b"\n\n[1]\n\xff\xfe{}\n"
        + good.replace(b'"1"', b'"2"') + b"\n" + good[:20]
    )  # fmt: skip
    job = load.run(path)
    assert (job.published, job.quarantined) == (2, 3)
    assert [line for line, _, _ in load.refused()] == [3, 4, 6]


def test_of_several_rows_with_one_id_the_last_is_taken(load: _Load) -> None:
    rows = [{**GOOD, "name": name} for name in ("first", "second", "third")]
    job = load.run(lines(load.folder / "a.jsonl", rows))
    assert [hotel.names[0].text for hotel in load.publisher.hotels] == ["third"]
    assert (job.read, job.quarantined) == (3, 2)


def test_loading_again_publishes_only_what_changed(load: _Load) -> None:
    rows = [GOOD, {**GOOD, "id": "2"}]
    load.run(lines(load.folder / "a.jsonl", rows))
    job = load.run(lines(load.folder / "b.jsonl", [rows[0], {**rows[1], "price": 99}]))
    assert (job.published, job.unchanged) == (1, 1)
    assert load.publisher.hotels[-1].revision > load.publisher.hotels[0].revision
    ages = [hotel.as_of.ToNanoseconds() for hotel in load.publisher.hotels]
    assert ages[-1] > ages[0] > 0


def test_a_chunk_done_twice_counts_once(load: _Load) -> None:
    path = lines(load.folder / "a.jsonl", [GOOD])
    job = load.run(path)
    spool = Spool.of(load.folder, job.id)
    load.load(job, Chunk(0, 0, spool.rows.stat().st_size), spool)
    again = load.store.get(job.id)
    assert (again.read, again.published, again.unchanged) == (1, 1, 0)


def test_a_worker_that_does_not_see_the_file_or_the_spool_says_so(load: _Load) -> None:
    with pytest.raises(FailedPrecondition) as refused:
        load.run(load.folder / "elsewhere.jsonl")
    assert refused.value.reason == "FILE_NOT_SHARED"
    job = load.run(lines(load.folder / "a.jsonl", [GOOD]))
    spool = Spool.of(load.folder, job.id)
    spool.remove()
    with pytest.raises(FailedPrecondition) as refused:
        load.load(job, Chunk(0, 0, 10), spool)
    assert refused.value.reason == "SPOOL_NOT_SHARED"


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "jsonl.gz", "parquet", "json"])
def test_every_format_gives_the_same_hotels(load: _Load, kind: str) -> None:
    path = load.folder / f"a.{kind}"
    header = ",".join(GOOD)
    cells = ",".join(f'"{value}"' for value in GOOD.values())
    match kind:
        case "csv":
            path.write_text(f"\ufeff{header}\n{cells}\n", encoding="utf-8")
        case "csv.gz":
            path.write_bytes(gzip.compress(f"{header}\n{cells}\n".encode()))
        case "jsonl.gz":
            path.write_bytes(gzip.compress(json.dumps(GOOD).encode()))
        case "json":
            path.write_text(json.dumps([GOOD]), encoding="utf-8")
        case "parquet":
            parquet.write_table(pyarrow.Table.from_pylist([GOOD]), path)
    load.run(path)
    assert [(h.id, h.price.units, len(h.facilities.items)) for h in load.publisher.hotels] == [
        ("1", 1280, 5)
    ]


def test_a_csv_line_with_a_cell_too_few_is_refused(load: _Load) -> None:
    path = load.folder / "a.csv"
    path.write_text('id,name\n1,x\n2\n"3","y\nz"\n', encoding="utf-8")
    load.run(path, "id: id\nnames: name")
    assert [(line, reason) for line, _, reason in load.refused()] == [
        (3, "the line has 1 cells, the header 2")
    ]


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        ("names: name", "mapping.id"),
        ("id: id", "mapping.names"),
        ("id: id\nnames: name\nprize: price", "mapping"),
        ("id: id\nnames: nmae", "mapping.names[0]"),
        ("id: id\nnames: {colunm: name}", "mapping.names[0]"),
        ("id: id\nnames: name\ndistrict: {column: name, pattern: '('}", "mapping.district"),
        ("id: id\nnames: name\nlocation: {latitude: lat, longitude: lon, datum: mars}",
         "mapping.location.datum"),
        ("[1", "mapping"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_is_refused_by_its_key(load: _Load, mapping: str, field: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        load.run(lines(load.folder / "a.jsonl", [GOOD]), mapping)
    assert refused.value.field == field


def test_a_corrected_row_leaves_the_quarantine(load: _Load) -> None:
    load.run(lines(load.folder / "a.jsonl", [{**GOOD, "price": "gratis"}]))
    [row] = load.store.refused(limit=10, offset=0)
    jobs = {row.job_id: load.store.get(row.job_id)}
    fixed = json.dumps({**json.loads(row.raw), "price": 10})
    for corrections, outcome in (({}, (0, 1)), ({row.id: fixed}, (1, 0))):
        assert outcome == loading.replay(
            [row], corrections, jobs=jobs, vocabulary=Vocabulary.load(), store=load.store,
            publisher=load.publisher, now_s=time.time(),
        )  # fmt: skip
    assert load.store.refused(limit=10, offset=0) == []
    assert load.publisher.hotels[-1].price.units == 10


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(
    st.lists(
        st.one_of(
            st.builds(
                lambda id, price: json.dumps({**GOOD, "id": id, "price": price}).encode(),
                st.sampled_from(["1", "2", "3", ""]),
                st.sampled_from([1, None, "x", -5]),
            ),
            st.binary(max_size=12).filter(lambda raw: b"\n" not in raw),
        ),
        max_size=12,
    )
)
def test_every_row_is_published_or_refused(
    tmp_path_factory: pytest.TempPathFactory, rows: list[bytes]
) -> None:
    load = _Load(tmp_path_factory.mktemp("load"))
    path = load.folder / "a.jsonl"
    path.write_bytes(b"\n".join(rows))
    # A byte order mark is one at the beginning of the file only.
    first = [row.removeprefix(b"\xef\xbb\xbf") for row in rows[:1]]
    expected = sum(1 for row in (*first, *rows[1:]) if row.strip())
    job = load.run(path, MAPPING.replace("id: id", "id: {column: [id, none]}"))
    assert job.row_count is not None
    assert job.state is JobState.SUCCEEDED
    assert job.published + job.quarantined + job.unchanged == job.row_count
    assert job.row_count == expected
