"""Ports for servers that tests start."""

from __future__ import annotations

import random
import socket

HOST = "127.0.0.1"
# Below those that systems give to outgoing connections: one of them could take it meanwhile.
RANGE = (20_000, 30_000)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    while True:
        port = random.randrange(*RANGE)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
