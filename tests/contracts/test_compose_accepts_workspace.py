"""Real Compose, the oldest and the newest version, reads the files of a checkout: the base and the overlay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.checkouts import stack, write
from tests.support.real_compose import SUITES, config

pytestmark = pytest.mark.parametrize("suite", SUITES)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    write(stack(), tmp_path)
    for folder in ("backend/app", "frontend/src"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def _read(suite: str, folder: Path, *options: str) -> dict[str, Any]:
    found: dict[str, Any] = config(suite, folder, *options)["services"]
    return found


def test_base_and_overlay_are_a_stack_in_development(suite: str, checkout: Path) -> None:
    found = _read(suite, checkout)
    backend, worker, frontend = found["backend"], found["worker"], found["frontend"]
    assert backend["build"] == {
        "context": str(checkout / "backend"),
        "dockerfile": "Dockerfile",
        "target": "development",
    }
    assert backend["pull_policy"] == "build"
    sources = {mount["target"]: mount for mount in backend["volumes"]}
    assert sources["/app/app"]["source"] == str(checkout / "backend/app")
    assert sources["/app/app"]["read_only"] is True
    assert "resources" not in backend["deploy"] or not backend["deploy"]["resources"]
    assert not worker.get("read_only")
    assert {entry["action"] for entry in worker["develop"]["watch"]} == {"rebuild", "sync+restart"}
    assert {entry["action"] for entry in frontend["develop"]["watch"]} == {"rebuild", "sync"}
    assert backend["depends_on"]["backend-release"]["condition"] == "service_completed_successfully"
    assert backend["depends_on"]["db"]["condition"] == "service_healthy"
    assert not found["backend-release"].get("profiles")
    assert backend["environment"]["POSTGRES_HOST"] == "db"


def test_every_port_is_published_on_loopback(suite: str, checkout: Path) -> None:
    ports = [(name, port) for name, service in _read(suite, checkout).items() for port in service.get("ports", [])]
    assert {port["host_ip"] for _, port in ports} == {"127.0.0.1"}
    assert ("edge-pod", "8080") in {(name, port["published"]) for name, port in ports}
    with (checkout / ".env").open("a") as stream:
        stream.write("EDGE_PORT=8430\n")
    assert _read(suite, checkout)["edge-pod"]["ports"][0]["published"] == "8430"


def test_the_base_has_no_development_keys(suite: str, checkout: Path) -> None:
    for name, service in _read(suite, checkout, "-f", "compose.yaml").items():
        assert not {"build", "develop"} & set(service), name
        assert service["deploy"]["resources"]["limits"]["memory"], name


def test_every_file_in_base_and_overlay_exists(suite: str, checkout: Path) -> None:
    read = config(suite, checkout)
    secrets = [Path(secret["file"]) for secret in read["secrets"].values()]
    assert len(secrets) == 6
    mounted = [
        Path(mount["source"])
        for service in read["services"].values()
        for mount in service.get("volumes", [])
        if mount["type"] == "bind"
    ]
    assert [str(path) for path in [*secrets, *mounted] if not path.exists()] == []


def test_no_service_limits_swap_without_memory(suite: str, checkout: Path) -> None:
    """The engine refuses to create such a container; Compose does not check that."""
    services = _read(suite, checkout).items()
    limited = {name: (spec.get("deploy") or {}).get("resources") or {} for name, spec in services}
    swapping = [name for name, spec in services if spec.get("memswap_limit")]
    assert "db" in swapping
    assert [name for name in swapping if not (limited[name].get("limits") or {}).get("memory")] == []
