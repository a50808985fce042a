"""Slow and greedy clients of an edge: slow downloads, slow uploads, requests that never end, idle connections.

Each kind of client is a function that returns a coroutine function for one client. As a program it runs many clients
until its standard input ends, with one JSON value as its argument:

    {"address": "172.17.0.2", "port": 8080, "clients": [{"kind": "download", "count": 20, "path": "/", "rate": 1000}]}

At the end it prints how they ended and how many connections were open at the same time, as JSON. It uses the standard
library only, so it runs in any image with Python (``crowd``).
"""

from __future__ import annotations

import asyncio
import base64
import collections
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

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
    lines = [f"{method} {path} HTTP/1.1", f"Host: {_host[0]}", *headers, *["Connection: close"] * close]
    return ("\r\n".join(line for line in lines if line) + "\r\n\r\n").encode()


async def run(address: str, port: int, clients: Sequence[Client], ended: asyncio.Event) -> dict[str, Any]:
    """Run all clients until each has ended or *ended* is set; the remaining ones then hang up.

    Returns ``{ended: {how: number}, most}``; ``most`` is the largest number of connections at the same time.
    """
    how: collections.Counter[str] = collections.Counter()
    open_now, most = 0, 0

    async def one(client: Client) -> None:
        nonlocal open_now, most
        try:
            reader, writer = await asyncio.open_connection(address, port, limit=2 * _CHUNK)
        except OSError as error:
            how[type(error).__name__] += 1
            return
        open_now += 1
        most = max(most, open_now)
        try:
            how[await client(reader, writer)] += 1
        except (OSError, IndexError, ValueError) as error:
            how[type(error).__name__] += 1
        finally:
            open_now -= 1
            writer.transport.abort()

    tasks = []
    for number, client in enumerate(clients, 1):
        tasks.append(asyncio.ensure_future(one(client)))
        if number % _GROUP == 0:
            await asyncio.sleep(0.1)
    all_ended = asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.wait([all_ended, asyncio.ensure_future(ended.wait())], return_when=asyncio.FIRST_COMPLETED)
    left = sum(not task.done() for task in tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {"ended": dict(how), "left": left, "most": most}


#: The host that all clients ask for.
_host = ["localhost"]
_KINDS = {kind.__name__: kind for kind in (download, upload, half_request, idle, websocket)}


async def _main(arguments: dict[str, Any]) -> None:
    _host[0] = arguments["address"]
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, ended.set)
    clients = []
    for one in arguments["clients"]:
        count = one.pop("count")
        clients += [_KINDS[one.pop("kind")](**one)] * count
    print(json.dumps(await run(arguments["address"], arguments["port"], clients, ended)), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(json.loads(sys.argv[1])))
