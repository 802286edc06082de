"""Somebody's server that takes webhooks, on loopback; keeps what came and answers as told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec


@dataclass
class Post:
    """One request as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        message: dict[str, Any] = msgspec.json.decode(self.body)
        return message


@dataclass
class WebhookReceiver:
    """Answers each post with the next status; the last one stays."""

    statuses: list[str] = field(default_factory=lambda: ["204 No Content"])
    headers: str = ""
    posts: list[Post] = field(default_factory=list)
    url: str = ""

    @property
    def events(self) -> list[str]:
        return [post.told["type"] for post in self.posts]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            lines = head.split("\r\n")[1:]
            pairs = (line.split(": ", 1) for line in lines if line)
            headers = {name.lower(): value for name, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.posts.append(Post(headers, body))
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
            reply = f"HTTP/1.1 {status}\r\n{self.headers}content-length: 0\r\n"
            writer.write(f"{reply}connection: close\r\n\r\n".encode())
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def receiving(*statuses: str, headers: str = "") -> AsyncIterator[WebhookReceiver]:
    """Serve one receiver."""
    receiver = WebhookReceiver(headers=headers)
    receiver.statuses = list(statuses) or receiver.statuses
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield receiver
    finally:
        server.close()
        await asyncio.sleep(0.01)  # transports close in the loop's next rounds
