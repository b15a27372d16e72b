"""A small HTTP server that answers what a test tells it to, for adapters of web services."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit


@dataclass
class HttpServer:
    """What is answered and what was asked.

    Attributes:
        url: Where it listens.
        status: Of the next answers.
        body: Of the next answers: text as it is, anything else as JSON.
        headers: Beside those of every answer.
        hangs: Never answers.
        asked: Path and query of each request, oldest first.
    """

    url: str = ""
    status: int = 200
    body: object = ""
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            target = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
            parts = urlsplit(target)
            self.asked.append((parts.path, dict(parse_qsl(parts.query))))
            if self.hangs:
                await reader.read()  # until the caller has gone
                return
            text = self.body if isinstance(self.body, str) else json.dumps(self.body)
            raw = text.encode()
            headers = {"Content-Length": str(len(raw)), "Connection": "close", **self.headers}
            head = f"HTTP/1.1 {self.status} X\r\n"
            head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            writer.write(head.encode() + b"\r\n" + raw)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the caller went away
        finally:
            writer.close()


@asynccontextmanager
async def http_server(port: int = 0) -> AsyncIterator[HttpServer]:
    """Run a server on a given port, or on a free one."""
    served = HttpServer()
    server = await asyncio.start_server(served.answer, "127.0.0.1", port)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield served
