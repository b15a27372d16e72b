"""What all tests share: the run's last word on servers that were not there."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.endpoints import ABSENT


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not tested."""
    absent = Counter(
        reason.rpartition(ABSENT)[2]
        for report in terminalreporter.getreports("skipped")
        if ABSENT in (reason := str(report.longrepr))
    )
    if not absent:
        return
    terminalreporter.section("NOT TESTED on real servers", yellow=True, bold=True)
    for server, count in sorted(absent.items()):
        terminalreporter.line(f"{server.rstrip(chr(39) + ')')}: {count} tests skipped")
    terminalreporter.line("`make stack` starts the servers and prints the variables to export")
