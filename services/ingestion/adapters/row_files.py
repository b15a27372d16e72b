"""Rows of JSONL, JSON, CSV and Parquet files, with line numbers; what is no row is told apart."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from services.ingestion.domain.values import Row
from services.ingestion.json_text import read_json
from services.platform.errors import InvalidArgument

FORMATS = (".jsonl", ".ndjson", ".json", ".csv", ".parquet")
MAX_LINE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row, or why there is none.

    Attributes:
        line_number: Line of the file, row for Parquet and JSON arrays; from 1.
        row: The row, `None` when it could not be read.
        raw: The row as JSON text, or the raw line with undecodable bytes escaped.
        error: Why it could not be read.
    """

    line_number: int
    row: Row | None
    raw: str
    error: str = ""


def read_rows(path: Path) -> Iterator[RawRow]:
    """Yield the rows of a file in order. Blank lines are no rows.

    Raises:
        InvalidArgument: The format is unknown, or the file as a whole cannot be read.
    """
    kind = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    try:
        match kind.lower():
            case ".jsonl" | ".ndjson":
                with _open(path) as file:
                    yield from _json_lines(file)
            case ".json":
                with _open(path) as file:
                    yield from _json_array(file, path)
            case ".csv":
                with (
                    _open(path) as file,
                    io.TextIOWrapper(
                        file, "utf-8-sig", errors="surrogateescape", newline=""
                    ) as text,
                ):
                    yield from _csv(text)
            case ".parquet":
                yield from _parquet(path)
            case _:
                raise InvalidArgument(f"{path.name} is none of {', '.join(FORMATS)}", field="path")
    except (OSError, EOFError) as error:
        raise InvalidArgument(f"{path.name} cannot be read: {error}", field="path") from error


def _open(path: Path) -> BinaryIO:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _json_lines(file: BinaryIO) -> Iterator[RawRow]:
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE_BYTES)
            yield RawRow(number, None, "", f"the line is longer than {MAX_LINE_BYTES} bytes")
            continue
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if line.strip():
            yield _json_line(number, line)


def _json_line(number: int, line: bytes) -> RawRow:
    raw = line.decode("utf-8", "backslashreplace").rstrip("\r\n")
    try:
        row = read_json(line)
    except UnicodeDecodeError as error:
        return RawRow(number, None, raw, f"the line is not UTF-8: {error.reason}")
    except ValueError as error:
        return RawRow(number, None, raw, f"the line is no JSON: {error}")
    if not isinstance(row, dict):
        return RawRow(number, None, raw, "the line is no JSON object")
    return RawRow(number, row, raw)


def _json_array(file: BinaryIO, path: Path) -> Iterator[RawRow]:
    try:
        rows = json.loads(file.read().decode("utf-8-sig"))
    except ValueError as error:
        raise InvalidArgument(f"{path.name} is no JSON: {error}", field="path") from error
    if not isinstance(rows, list):
        raise InvalidArgument(f"{path.name} is no JSON array", field="path")
    for number, entry in enumerate(rows, start=1):
        row = entry
        # A list of [name, record] is a common export of a keyed table.
        if isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], dict):
            row = {"name": entry[0], **entry[1]}
        raw = json.dumps(row, ensure_ascii=False)
        if isinstance(row, dict):
            yield RawRow(number, row, raw)
        else:
            yield RawRow(number, None, raw, "the entry is no JSON object")


def _csv(text: io.TextIOWrapper) -> Iterator[RawRow]:
    reader = csv.reader(text, strict=True)
    header: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield RawRow(line, None, "", f"the line is no CSV: {error}")
            continue
        if not any(cells):
            continue
        if header is None:
            header = [cell.strip() for cell in cells]
            continue
        raw = ",".join(cells).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        if any("\udc80" <= c <= "\udcff" for cell in cells for c in cell):
            yield RawRow(line, None, raw, "the line is not UTF-8")
        elif len(cells) != len(header):
            yield RawRow(
                line, None, raw, f"the line has {len(cells)} cells, the header {len(header)}"
            )
        else:
            row: dict[str, object] = dict(zip(header, cells, strict=True))
            yield RawRow(line, row, json.dumps(row, ensure_ascii=False))


def _parquet(path: Path) -> Iterator[RawRow]:
    import pyarrow
    from pyarrow import parquet

    number = 0
    try:
        for batch in parquet.ParquetFile(path).iter_batches(batch_size=2_000):
            for row in batch.to_pylist():
                number += 1
                yield RawRow(number, row, json.dumps(row, ensure_ascii=False, default=str))
    except pyarrow.ArrowException as error:
        raise InvalidArgument(f"{path.name} cannot be read: {error}", field="path") from error
