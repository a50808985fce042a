"""Redis as a cache of the item list; the shop works without it, only slower."""

import logging
from typing import Protocol, cast

from redis import Redis, RedisError

from app.settings import CACHE_DATABASE, Settings

LIFETIME = 30
"""Seconds a cached list lives, should its invalidation have failed."""

log = logging.getLogger(__name__)


class Store(Protocol):
    """The part of a Redis client that the shop uses."""

    def ping(self) -> object: ...
    def get(self, name: str) -> str | None: ...
    def set(self, name: str, value: str, ex: int) -> object: ...
    def incr(self, name: str) -> object: ...
    def expire(self, name: str, time: int) -> object: ...
    def close(self) -> object: ...


def connect(settings: Settings) -> Store:
    """Return a client that gives up on an unreachable Redis after two seconds."""
    client = Redis.from_url(
        settings.redis_url(CACHE_DATABASE), decode_responses=True, socket_timeout=2, socket_connect_timeout=2
    )
    return cast(Store, client)  # The client's types do not know that decoded responses are text.


class ListCache:
    """The list of items as JSON text, kept per generation.

    Every write starts a new generation, so a reader that was slow stores what it read under the old generation's
    key, where nobody looks any more. The key holds the version as well: during a rollout two versions, which may
    disagree on the shape of an item, share one Redis.
    """

    def __init__(self, store: Store, version: str) -> None:
        self._store = store
        self._version = version

    def generation(self) -> str | None:
        """Return the present generation, or None when Redis does not answer."""
        try:
            return self._store.get("items:generation") or "0"
        except RedisError as error:
            log.warning("the cache is unavailable: %s", error)
            return None

    def read(self, generation: str) -> str | None:
        """Return the cached list of a generation, or None."""
        try:
            return self._store.get(self._key(generation))
        except RedisError as error:
            log.warning("the cache is unavailable: %s", error)
            return None

    def write(self, generation: str, items: str) -> None:
        """Keep the list of a generation."""
        try:
            self._store.set(self._key(generation), items, ex=LIFETIME)
        except RedisError as error:
            log.warning("the cache did not keep the list of items: %s", error)

    def invalidate(self) -> None:
        """Start a new generation; call it after the commit."""
        try:
            self._store.incr("items:generation")
        except RedisError as error:
            log.warning("the cache may show the old list of items for %d s: %s", LIFETIME, error)

    def _key(self, generation: str) -> str:
        return f"items:{self._version}:{generation}"
