"""How Python runs a process that answers searches."""

from __future__ import annotations

import gc
import sys

# A search goes from thread to thread: the event loop, the readers and senders of a bus, an engine.
# With Python's 5 ms each may wait that long for the interpreter's lock.
SWITCH_INTERVAL_S = 0.0005
# New objects before the collector looks for cycles among them. A catalogue is millions of objects
# that stay, and with Python's 700 a load looks through them over and over.
COLLECT_AFTER = (50_000, 20, 20)


def for_searches() -> None:
    """Set this process up to answer searches while it takes in a catalogue."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.set_threshold(*COLLECT_AFTER)


def filled() -> None:
    """Take what is there for what stays: no search waits for the collector to look through it."""
    gc.freeze()
