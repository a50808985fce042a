"""Connections that stay open: a WebSocket that echoes, and a request that takes as long as asked."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect

LONGEST_SLEEP = 25
"""Seconds. Shorter than the server's own graceful shutdown, so that a stopping server finishes every request."""


def live_routes(version: str) -> APIRouter:
    """Return the routes whose connections outlive an ordinary request."""
    router = APIRouter(prefix="/api", tags=["live"])

    @router.get("/sleep")
    async def sleep(seconds: Annotated[float, Query(ge=0, le=LONGEST_SLEEP)] = 1) -> dict[str, float | str]:
        await asyncio.sleep(seconds)
        return {"slept": seconds, "version": version}

    @router.websocket("/ws")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        try:
            await socket.send_json({"type": "welcome", "version": version})
            while True:
                await socket.send_json({"type": "echo", "text": await socket.receive_text()})
        except WebSocketDisconnect:
            return

    return router
