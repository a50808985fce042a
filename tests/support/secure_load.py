"""Load over HTTPS by clients that retry nothing: HTTP/1.1 on kept and on new connections, and HTTP/2."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import threading
import time
from collections import Counter
from collections.abc import Collection, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.http2_connection import Http2Connection, NotBegunError

KEPT, NEW, HTTP2 = "HTTP/1.1, kept", "HTTP/1.1, new", "HTTP/2"
#: The part of the requests that each kind of client sends, and how many of these clients there are.
_SHARES = {KEPT: (0.5, 40), NEW: (0.1, 12), HTTP2: (0.4, 8)}
#: Seconds after which a request without an answer has failed.
_TIMEOUT = 20.0


@dataclass
class Report:
    """What came of it: the number of requests by kind of client, of answers by status, and of failures by reason.

    ``certificates``: fingerprints of those that new connections got. ``moved``: requests of HTTP/2 that the server
    had not begun when it ended a connection, and said so; they went to the next one. ``seconds``: how long it was.
    """

    requests: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    certificates: set[str] = field(default_factory=set)
    connections: int = 0
    moved: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests.total() / self.seconds

    def figures(self) -> dict[str, Any]:
        """Return it as plain data."""
        counted = {"requests": self.requests, "statuses": self.statuses, "failures": self.failures}
        plain = {name: dict(counter) for name, counter in counted.items()}
        return {**plain, "connections": self.connections, "moved": self.moved, "seconds": self.seconds}

    def __str__(self) -> str:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.requests.items()))
        text = f"{self.requests.total()} requests in {self.seconds:.0f} s ({kinds}), {self.rate:.0f}/s"
        text += f" on {self.connections} connections, {self.failures.total()} failed, {self.moved} moved"
        return "; ".join([text, *(f"{count} x {reason}" for reason, count in self.failures.items())])


class SecureLoad:
    """GET requests to a host name at an address, as a context manager; afterwards ``report`` is complete.

    :param rate: requests per second of all clients together.
    :param expected: the statuses that are no failure.
    """

    def __init__(
        self,
        address: str,
        host: str,
        rate: float,
        path: str = "/",
        port: int = 443,
        expected: Collection[int] = (200,),
    ) -> None:
        self.report = Report()
        self._target = (address, port, host, path)
        self._rate, self._expected = rate, expected
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> SecureLoad:
        self._started = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.report.seconds = time.monotonic() - self._started

    async def _run(self) -> None:
        makers = {KEPT: _Http1, NEW: _Http1OnNew, HTTP2: _Http2}
        clients: list[Coroutine[Any, Any, None]] = []
        for kind, (share, count) in _SHARES.items():
            clients += [
                self._send(kind, makers[kind](*self._target, self.report), self._rate * share / count, number / count)
                for number in range(count)
            ]
        await asyncio.gather(*clients)

    async def _send(self, kind: str, client: _Client, rate: float, offset: float) -> None:
        """Send *rate* requests per second, each at its time, however long an earlier one takes."""
        due, under_way = time.monotonic() + offset / rate, set[asyncio.Task[None]]()
        while not self._stop.is_set():
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if len(under_way) < client.parallel:
                task = asyncio.create_task(self._once(kind, client))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            due = max(due + 1 / rate, time.monotonic() - 1)
        await asyncio.gather(*under_way)
        await client.close()

    async def _once(self, kind: str, client: _Client) -> None:
        self.report.requests[kind] += 1
        try:
            status = await asyncio.wait_for(client.get(), _TIMEOUT)
        except Exception as error:
            at = time.monotonic() - self._started
            self.report.failures[f"{kind}: {type(error).__name__}: {error} at {at:.1f} s"] += 1
        else:
            self.report.statuses[status] += 1
            if status not in self._expected:
                self.report.failures[f"{kind}: status {status}"] += 1


class _Client:
    """Sends requests. ``parallel``: how many may be under way at the same time."""

    parallel = 1
    protocols: Sequence[str] = ("http/1.1",)

    def __init__(self, address: str, port: int, host: str, path: str, report: Report) -> None:
        self.address, self.port, self.host, self.path, self.report = address, port, host, path, report
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.context.set_alpn_protocols(self.protocols)

    async def get(self) -> int:
        """Return the status of the answer to one request."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close what is open."""

    async def connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a new connection."""
        reader, writer = await asyncio.open_connection(
            self.address, self.port, ssl=self.context, server_hostname=self.host, ssl_handshake_timeout=_TIMEOUT
        )
        secured = writer.get_extra_info("ssl_object")
        if secured.selected_alpn_protocol() != self.protocols[0]:
            raise ConnectionError(f"the server does not speak {self.protocols[0]}")
        self.report.connections += 1
        self.report.certificates.add(hashlib.sha256(secured.getpeercert(binary_form=True)).hexdigest())
        return reader, writer


class _Http1(_Client):
    """Keeps its connection until the server says that it closes it."""

    is_kept = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self) -> int:
        # One that the server has closed at rest is not used any more. That is no failure, as nothing was sent on it.
        usable = self._open if self._open and not self._open[0].at_eof() else None
        reader, writer = usable or await self.connected()
        self._open = None
        try:
            words = "" if self.is_kept else "Connection: close\r\n"
            writer.write(f"GET {self.path} HTTP/1.1\r\nHost: {self.host}\r\n{words}\r\n".encode())
            status, headers = _head(await reader.readuntil(b"\r\n\r\n"))
            if headers.get("transfer-encoding") == "chunked":
                await reader.readuntil(b"0\r\n\r\n")
            else:
                await reader.readexactly(int(headers["content-length"]))
        except BaseException:
            writer.close()
            raise
        if self.is_kept and headers.get("connection") != "close":
            self._open = reader, writer
        else:
            writer.close()
        return status

    async def close(self) -> None:
        if self._open:
            self._open[1].close()


class _Http1OnNew(_Http1):
    """Opens a connection for each request."""

    is_kept = False


class _Http2(_Client):
    """Has one connection, with several requests on it at the same time."""

    # Servers allow no more than 32 on one connection.
    parallel = 24
    protocols = ("h2",)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._connection: Http2Connection | None = None
        self._connecting = asyncio.Lock()

    async def get(self) -> int:
        while True:
            async with self._connecting:
                if not self._connection or not self._connection.is_open:
                    self._connection = Http2Connection(*await self.connected(), self.host)
                connection = self._connection
            try:
                return await connection.get(self.path)
            except NotBegunError:
                self.report.moved += 1

    async def close(self) -> None:
        if self._connection:
            await self._connection.close()


def _head(data: bytes) -> tuple[int, dict[str, str]]:
    """Return the status and the headers of an answer, with names and values in lower case."""
    first, *lines = data.decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return int(first.split()[1]), {name.lower(): value.strip().lower() for name, value in pairs}
