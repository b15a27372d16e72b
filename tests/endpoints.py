"""Addresses of real servers to test on: `CONCIERGE_TEST_<SERVER>`, as `make stack` prints."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

ABSENT = "no real server: CONCIERGE_TEST_"


def endpoint(server: str) -> str:
    """Return a server's address, `endpoint("KAFKA")`.

    Without one the test is skipped, and the run's summary says so; in CI it fails.
    """
    address = os.environ.get(f"CONCIERGE_TEST_{server}", "")
    if not address:
        unavailable(server, f"CONCIERGE_TEST_{server} is not set")
    return address


def unavailable(server: str, why: str) -> NoReturn:
    """Skip the test for want of a server; in CI fail it."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(f"CI tests on real servers: {why}", pytrace=False)
    pytest.skip(ABSENT + server)
