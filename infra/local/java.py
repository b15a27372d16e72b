"""Which Java a server is started with."""

from __future__ import annotations

import os
import re
from pathlib import Path

from infra.local.server import StackError

# Where Linux distributions install Java.
INSTALLED = Path("/usr/lib/jvm")
_VERSION = re.compile(r'^JAVA_VERSION="(?:1\.)?(\d+)', re.MULTILINE)


def java_home(least_version: int, *, variable: str = "JAVA_HOME") -> Path:
    """Return the home of a Java that is new enough.

    Args:
        least_version: Such as 21.
        variable: Named first, then `JAVA_HOME`, then the newest under /usr/lib/jvm.

    Raises:
        StackError: None is.
    """
    named = [Path(os.environ[name]) for name in (variable, "JAVA_HOME") if os.environ.get(name)]
    installed = sorted(INSTALLED.glob("*"), key=lambda home: (-version(home), home))
    for home in (*named, *installed):
        if version(home) >= least_version:
            return home
    raise StackError(
        f"no Java {least_version} or newer: install one, or name its folder in {variable}"
    )


def version(home: Path) -> int:
    """Return a Java's main version; 0 where there is no Java."""
    try:
        found = _VERSION.search((home / "release").read_text())
    except OSError:
        return 0
    return int(found[1]) if found else 0
