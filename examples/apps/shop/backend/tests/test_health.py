"""Health, and what every response carries."""

from typing import cast

import pytest
from conftest import MemoryStore
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.database import connect
from app.settings import Settings, read_settings

PATHS = ("/health", "/api/health")


@pytest.mark.parametrize("path", PATHS)
def test_healthy(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "database": "connected", "cache": "connected", "version": "1.2.3"}


@pytest.mark.parametrize("path", PATHS)
def test_names_the_cache_when_it_fails(client: TestClient, store: MemoryStore, path: str) -> None:
    store.down = True
    response = client.get(path)
    assert response.status_code == 503
    assert response.json() == {
        "status": "failing",
        "database": "connected",
        "cache": "unavailable",
        "version": "1.2.3",
    }


class TestWithoutDatabase:
    @pytest.fixture
    def engine(self, environ: dict[str, str]) -> Engine:
        return connect(read_settings(environ | {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": "1"}))

    def test_health_names_the_database(self, client: TestClient) -> None:
        response = client.get("/api/health")
        assert response.status_code == 503
        assert response.json()["database"] == "unavailable"
        assert response.json()["cache"] == "connected"

    def test_items_answer_503(self, client: TestClient) -> None:
        response = client.get("/api/items")
        assert (response.status_code, response.json()) == (503, {"detail": "The database is unavailable."})

    def test_the_log_holds_no_password(self, client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
        client.get("/api/health")
        assert "the database is unavailable" in caplog.text
        assert "database-password" not in caplog.text


def test_version(client: TestClient, settings: Settings) -> None:
    assert client.get("/api/version").json() == {"version": settings.version, "commit": settings.commit}


@pytest.mark.parametrize("path", ["/api/version", "/api/nowhere", "/api/sleep?seconds=-1"])
def test_every_response_carries_the_version(client: TestClient, path: str) -> None:
    assert client.get(path).headers["X-App-Version"] == "1.2.3"


def test_even_a_crash_carries_the_version(client: TestClient, store: MemoryStore) -> None:
    store.values["items:generation"] = "7"
    store.values["items:1.2.3:7"] = cast(str, object())
    response = client.get("/api/items")
    assert (response.status_code, response.headers["X-App-Version"]) == (500, "1.2.3")
