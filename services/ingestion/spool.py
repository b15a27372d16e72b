"""The rows of running loads, in files that all workers share."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path

from services.platform.errors import FailedPrecondition


@dataclass(frozen=True, slots=True)
class Chunk:
    """A byte range of the spool file."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Spool:
    """The rows of one load on their way to the workers.

    Attributes:
        rows: A row per line with its number and line.
        superseded: Numbers of the rows that a later row of the same hotel replaces.
    """

    rows: Path
    superseded: Path

    @classmethod
    def of(cls, folder: Path, job_id: str) -> Spool:
        """Return a job's spool."""
        return cls(folder / f"{job_id}.rows", folder / f"{job_id}.superseded")

    def read_superseded(self) -> frozenset[int]:
        """Return the numbers of rows to leave out.

        Raises:
            FailedPrecondition: This machine does not see the spool.
        """
        try:
            return frozenset(json.loads(self.superseded.read_text()))
        except FileNotFoundError as error:
            raise self._unseen(error) from error

    def read_lines(self, chunk: Chunk) -> list[bytes]:
        """Return the lines of a chunk.

        Raises:
            FailedPrecondition: This machine does not see the spool.
        """
        try:
            with self.rows.open("rb") as file:
                file.seek(chunk.start)
                return file.read(chunk.end - chunk.start).splitlines()
        except FileNotFoundError as error:
            raise self._unseen(error) from error

    def remove(self) -> None:
        """Remove what is there."""
        for file in (self.rows, self.superseded):
            file.unlink(missing_ok=True)

    @staticmethod
    def _unseen(error: FileNotFoundError) -> FailedPrecondition:
        return FailedPrecondition(
            f"the worker on {socket.gethostname()} does not see {error.filename}: the spool "
            "folder must be one that all workers share",
            reason="SPOOL_NOT_SHARED",
        )
