"""Splitting a file into chunks and loading a chunk: the work behind the tasks.

Splitting reads the file once, sets aside what is no row or repeats an id, and writes the rest to
a spool file that chunks are byte ranges of. Both steps may be repeated after a kill: what they
write is replaced by the same, and a hotel published twice has the same id and revision.

Workers on several machines share two folders: the one the file lies in and the spool.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Iterable, Sequence
from pathlib import Path

from concierge.catalog.v1 import hotel_pb2

from services.ingestion.adapters.joined_files import JoinedFiles
from services.ingestion.adapters.row_files import RawRow, read_rows
from services.ingestion.domain.job import ChunkCounts, Job, RefusedRow
from services.ingestion.domain.mapping import HotelMapping, read_mapping
from services.ingestion.domain.stations import tell_metro
from services.ingestion.domain.values import Row, RowError
from services.ingestion.hotel_json import hotel_from_json
from services.ingestion.json_text import read_json
from services.ingestion.ports import CataloguePublisher, JobStore
from services.ingestion.spool import Chunk, Spool
from services.platform.errors import FailedPrecondition
from services.vocabulary import Vocabulary

CHUNK_ROWS = 500
SAMPLE_ROWS = 1_000
# The chunk number of what splitting itself sets aside.
SPLIT = -1
# Rows of a later load are newer; within a load, later lines are.
_LINE_BITS = 22


class RowReader:
    """Turns rows into hotels by a job's mapping; without one rows are hotels in proto3 JSON."""

    def __init__(self, mapping_yaml: str, base: Path, vocabulary: Vocabulary) -> None:
        self.mapping: HotelMapping | None = read_mapping(mapping_yaml) if mapping_yaml else None
        self._joins = JoinedFiles(self.mapping, base) if self.mapping else None
        self._vocabulary = vocabulary

    def hotel_id(self, row: Row, row_number: int) -> str:
        """Return the row's hotel id.

        Raises:
            RowError: It is missing or malformed.
        """
        if self.mapping is not None:
            return self.mapping.hotel_id(row, row_number)
        id = row.get("id")
        if not isinstance(id, str) or not 1 <= len(id) <= 128:
            raise RowError("id", "must be a text of 1 to 128 characters")
        return id

    def hotel(self, row: Row, row_number: int) -> hotel_pb2.Hotel:
        """Return the row as a hotel.

        Raises:
            RowError: Naming the field at fault.
        """
        if self.mapping is not None and self._joins is not None:
            joined = self._joins.extend(row, row_number)
            hotel = self.mapping.hotel(joined, row_number, self._vocabulary)
        else:
            hotel = self._own(row)
        tell_metro(hotel)
        return hotel

    def _own(self, row: Row) -> hotel_pb2.Hotel:
        hotel = hotel_from_json(row)
        if not 1 <= len(hotel.id) <= 128:
            raise RowError("id", "must be a text of 1 to 128 characters")
        if not hotel.names:
            raise RowError("names", "no name is given")
        _check_numbers(hotel)
        if hotel.HasField("facilities"):
            held = {item.id for item in hotel.facilities.items}
            for id in self._vocabulary.closure("facilities", held) - held:
                hotel.facilities.items.add(id=id)
        return hotel


def _check_numbers(hotel: hotel_pb2.Hotel) -> None:
    """Refuse numbers that are not finite or out of range."""
    for name, value, most in (
        ("star_rating", hotel.star_rating, 5.0),
        ("guest_rating", hotel.guest_rating, 5.0),
        ("price", float(hotel.price.units), 1e7),
        ("review_count", float(hotel.review_count), 1e9),
    ):
        if not 0.0 <= value <= most:
            raise RowError(name, f"{value:g} is not in [0, {most:g}]")
    if hotel.HasField("location"):
        where = hotel.location
        if not (-90 <= where.latitude <= 90 and -180 <= where.longitude <= 180):
            raise RowError("location", "is not on Earth")


def split(job: Job, *, spool: Spool, vocabulary: Vocabulary, store: JobStore) -> list[Chunk]:
    """Read the file once, write the spool, note what is refused; return the chunks.

    Of several rows with one id the last is taken, the earlier ones are refused.

    Raises:
        InvalidArgument: The file or the mapping cannot be used at all.
        FailedPrecondition: This machine does not see the file.
    """
    path = Path(job.path)
    if not path.exists():
        raise FailedPrecondition(
            f"the worker on {socket.gethostname()} does not see {path}: files to load must lie in "
            "a folder that the service and all workers share",
            reason="FILE_NOT_SHARED",
        )
    reader = RowReader(job.mapping_yaml, Path(job.base_path), vocabulary)
    if reader.mapping is not None:
        sample = [
            raw.row for raw, _ in zip(read_rows(path), range(SAMPLE_ROWS), strict=False) if raw.row
        ]
        reader.mapping.check_columns(sample)
    refused: list[RefusedRow] = []
    last: dict[str, tuple[int, RawRow]] = {}
    spool.rows.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    superseded: set[int] = set()
    offsets = []
    # Moved into place when whole: splitting may be repeated while chunks of the first are read.
    partial = spool.rows.with_suffix(f".{socket.gethostname()}-{os.getpid()}")
    with partial.open("wb") as out:
        for row_number, raw in enumerate(read_rows(path)):
            count += 1
            try:
                if raw.row is None:
                    raise RowError("", raw.error)
                id = reader.hotel_id(raw.row, row_number)
            except RowError as error:
                refused.append(_refused(job, raw, error))
                continue
            if (earlier := last.get(id)) is not None:
                superseded.add(earlier[0])
                later = RowError("id", f"line {raw.line_number} has the same id and is later")
                refused.append(_refused(job, earlier[1], later))
            last[id] = (row_number, RawRow(raw.line_number, None, raw.raw))
            offsets.append((row_number, out.tell()))
            out.write(f'{{"n":{row_number},"l":{raw.line_number},"r":{raw.raw}}}\n'.encode())
        end = out.tell()
    chunks = _chunks(offsets, end)
    partial.rename(spool.rows)
    partial.write_text(json.dumps(sorted(superseded)))
    partial.rename(spool.superseded)
    store.chunk_done(job.id, SPLIT, ChunkCounts(len(refused), 0, len(refused), 0), refused, {})
    store.planned(job.id, row_count=count, chunk_count=len(chunks) + 1)
    return chunks


