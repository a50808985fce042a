"""The HTTP application: routes, what every response carries, and an orderly end."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from celery import Celery
from celery.result import denied_join_result
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.cache import Store
from app.health import health_routes
from app.items import item_routes
from app.jobs import job_routes
from app.live import live_routes
from app.settings import Settings
from app.uploads import upload_routes

log = logging.getLogger(__name__)


class VersionHeader:
    """Adds X-App-Version to every response, those to crashes and WebSocket handshakes included."""

    def __init__(self, app: ASGIApp, version: str) -> None:
        self._app = app
        self._version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_version(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                MutableHeaders(scope=message)["X-App-Version"] = self._version
            await send(message)

        await self._app(scope, receive, send_with_version)


def create_api(settings: Settings, engine: Engine, store: Store, queue: Celery) -> ASGIApp:
    """Return the application; it closes the engine, the cache and the queue when it ends."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(name)s: %(message)s")
        # The API asks for results, it never waits for them: without this, Celery would subscribe to a channel of
        # Redis for every job that is sent, and stay subscribed.
        with denied_join_result():
            yield
        queue.close()
        store.close()
        engine.dispose()

    api = FastAPI(
        title="shop", version=settings.version, lifespan=lifespan, openapi_url="/api/openapi.json", docs_url=None
    )
    api.include_router(health_routes(engine, store, settings.version))
    api.include_router(item_routes(engine, store, settings.version))
    api.include_router(job_routes(engine, store, queue, settings.secret_key))
    api.include_router(live_routes(settings.version))
    if settings.uploads_dir:
        api.include_router(upload_routes(settings.uploads_dir))

    @api.exception_handler(OperationalError)
    def database_unavailable(_: Request, error: OperationalError) -> JSONResponse:
        log.warning("the database is unavailable: %s", error.orig)
        return JSONResponse({"detail": "The database is unavailable."}, status_code=503)

    @api.get("/api/version", tags=["health"])
    def version() -> dict[str, str]:
        return {"version": settings.version, "commit": settings.commit}

    return VersionHeader(api, settings.version)
