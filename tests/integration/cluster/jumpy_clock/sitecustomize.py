"""Python's wall clock, off by the seconds in a file: on the path of processes whose clock jumps.

gRPC's core reads the system's clock, which stays as it is, and compares it with Python's when it is
asked how long a caller still waits; that comparison sees the true time on both sides.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

ASKS_GRPC = "services.platform.rpc"

_file = Path(os.environ["TEST_CLOCK_FILE"])
_true_time = time.time


def _time() -> float:
    # A compiled function has no frame of its own, so this is who called gRPC.
    if sys._getframe(1).f_globals.get("__name__") == ASKS_GRPC:
        return _true_time()
    return _true_time() + float(_file.read_text())


time.time = _time
