"""The application with the real Postgres and Redis that the environment names, after `alembic upgrade head`."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import Engine, inspect
from starlette.testclient import TestClient

from app import cache, database, seed
from app.api import create_api
from app.database import Base
from app.queue import create_queue
from app.settings import Settings, load_settings


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings()


@pytest.fixture(scope="module")
def engine(settings: Settings) -> Iterator[Engine]:
    engine = database.connect(settings)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def client(settings: Settings, engine: Engine) -> Iterator[TestClient]:
    with TestClient(create_api(settings, engine, cache.connect(settings), create_queue(settings))) as client:
        yield client


def test_both_answer(client: TestClient) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["database"], answer.json()["cache"]) == (200, "connected", "connected")


def test_the_migrations_make_the_tables_that_the_code_has(engine: Engine) -> None:
    found = inspect(engine)
    for table in Base.metadata.tables.values():
        columns = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        assert columns == {column.name: column.nullable for column in table.columns}


def test_an_item_is_stored_and_its_list_cached(client: TestClient) -> None:
    name = f"lamp {uuid4()}"
    assert client.post("/api/items", json={"name": name}).status_code == 201
    seen = [client.get("/api/items") for _ in range(2)]
    assert [answer.headers["X-Cache"] for answer in seen] == ["miss", "hit"]
    assert seen[1].json()[0]["name"] == name


def test_a_job_is_in_the_queue(client: TestClient) -> None:
    sent = client.post("/api/jobs", json={"n": 10, "seconds": 0})
    assert sent.status_code == 202
    # Or out of it already, where a worker runs.
    assert client.get(f"/api/jobs/{sent.json()['id']}").json()["state"] in ("PENDING", "STARTED", "SUCCESS")


def test_a_database_with_items_is_not_seeded(engine: Engine) -> None:
    assert seed.seed(engine) == 0
