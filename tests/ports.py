"""Ports for servers that tests start."""

from __future__ import annotations

import random
import socket

HOST = "127.0.0.1"
# Below those that systems give to outgoing connections: one of them could take it meanwhile.
RANGE = (20_000, 30_000)
# A cluster draws some fifty before any of them is listened on: two draws would meet now and then.
_drawn: set[int] = set()


def free_port() -> int:
    """Return a port that nobody listens on now, another one each time."""
    while True:
        port = random.randrange(*RANGE)
        if port in _drawn:
            continue
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        _drawn.add(port)
        return port
