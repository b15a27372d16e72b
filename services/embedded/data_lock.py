"""One process per data directory."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import TextIO

from services.platform.errors import FailedPrecondition


class DataLock:
    """Holds a data directory for this process until released or the process ends."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "lock"
        self._held: TextIO | None = None

    def acquire(self) -> None:
        """Take the directory.

        Raises:
            FailedPrecondition: Another process has it; says where that one listens.
        """
        self._file.parent.mkdir(parents=True, exist_ok=True)
        held = self._file.open("a+", encoding="utf-8")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            held.seek(0)
            where = held.read().strip()
            held.close()
            hint = f"; use --target {where}" if where else ""
            raise FailedPrecondition(
                f"the data directory {self._file.parent} is in use by another process{hint}",
                reason="DATA_DIR_IN_USE",
            ) from error
        self._held = held

    def note(self, address: str) -> None:
        """Write where this process listens, for whoever finds the directory taken."""
        if self._held is not None:
            self._held.truncate(0)
            self._held.write(address)
            self._held.flush()

    def release(self) -> None:
        """Let go."""
        if self._held is not None:
            self._held.truncate(0)
            self._held.close()
            self._held = None
