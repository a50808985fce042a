"""Files: kept as they came, replaced whole, and never outside of their directory."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app import uploads


@pytest.fixture
def environ(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    return environ | {"UPLOADS_DIR": str(tmp_path)}


def test_a_file_comes_back_as_it_was_sent(client: TestClient, tmp_path: Path) -> None:
    for content in (b"first", b"\x00second"):
        stored = client.put("/api/uploads/report.pdf", content=content)
        assert (stored.status_code, stored.json()) == (201, {"name": "report.pdf", "size": len(content)})
        assert client.get("/api/uploads/report.pdf").content == content
    assert [path.name for path in tmp_path.iterdir()] == ["report.pdf"]


def test_a_file_that_is_not_there_is_not_found(client: TestClient) -> None:
    assert client.get("/api/uploads/report.pdf").status_code == 404


@pytest.mark.parametrize("name", [".hidden", "%2e%2e", "a%2fb", "a b", "x" * 101])
def test_a_name_that_is_more_than_a_name_is_refused(client: TestClient, tmp_path: Path, name: str) -> None:
    assert client.put(f"/api/uploads/{name}", content=b"x").status_code in (404, 405, 422)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_too_large_leaves_nothing(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_BYTES", 10)
    assert client.put("/api/uploads/large", content=b"x" * 11).status_code == 413
    assert list(tmp_path.iterdir()) == []


class TestWithoutADirectory:
    @pytest.fixture
    def environ(self) -> dict[str, str]:
        return {
            "POSTGRES_HOST": "db",
            "POSTGRES_DB": "shop",
            "POSTGRES_USER": "shop",
            "POSTGRES_PASSWORD": "p",
            "REDIS_HOST": "redis",
            "SECRET_KEY": "k",
        }

    def test_there_are_no_uploads(self, client: TestClient) -> None:
        assert client.put("/api/uploads/report.pdf", content=b"x").status_code == 404
