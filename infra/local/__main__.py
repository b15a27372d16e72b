"""`python -m infra.local up|status|down|kill|fetch|env|wipe|setup [NAME ...]`.

`setup` makes topics, index and collection on the servers, for the services.
A name is a server's, a service's, or a group's: `servers` (when none is named) or `services`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from infra.local import process
from infra.local.downloads import say
from infra.local.server import Server, StackError
from infra.local.services import services, setup
from infra.local.stack import servers


def main() -> int:
    """Run the command line; 0 when all that were named are as wished."""
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    actions = ("up", "status", "down", "kill", "fetch", "env", "wipe", "setup")
    parser.add_argument("action", choices=actions)
    parser.add_argument("names", nargs="*", metavar="NAME", help="or a group; servers by default")
    arguments = parser.parse_args()
    try:
        if arguments.action == "setup":
            return setup()
        chosen = _chosen(arguments.names)
        return {
            "up": _up,
            "status": _status,
            "down": _down,
            "kill": _kill,
            "fetch": _fetch,
            "env": _env,
            "wipe": _wipe,
        }[arguments.action](chosen)
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _chosen(names: Sequence[str]) -> list[Server]:
    groups: dict[str, list[Server]] = {"servers": [*servers()], "services": [*services()]}
    known = {server.name: [server] for group in groups.values() for server in group} | groups
    for name in names:
        if name not in known:
            raise StackError(f"{name} is none of {', '.join(known)}")
    return [server for name in names or ["servers"] for server in known[name]]


def _fetch(chosen: Sequence[Server]) -> int:
    for server in chosen:
        server.fetch()
    return 0


def _up(chosen: Sequence[Server]) -> int:
    _fetch(chosen)
    for server in chosen:
        begun = time.monotonic()
        say(f"{server.name}: starting")
        process.start(server)
        say(f"{server.name}: ready after {time.monotonic() - begun:.1f} s")
    return _env(chosen)


def _env(chosen: Sequence[Server]) -> int:
    """Print, for a shell to read, where those that are ready are found."""
    for server in (s for s in chosen if process.state_of(s) is process.State.READY):
        print("export {}={}".format(*server.endpoint()))
    return 0


def _status(chosen: Sequence[Server]) -> int:
    states = {server: process.state_of(server) for server in chosen}
    for server, state in states.items():
        pid = process.running_pid(server) or "-"
        address = server.endpoint()[1]
        print(f"{server.name:14} {state:20} {pid!s:>8}  {address:24} {server.places.log}")
    return 0 if all(state is process.State.READY for state in states.values()) else 1


def _down(chosen: Sequence[Server]) -> int:
    for server in reversed(chosen):
        say(f"{server.name}: {'stopped' if process.stop(server) else 'was not running'}")
    return 0


def _kill(chosen: Sequence[Server]) -> int:
    for server in chosen:
        say(f"{server.name}: {'killed' if process.kill(server) else 'was not running'}")
    return 0


def _wipe(chosen: Sequence[Server]) -> int:
    for server in reversed(chosen):
        process.wipe(server)
        say(f"{server.name}: wiped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
