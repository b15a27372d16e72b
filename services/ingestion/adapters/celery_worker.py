"""A Celery worker as a child process of the embedded deployment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from services.ingestion.settings import IngestionSettings
from services.platform.settings import environment_of


class CeleryWorker:
    """Runs `celery worker` with the settings given; stopped by its process id."""

    def __init__(self, settings: IngestionSettings, *, concurrency: int) -> None:
        self._settings = settings
        self._concurrency = concurrency
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the worker; it waits for the broker by itself."""
        settings = self._settings
        settings.spool_dir.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "celery", "-A", "services.ingestion.tasks", "worker",
                "--pool", "prefork", "--concurrency", str(self._concurrency),
                "--loglevel", "WARNING", "--without-gossip", "--without-mingle",
                "--without-heartbeat",
            ],
            env={**os.environ, **environment_of(settings)},
            stdout=(settings.spool_dir / "worker.log").open("ab"),
            stderr=subprocess.STDOUT,
        )  # fmt: skip

    def stop(self, grace_s: float = 10.0) -> None:
        """Let the worker finish its tasks for `grace_s` seconds, then end it."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
