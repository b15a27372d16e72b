"""Python's wall clock, off by the seconds in a file: on the path of processes whose clock jumps.

gRPC's core reads the system's clock, which stays as it is: what gRPC compares with it sees the true
time as well.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

# A compiled function of gRPC has no frame of its own: the second is who calls it.
WITH_GRPC = ("grpc", "services.platform.rpc")

_file = Path(os.environ["TEST_CLOCK_FILE"])
_true_time = time.time


def _time() -> float:
    if str(sys._getframe(1).f_globals.get("__name__")).startswith(WITH_GRPC):
        return _true_time()
    return _true_time() + float(_file.read_text())


time.time = _time
