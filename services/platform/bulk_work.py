"""Work on whole batches of the catalogue, one batch at a time in a process.

Such work holds the interpreter's lock. On threads side by side it gets no faster: they take the
lock from each other, each evicts what the other had in the processor's caches, and searches wait
for all of them instead of one. Filling three indexes took a fifth to a third less on one thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_thread = ThreadPoolExecutor(1, thread_name_prefix="bulk")


async def in_turn(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do the work on the thread for batches, after all that came before; return its result.

    The work must not wait for other work of this kind.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_thread, lambda: work(*args, **kwargs))
