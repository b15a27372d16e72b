"""Starting and stopping servers by process id; a server that was killed starts again."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from infra.local.server import Server, StackError

POLL_S = 0.2
LOG_TAIL_LINES = 15

# Servers outlive the call that started them; held here, nobody warns of a process left running.
_spawned: list[subprocess.Popen[bytes]] = []
# Servers are started and stopped on several threads.
_spawned_lock = threading.Lock()


class State(StrEnum):
    """How a server stands."""

    READY = "ready"
    STARTING = "running, not ready"
    DOWN = "down"


def state_of(server: Server) -> State:
    """Return how a server stands now."""
    if running_pid(server) is None:
        return State.DOWN
    return State.READY if server.is_ready() else State.STARTING


def start(server: Server) -> None:
    """Start the server unless it runs; return when it is ready.

    Raises:
        StackError: It ended or was not ready in time; the end of its log is in the message.
    """
    server.places.state.mkdir(parents=True, exist_ok=True)
    with _locked(server):
        if running_pid(server) is None:
            _spawn(server)
        limit = time.monotonic() + server.start_wait_s
        while not server.is_ready():
            if running_pid(server) is None:
                raise StackError(f"{server.name} ended while starting\n{_log_tail(server)}")
            if time.monotonic() > limit:
                raise StackError(
                    f"{server.name} is not ready after {server.start_wait_s:.0f} s\n"
                    f"{_log_tail(server)}"
                )
            time.sleep(POLL_S)


def stop(server: Server) -> bool:
    """Ask the server to end, then make it; return whether it ran."""
    pid = running_pid(server)
    if pid is None:
        return False
    os.killpg(pid, server.stop_signal)
    if not _gone(server, server.stop_wait_s):
        kill(server)
    return True


def kill(server: Server) -> bool:
    """End the server with its children at once, as a crash would; return whether it ran."""
    pid = running_pid(server)
    if pid is None:
        return False
    os.killpg(pid, signal.SIGKILL)
    if not _gone(server, 10.0):
        raise StackError(f"{server.name} (process {pid}) does not end")
    return True


def wipe(server: Server) -> None:
    """Stop the server and remove all it has stored."""
    stop(server)
    shutil.rmtree(server.places.state, ignore_errors=True)


def running_pid(server: Server) -> int | None:
    """Return the id of the process that was started, which also names its process group."""
    try:
        pid, started = (server.places.state / "pid").read_text().split()
    except (OSError, ValueError):
        return None
    # A process id is used again one day: the start time tells whether this is still ours.
    return int(pid) if _start_time(int(pid)) == started else None


def _spawn(server: Server) -> None:
    command = server.prepare()
    argv = list(command.argv)
    if command.user and os.geteuid() == 0:
        _own(server.places.state, command.user)
        argv = ["setpriv", f"--reuid={command.user}", f"--regid={command.user}", "--init-groups"]
        argv += command.argv
    with server.places.log.open("ab") as log:
        process = subprocess.Popen(
            argv,
            env={**os.environ, **command.env},
            cwd=command.cwd or server.places.state,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    with _spawned_lock:
        _spawned.append(process)
    (server.places.state / "pid").write_text(f"{process.pid} {_start_time(process.pid)}")


def _own(folder: Path, user: str) -> None:
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, user, user)


def _start_time(pid: int) -> str | None:
    """Return the kernel's start time of a live process, `None` for none and for a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    # A zombie whose other threads are still ending holds its ports as well.
    ended = fields[0] == "Z" and int(fields[17]) <= 1
    return None if ended else fields[19]


def _gone(server: Server, wait_s: float) -> bool:
    limit = time.monotonic() + wait_s
    while running_pid(server) is not None:
        if time.monotonic() > limit:
            return False
        time.sleep(POLL_S)
    with _spawned_lock:
        _spawned[:] = [process for process in _spawned if process.poll() is None]
    return True


def _log_tail(server: Server) -> str:
    try:
        lines = server.places.log.read_text(errors="replace").splitlines()
    except OSError:
        return "(no log)"
    return "\n".join(["--- " + str(server.places.log), *lines[-LOG_TAIL_LINES:]])


@contextlib.contextmanager
def _locked(server: Server) -> Iterator[None]:
    """Two starts at once: the second waits and finds the server running."""
    with (server.places.state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
