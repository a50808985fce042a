"""The application with a database in memory, a Redis made of a dictionary, and a queue that works at once."""

from collections.abc import Iterator

import pytest
from celery import Celery
from redis import ConnectionError as RedisConnectionError
from sqlalchemy import Engine, StaticPool, create_engine
from starlette.testclient import TestClient

from app.api import create_api
from app.database import Base
from app.queue import create_queue
from app.settings import Settings, read_settings


class MemoryStore:
    """What the application uses of Redis; `down` makes every call fail as an unreachable Redis does."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.lifetimes: dict[str, int] = {}
        self.down = False

    def _reach(self) -> None:
        if self.down:
            raise RedisConnectionError("Error 111 connecting to redis:6379. Connection refused.")

    def ping(self) -> bool:
        self._reach()
        return True

    def get(self, name: str) -> str | None:
        self._reach()
        return self.values.get(name)

    def set(self, name: str, value: str, ex: int) -> None:
        self._reach()
        self.values[name] = value

    def incr(self, name: str) -> int:
        self._reach()
        self.values[name] = str(int(self.values.get(name, "0")) + 1)
        return int(self.values[name])

    def expire(self, name: str, time: int) -> None:
        self._reach()
        self.lifetimes[name] = time

    def close(self) -> None:
        self.values.clear()


@pytest.fixture
def environ() -> dict[str, str]:
    return {
        "POSTGRES_HOST": "db",
        "POSTGRES_DB": "shop",
        "POSTGRES_USER": "shop",
        "POSTGRES_PASSWORD": "database-password",
        "REDIS_HOST": "redis",
        "REDIS_PASSWORD": "p@ss/word",
        "SECRET_KEY": "a key for tests",
        "APP_VERSION": "1.2.3",
        "GIT_COMMIT": "abc1234",
    }


@pytest.fixture
def settings(environ: dict[str, str]) -> Settings:
    return read_settings(environ)


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def queue(settings: Settings) -> Celery:
    queue = create_queue(settings)
    queue.conf.update(broker_url="memory://", result_backend="cache+memory://")
    return queue


@pytest.fixture
def client(settings: Settings, engine: Engine, store: MemoryStore, queue: Celery) -> Iterator[TestClient]:
    with TestClient(create_api(settings, engine, store, queue), raise_server_exceptions=False) as client:
        yield client
