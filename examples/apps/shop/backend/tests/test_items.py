"""Items: stored, listed newest first, cached until the next write."""

import pytest
from conftest import MemoryStore
from sqlalchemy import Engine, text
from starlette.testclient import TestClient


def names(client: TestClient) -> list[str]:
    return [item["name"] for item in client.get("/api/items").json()]


def test_adds_and_lists_newest_first(client: TestClient) -> None:
    added = client.post("/api/items", json={"name": "  lamp "})
    assert added.status_code == 201
    assert added.json()["name"] == "lamp"
    client.post("/api/items", json={"name": "chair"})
    assert names(client) == ["chair", "lamp"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, None])
def test_refuses_a_name_that_does_not_fit(client: TestClient, name: str | None) -> None:
    assert client.post("/api/items", json={"name": name}).status_code == 422


def test_the_list_is_cached_until_a_write(client: TestClient, engine: Engine) -> None:
    client.post("/api/items", json={"name": "lamp"})
    assert client.get("/api/items").headers["X-Cache"] == "miss"
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM items"))
    assert client.get("/api/items").headers["X-Cache"] == "hit"
    assert names(client) == ["lamp"]
    client.post("/api/items", json={"name": "chair"})
    assert names(client) == ["chair"]


def test_another_version_has_its_own_list(client: TestClient, store: MemoryStore) -> None:
    client.get("/api/items")
    assert [key for key in store.values if key.startswith("items:")] == ["items:1.2.3:0"]


def test_works_without_the_cache(client: TestClient, store: MemoryStore) -> None:
    store.down = True
    assert client.post("/api/items", json={"name": "lamp"}).status_code == 201
    assert client.get("/api/items").headers["X-Cache"] == "off"
    assert names(client) == ["lamp"]
