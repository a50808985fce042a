"""Forwards connections to the machine that runs the containers, so that a program there can be an application."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from pathlib import Path


def _gateway() -> str:
    """Return the address of the default route: the machine as this container sees it."""
    for line in Path("/proc/net/route").read_text().splitlines()[1:]:
        _interface, destination, gateway, *_rest = line.split()
        if destination == "00000000":
            return socket.inet_ntoa(struct.pack("<I", int(gateway, 16)))
    raise LookupError("this container has no default route")


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def _serve(port: int) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(_gateway(), port)
        await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer), return_exceptions=True)

    async with await asyncio.start_server(connected, "0.0.0.0", port) as server:
        await server.serve_forever()


async def _main() -> None:
    # Each argument is a port, here and there.
    await asyncio.gather(*(_serve(int(port)) for port in sys.argv[1:]))


if __name__ == "__main__":
    asyncio.run(_main())
