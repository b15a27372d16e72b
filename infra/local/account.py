"""An account for servers that refuse to run as root."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

from infra.local.downloads import program, run
from infra.local.server import StackError

ACCOUNT = "concierge-stack"


def account(*needed: Path) -> str | None:
    """Return the account to run such a server as; `None` where the caller is not root.

    It is a system account without home or login, made when it does not exist.

    Args:
        needed: Folders that it must be able to enter.

    Raises:
        StackError: It cannot enter one of them.
    """
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(ACCOUNT)
    except KeyError:
        useradd = program("useradd", f"make the account {ACCOUNT}")
        run([useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT])
    become = ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--init-groups"]
    for folder in needed:
        if subprocess.run([*become, "test", "-x", folder]).returncode:
            raise StackError(
                f"the account {ACCOUNT} cannot enter {folder}: run as another user than root, or "
                f"name folders it can enter in CONCIERGE_STACK_DIR and CONCIERGE_STACK_CACHE"
            )
    return ACCOUNT
