"""Second files of a mapping, held by key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from services.ingestion.adapters.row_files import read_rows
from services.ingestion.domain.mapping import HotelMapping
from services.ingestion.domain.values import Row, at_path
from services.platform.errors import InvalidArgument


class JoinedFiles:
    """All joins of a mapping."""

    def __init__(self, mapping: HotelMapping, base: Path) -> None:
        self._tables: list[tuple[str, str, dict[str, Row]]] = []
        for join in mapping.joins:
            file = base / join.file
            if join.optional and not file.exists():
                self._tables.append((join.name, join.column, {}))
                continue
            if not file.exists():
                raise InvalidArgument(
                    f"{join.file} does not exist", field=f"mapping.joins.{join.name}.file"
                )
            table: dict[str, Row] = {}
            for raw in read_rows(file):
                if raw.row is None:
                    raise InvalidArgument(
                        f"{join.file} line {raw.line_number}: {raw.error}",
                        field=f"mapping.joins.{join.name}.file",
                    )
                if all(str(raw.row.get(k)) == v for k, v in join.where.items()):
                    table[str(at_path(raw.row, join.key))] = raw.row
            self._tables.append((join.name, join.column, table))

    def extend(self, row: Row, row_number: int) -> Mapping[str, object]:
        """Return the row with each join's row under the join's name, `{}` where none is found.

        `#row` as the column to join on is the row's number, counted from 0.
        """
        if not self._tables:
            return row
        joined = dict(row)
        for name, column, table in self._tables:
            key = row_number if column == "#row" else at_path(row, column)
            joined[name] = table.get(str(key), {})
        return joined
