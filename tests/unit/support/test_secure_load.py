"""The clients of the load notice what a browser would show, and count nothing else as a failure."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import h2.config
import h2.connection
import h2.errors
import h2.events
import pytest

from tests.support import secure_load
from tests.support.http2_connection import Http2Connection, NotBegunError

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _with_server(handler: Handler, use: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Any]]) -> Any:
    """Return what *use* of a connection to a server returns."""

    async def run() -> Any:
        async with await asyncio.start_server(handler, "127.0.0.1", 0) as server:
            return await asyncio.wait_for(use(*await asyncio.open_connection(*server.sockets[0].getsockname())), 10)

    return asyncio.run(run())


def _http2(end: Callable[[h2.connection.H2Connection, asyncio.StreamWriter], None], requests: int) -> Handler:
    """Return a server that calls *end* after so many requests, and then ends the connection."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        seen = 0
        while seen < requests:
            events = connection.receive_data(await reader.read(65536))
            seen += sum(isinstance(event, h2.events.RequestReceived) for event in events)
            writer.write(connection.data_to_send())
        end(connection, writer)
        writer.write(connection.data_to_send())
        writer.close()

    return handle


def _answer(connection: h2.connection.H2Connection, stream: int) -> None:
    connection.send_headers(stream, [(":status", "200")])
    connection.send_data(stream, b"yes", end_stream=True)


def _goes_away(connection: h2.connection.H2Connection, writer: asyncio.StreamWriter) -> None:
    """Begin no stream after the first one, and answer that."""
    writer.write(b"\x00\x00\x08\x07\x00" + struct.pack(">LLL", 0, 1, 0))
    _answer(connection, 1)


def _resets(code: h2.errors.ErrorCodes) -> Callable[[h2.connection.H2Connection, asyncio.StreamWriter], None]:
    return lambda connection, _writer: connection.reset_stream(1, code)


async def _two(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[Any]:
    connection = Http2Connection(reader, writer, "shop.test")
    found = await asyncio.gather(connection.get("/a"), connection.get("/b"), return_exceptions=True)
    return [one if isinstance(one, int) else type(one) for one in found]


async def _one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    return await Http2Connection(reader, writer, "shop.test").get("/")


def test_a_request_that_was_not_begun_is_told_from_one_that_was() -> None:
    assert _with_server(_http2(_goes_away, 2), _two) == [200, NotBegunError]


def test_an_answer_is_an_answer() -> None:
    assert _with_server(_http2(lambda connection, _writer: _answer(connection, 1), 1), _one) == 200


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (lambda _connection, _writer: None, ConnectionError),
        (_resets(h2.errors.ErrorCodes.INTERNAL_ERROR), ConnectionError),
        (_resets(h2.errors.ErrorCodes.REFUSED_STREAM), NotBegunError),
        (lambda _connection, writer: writer.transport.abort(), ConnectionError),
    ],
    ids=["closed", "failed", "refused", "aborted"],
)
def test_a_request_without_an_answer_has_failed(end: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        _with_server(_http2(end, 1), _one)


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [([ANSWER], [200]), ([b""], [OSError]), ([ANSWER[:-1]], [OSError]), ([ANSWER, b"", ANSWER], [200, OSError, 200])],
    ids=["answered", "closed", "cut off", "closed once"],
)
def test_requests_of_http_1_1(sent: list[bytes], expected: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each text is what the server sends to one request; it closes the connection if that is not the whole answer."""
    texts = iter(sent)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            text = next(texts)
            writer.write(text)
            if text != ANSWER:
                writer.close()
                return

    async def run() -> list[Any]:
        async with await asyncio.start_server(handler_of(handle), "127.0.0.1", 0) as server:
            where = server.sockets[0].getsockname()
            client = secure_load._Http1(*where, "shop.test", "/", secure_load.Report())
            monkeypatch.setattr(client, "connected", lambda: asyncio.open_connection(*where))
            found = [await asyncio.wait_for(_outcome(client), 10) for _ in expected]
            await client.close()
            return found

    assert asyncio.run(run()) == expected


def handler_of(handle: Handler) -> Handler:
    async def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handle(reader, writer)
        except asyncio.IncompleteReadError:
            writer.close()

    return quiet


async def _outcome(client: secure_load._Http1) -> Any:
    try:
        return await client.get()
    except (OSError, EOFError):
        return OSError
