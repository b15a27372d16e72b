"""Running until told to stop."""

from __future__ import annotations

import asyncio
import signal


async def until_stopped() -> None:
    """Return when the process gets SIGTERM or SIGINT.

    A handler of our own, because process 1 of a container ignores SIGTERM without one.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    try:
        await stopped.wait()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
