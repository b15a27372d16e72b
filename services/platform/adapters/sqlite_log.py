"""A compacted topic in SQLite: the latest record per key, in the order of writing.

Durability: write-ahead log with `synchronous=NORMAL`. A killed process loses nothing that was
acknowledged; a machine that loses power may lose the last transactions, never corrupt the file.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.platform.errors import Unavailable
from services.platform.events import Record

# With rowids: new records go to the end of the file, and a record of a kilobyte needs no page of
# its own, as it would in a tree that is ordered by key.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, key TEXT NOT NULL,
    position INTEGER NOT NULL, headers TEXT NOT NULL, value BLOB,
    UNIQUE (topic, key)
);
CREATE UNIQUE INDEX IF NOT EXISTS by_position ON records (topic, partition, position);
CREATE TABLE IF NOT EXISTS ends (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)
);
"""

_UPSERT = """
INSERT INTO records (topic, partition, key, position, headers, value) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (topic, key) DO UPDATE SET
    position = excluded.position, headers = excluded.headers, value = excluded.value
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One record on its way into the log."""

    topic: str
    partition: int
    key: str
    headers: Mapping[str, bytes]
    value: bytes | None


class SqliteLog:
    """Compacted topics of one data directory. Thread-safe; calls block, run them in a thread."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        # A connection of its own, so that replay does not wait for writers.
        self._reader = sqlite3.connect(file, check_same_thread=False)
        self._read_lock = threading.Lock()
        self._ends: dict[tuple[str, int], int] = {
            (topic, partition): position
            for topic, partition, position in self._db.execute("SELECT * FROM ends")
        }

    def append(self, entries: Sequence[Entry]) -> list[int]:
        """Write all entries in one transaction; on return they survive this process.

        Returns:
            The position of each.

        Raises:
            Unavailable: The disk is full or the file cannot be written; nothing was written.
        """
        with self._lock:
            ends = dict(self._ends)
            rows = []
            for entry in entries:
                place = (entry.topic, entry.partition)
                position = ends.get(place, 0)
                ends[place] = position + 1
                headers = {name: raw.decode("latin-1") for name, raw in entry.headers.items()}
                rows.append((*place, entry.key, position, json.dumps(headers), entry.value))
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany(_UPSERT, rows)
                self._db.executemany(
                    "INSERT OR REPLACE INTO ends VALUES (?, ?, ?)",
                    [(*place, end) for place, end in ends.items()],
                )
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise Unavailable(
                    f"the log was not written: {error}", reason="LOG_NOT_WRITTEN"
                ) from error
            self._ends = ends
            return [row[3] for row in rows]

    def read(self, topic: str, partition: int, position: int, limit: int) -> list[Record]:
        """Return at most `limit` records at or after a position, oldest first."""
        with self._read_lock:
            rows = self._reader.execute(
                "SELECT position, key, headers, value FROM records "
                "WHERE topic = ? AND partition = ? AND position >= ? ORDER BY position LIMIT ?",
                (topic, partition, position, limit),
            ).fetchall()
        return [
            Record(
                topic,
                partition,
                found,
                key,
                value,
                {name: text.encode("latin-1") for name, text in json.loads(headers).items()},
            )
            for found, key, headers, value in rows
        ]

    def end(self, topic: str, partition: int) -> int:
        """Return the position the next record will have."""
        return self._ends.get((topic, partition), 0)

    def count(self, topic: str) -> int:
        """Return how many keys the topic holds, tombstones included."""
        with self._read_lock:
            row = self._reader.execute(
                "SELECT COUNT(*) FROM records WHERE topic = ?", (topic,)
            ).fetchone()
        return int(row[0])

    def close(self) -> None:
        """Close the file."""
        with self._lock, self._read_lock:
            self._db.close()
            self._reader.close()
