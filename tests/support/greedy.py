"""Slow and greedy clients of an edge: slow downloads, slow uploads, requests that never end, idle connections.

Each kind of client is a function that returns a coroutine function for one client. A :class:`Crowd` runs many of them
while a test asks as an ordinary visitor. The clients use the standard library only.
"""

from __future__ import annotations

import asyncio
import base64
import collections
import contextlib
import threading
from collections.abc import Awaitable, Callable, Sequence

#: One client: it gets the connection, and returns how it ended in one or two words.
Client = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[str]]

_CHUNK = 16 * 1024
#: Clients open their connections in groups of this size, or the accept queue of the server would drop some.
_GROUP = 200


def download(path: str, rate: int) -> Client:
    """Return a client that reads an answer at *rate* bytes per second. It ends with the status and the bytes it got."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        writer.write(_head("GET", path, "Accept-Encoding: gzip"))
        status = (await reader.readline()).split()[1].decode()
        got = 0
        while chunk := await reader.read(_CHUNK):
            got += len(chunk)
            await asyncio.sleep(len(chunk) / rate)
        return f"{status} after {got} bytes"

    return client


def upload(path: str, size: int, rate: int | None = None, *, chunked: bool = False) -> Client:
    """Return a client that sends *size* bytes, at *rate* bytes per second if given. It ends with the status.

    :param chunked: without a Content-Length.
    """

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
        writer.write(_head("POST", path, "Content-Type: application/octet-stream", length))
        answer = asyncio.ensure_future(reader.readline())
        left = size
        try:
            while left and not answer.done():
                piece = b"x" * min(left, _CHUNK)
                left -= len(piece)
                writer.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
                await writer.drain()
                await asyncio.sleep(len(piece) / rate if rate else 0)
            if chunked and not answer.done():
                writer.write(b"0\r\n\r\n")
        except OSError:
            # Refused in the middle of the body. The answer may be there nevertheless.
            pass
        line = (await answer).split()
        return line[1].decode() if line else "closed"

    return client


def half_request(header: int) -> Client:
    """Return a client that sends *header* bytes of headers in lines of 4 kB and never the end of them."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        lines = "".join(f"X-Half-{number}: {'x' * 4000}\r\n" for number in range(header // 4000))
        writer.write(_head("GET", "/", lines.rstrip())[:-2] + b"X-Last: x")
        line = (await reader.readline()).split()
        return line[1].decode() if line else "closed"

    return client


def idle(path: str) -> Client:
    """Return a client that gets one answer and keeps its connection open until the server closes it."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        writer.write(_head("GET", path, close=False))
        while await reader.read(_CHUNK):
            pass
        return "closed"

    return client


def websocket(path: str) -> Client:
    """Return a client that asks for a websocket and reads nothing of what it gets."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        key = base64.b64encode(b"0123456789abcdef").decode()
        writer.write(
            _head(
                "GET",
                path,
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Version: 13",
                f"Sec-WebSocket-Key: {key}",
                close=False,
            )
        )
        status = (await reader.readline()).split()[1].decode()
        while reader.at_eof() is False:
            await asyncio.sleep(0.5)
        return status

    return client


def _head(method: str, path: str, *headers: str, close: bool = True) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: greedy", *headers, *["Connection: close"] * close]
    return ("\r\n".join(line for line in lines if line) + "\r\n\r\n").encode()


class Crowd:
    """Runs clients at the same time in a thread, as a context manager; at its end the remaining ones hang up.

    ``ended`` counts how clients have ended. ``most`` is the largest number of connections that were open at a time.
    """

    def __init__(self, address: str, port: int, clients: Sequence[Client], host: str = "greedy") -> None:
        self.ended: collections.Counter[str] = collections.Counter()
        self.open = 0
        self.most = 0
        self._target = (address, port)
        self._clients = clients
        self._loop = asyncio.new_event_loop()
        self._all_ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Crowd:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # The loop is closed if all clients have ended.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._main.cancel)
        self._thread.join(30)

    def wait(self, seconds: float) -> bool:
        """Wait until all clients have ended, at most *seconds*; return whether they have."""
        return self._all_ended.wait(seconds)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._main = self._loop.create_task(self._all())
        try:
            self._loop.run_until_complete(self._main)
        except asyncio.CancelledError:
            pass
        finally:
            self._loop.close()

    async def _all(self) -> None:
        tasks = []
        for number, client in enumerate(self._clients, 1):
            tasks.append(asyncio.ensure_future(self._one(client)))
            if number % _GROUP == 0:
                await asyncio.sleep(0.1)
        try:
            await asyncio.gather(*tasks)
            self._all_ended.set()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, client: Client) -> None:
        try:
            reader, writer = await asyncio.open_connection(*self._target, limit=2 * _CHUNK)
        except OSError as error:
            self.ended[type(error).__name__] += 1
            return
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            self.ended[await client(reader, writer)] += 1
        except (OSError, IndexError, ValueError) as error:
            self.ended[type(error).__name__] += 1
        finally:
            self.open -= 1
            writer.transport.abort()