def _chunks(offsets: Sequence[tuple[int, int]], end: int) -> list[Chunk]:
    if not offsets:
        return []
    starts = [offset for _, offset in offsets[::CHUNK_ROWS]]
    return [
        Chunk(number, start, stop)
        for number, (start, stop) in enumerate(zip(starts, [*starts[1:], end], strict=True))
    ]


def load_chunk(
    job: Job,
    chunk: Chunk,
    *,
    spool: Spool,
    reader: RowReader,
    superseded: frozenset[int],
    store: JobStore,
    publisher: CataloguePublisher,
) -> None:
    """Map, publish and note the rows of one chunk.

    Raises:
        Unavailable: The bus or the store is away; the chunk is to be tried again.
        FailedPrecondition: This machine does not see the spool.
    """
    refused: list[RefusedRow] = []
    hotels: list[hotel_pb2.Hotel] = []
    read = 0
    for line in spool.read_lines(chunk):
        entry = read_json(line)
        if entry["n"] in superseded:
            continue
        read += 1
        raw = RawRow(entry["l"], entry["r"], "")
        try:
            hotel = reader.hotel(entry["r"], entry["n"])
        except RowError as error:
            text = json.dumps(entry["r"], ensure_ascii=False)
            refused.append(_refused(job, RawRow(raw.line_number, None, text), error))
            continue
        hotel.revision = revision(job, entry["l"])
        hotels.append(hotel)
    changed, digests = _changed(hotels, store, said_at_s=job.submitted_at)
    if changed:
        publisher.publish(changed, job_id=job.id)
    store.chunk_done(
        job.id,
        chunk.number,
        ChunkCounts(read, len(changed), len(refused), len(hotels) - len(changed)),
        refused,
        digests,
    )


def replay(
    rows: Iterable[RefusedRow],
    corrections: dict[str, str],
    *,
    jobs: dict[str, Job],
    vocabulary: Vocabulary,
    store: JobStore,
    publisher: CataloguePublisher,
    now_s: float,
) -> tuple[int, int]:
    """Try refused rows again; return how many were published and how many are still refused.

    Raises:
        Unavailable: The bus is away; nothing was taken out of the quarantine.
    """
    readers: dict[str, RowReader] = {}
    accepted: list[str] = []
    still: list[RefusedRow] = []
    hotels: list[hotel_pb2.Hotel] = []
    for row in rows:
        job = jobs[row.job_id]
        reader = readers.get(job.id)
        if reader is None:
            reader = readers[job.id] = RowReader(job.mapping_yaml, Path(job.base_path), vocabulary)
        text = corrections.get(row.id, row.raw)
        try:
            entry = json.loads(text)
            if not isinstance(entry, dict):
                raise RowError("", "the row is no JSON object")
            hotel = reader.hotel(entry, row.line_number - 1)
        except ValueError as error:
            still.append(_again(row, text, RowError("", f"the row is no JSON: {error}")))
            continue
        except RowError as error:
            still.append(_again(row, text, error))
            continue
        hotel.revision = (int(now_s * 1000) << _LINE_BITS) | _line(row.line_number)
        hotels.append(hotel)
        accepted.append(row.id)
    changed, digests = _changed(hotels, store, said_at_s=now_s)
    if changed:
        publisher.publish(changed, job_id="")
    store.replayed(accepted, still, digests)
    return len(accepted), len(still)


def revision(job: Job, line_number: int) -> int:
    """Return the revision of a row: later loads above earlier ones, later lines above earlier."""
    return (int(job.submitted_at * 1000) << _LINE_BITS) | _line(line_number)


def _line(line_number: int) -> int:
    return min(line_number, (1 << _LINE_BITS) - 1)


def _changed(
    hotels: Sequence[hotel_pb2.Hotel], store: JobStore, *, said_at_s: float
) -> tuple[list[hotel_pb2.Hotel], dict[str, bytes]]:
    """Return the hotels that differ from what was published last, dated, and their digests."""
    digests = {}
    for hotel in hotels:
        held, hotel.revision = hotel.revision, 0
        digests[hotel.id] = hashlib.blake2b(
            hotel.SerializeToString(deterministic=True), digest_size=16
        ).digest()
        hotel.revision = held
    known = store.digests(list(digests)) if digests else {}
    changed = [hotel for hotel in hotels if known.get(hotel.id) != digests[hotel.id]]
    for hotel in changed:
        if not hotel.HasField("as_of"):
            hotel.as_of.FromMicroseconds(int(said_at_s * 1e6))
    return changed, {hotel.id: digests[hotel.id] for hotel in changed}


def _refused(job: Job, raw: RawRow, error: RowError) -> RefusedRow:
    return RefusedRow(
        f"{job.id}-{raw.line_number}", job.id, raw.line_number, error.field, error.reason, raw.raw
    )


def _again(row: RefusedRow, text: str, error: RowError) -> RefusedRow:
    return RefusedRow(row.id, row.job_id, row.line_number, error.field, error.reason, text)
