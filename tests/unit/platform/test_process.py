"""A service's process from its start to its end."""

from __future__ import annotations

import signal
import subprocess
import sys

# A service that never gets as far as serving, like one whose brokers are away.
STARTING = """
import asyncio, sys
from services.platform import process
from services.platform.settings import ServiceSettings

async def serve(settings):
    try:
        print("starting", flush=True)
        await asyncio.Event().wait()
    finally:
        print("released", flush=True)

sys.exit(process.main(serve, ServiceSettings))
"""


def test_sigterm_ends_a_service_that_is_still_starting() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTING], stdout=subprocess.PIPE, text=True
    ) as service:
        assert service.stdout is not None
        assert service.stdout.readline() == "starting\n"
        service.send_signal(signal.SIGTERM)
        assert service.stdout.read() == "released\n"
        assert service.wait(timeout=30) == 0
