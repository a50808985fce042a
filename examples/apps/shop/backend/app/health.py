"""Whether the database and the cache answer: GET /health for the container's probe, /api/health for people."""

import logging

from fastapi import APIRouter, Response
from pydantic import BaseModel
from redis import RedisError
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from app.cache import Store

log = logging.getLogger(__name__)


class Health(BaseModel):
    """`status` is ok or failing, the parts are connected or unavailable."""

    status: str
    database: str
    cache: str
    version: str


def database_answers(engine: Engine) -> bool:
    """Tell whether the database answers a query; the log says why not."""
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        log.warning("the database is unavailable: %s", getattr(error, "orig", None) or error)
        return False
    return True


def cache_answers(store: Store) -> bool:
    """Tell whether Redis answers a ping; the log says why not."""
    try:
        store.ping()
    except RedisError as error:
        log.warning("the cache is unavailable: %s", error)
        return False
    return True


def health_routes(engine: Engine, store: Store, version: str) -> APIRouter:
    """Return the health routes; they answer 503 when a part is unavailable."""
    router = APIRouter(tags=["health"])

    @router.get("/health")
    @router.get("/api/health")
    def health(response: Response) -> Health:
        parts = {"database": database_answers(engine), "cache": cache_answers(store)}
        response.headers["Cache-Control"] = "no-store"
        if not all(parts.values()):
            response.status_code = 503
        words = {name: "connected" if answers else "unavailable" for name, answers in parts.items()}
        return Health(status="ok" if all(parts.values()) else "failing", version=version, **words)

    return router
