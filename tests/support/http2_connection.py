"""One connection of a client that speaks HTTP/2 and retries nothing."""

from __future__ import annotations

import asyncio
import contextlib
import struct

import h2.config
import h2.connection
import h2.errors
import h2.events

_PREFACE_OF_FRAME = 9
_GOAWAY = 7


class NotBegunError(Exception):
    """The server says that it has not begun this request and that another connection may take it (RFC 9113, 8.7)."""


class Http2Connection:
    """Sends GET requests at the same time. ``is_open``: whether it takes new ones."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self.is_open = True
        self._reader, self._writer, self._host = reader, writer, host
        self._protocol = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self._answers: dict[int, asyncio.Future[int]] = {}
        self._statuses: dict[int, int] = {}
        self._buffer = b""
        self._protocol.initiate_connection()
        self._send()
        self._reading = asyncio.create_task(self._read())

    async def get(self, path: str) -> int:
        """Return the status of an answer that has come to its end.

        :raises NotBegunError: if the server has not begun it. :raises OSError: for every other end.
        """
        stream = self._protocol.get_next_available_stream_id()
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._answers[stream] = answer
        headers = {":method": "GET", ":scheme": "https", ":authority": self._host, ":path": path}
        self._protocol.send_headers(stream, list(headers.items()), end_stream=True)
        self._send()
        try:
            return await answer
        finally:
            self._answers.pop(stream, None)
            self._end_if_idle()

    async def close(self) -> None:
        """Close it, and wait for its end."""
        self.is_open = False
        self._writer.close()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    def _send(self) -> None:
        self._writer.write(self._protocol.data_to_send())

    def _end_if_idle(self) -> None:
        if not self.is_open and not self._answers:
            self._writer.close()

    async def _read(self) -> None:
        reason: Exception = ConnectionError("the server closed the connection")
        try:
            while data := await self._reader.read(65536):
                for event in self._protocol.receive_data(self._without_goaway(data)):
                    self._handle(event)
                self._send()
        except (OSError, h2.exceptions.ProtocolError) as error:
            reason = ConnectionError(f"{type(error).__name__}: {error}")
        self.is_open = False
        for answer in self._answers.values():
            _fail(answer, reason)
        with contextlib.suppress(OSError):
            self._writer.close()

    def _without_goaway(self, data: bytes) -> bytes:
        """Take GOAWAY out of what was received. h2 would take it for the end, and answers still follow it."""
        self._buffer += data
        rest = b""
        while len(self._buffer) >= _PREFACE_OF_FRAME:
            end = _PREFACE_OF_FRAME + int.from_bytes(self._buffer[:3], "big")
            if len(self._buffer) < end:
                break
            frame, self._buffer = self._buffer[:end], self._buffer[end:]
            if frame[3] != _GOAWAY:
                rest += frame
                continue
            last, code = struct.unpack(">LL", frame[_PREFACE_OF_FRAME:][:8])
            self._go_away(last & 0x7FFFFFFF, code)
        return rest

    def _go_away(self, last: int, code: int) -> None:
        self.is_open = False
        for stream, answer in self._answers.items():
            if code:
                _fail(answer, ConnectionError(f"GOAWAY with the error {code}"))
            elif stream > last:
                _fail(answer, NotBegunError())
        self._end_if_idle()

    def _handle(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.ResponseReceived):
            self._statuses[event.stream_id] = int(dict(event.headers)[":status"])
        elif isinstance(event, h2.events.DataReceived):
            self._protocol.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            is_refused = event.error_code == h2.errors.ErrorCodes.REFUSED_STREAM
            why = NotBegunError() if is_refused else ConnectionError(f"RST_STREAM with the error {event.error_code}")
            if event.stream_id in self._answers:
                _fail(self._answers[event.stream_id], why)
        elif isinstance(event, h2.events.StreamEnded):
            answer = self._answers.get(event.stream_id)
            if answer and not answer.done():
                answer.set_result(self._statuses.pop(event.stream_id))


def _fail(answer: asyncio.Future[int], reason: Exception) -> None:
    if not answer.done():
        answer.set_exception(reason)
