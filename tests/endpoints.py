"""Addresses of real servers to test on: `CONCIERGE_TEST_<SERVER>`, as `make stack` prints."""

from __future__ import annotations

import os

import pytest

ABSENT = "no real server: CONCIERGE_TEST_"


def endpoint(server: str) -> str:
    """Return a server's address, `endpoint("KAFKA")`.

    Without one the test is skipped, and the run's summary says so; in CI it fails.
    """
    variable = f"CONCIERGE_TEST_{server}"
    address = os.environ.get(variable, "")
    if not address:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(f"CI tests on real servers: {variable} is not set", pytrace=False)
        pytest.skip(ABSENT + server)
    return address
