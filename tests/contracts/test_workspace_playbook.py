"""Prepare a checkout of empty sources with the real playbook: what it writes, keeps and refuses. Nothing is started."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contracts import playbooks

INVENTORY: dict[str, Any] = {
    "stack": {
        "hosts": {"nowhere": {"ansible_host": "192.0.2.1"}},
        "vars": {
            "stack_name": "shop",
            "stack_environment": "development",
            "workspace_path": "{{ inventory_dir }}",
            "stack_services": {
                "api": {"kind": "fastapi", "image": "registry.example.com/api:1", "build": {"context": "api"}},
                "edge": {"kind": "nginx", "routes": [{"path": "/", "to": "api"}]},
            },
        },
    }
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "inventory.yml").write_text(yaml.safe_dump(INVENTORY))
    (tmp_path / "api/app").mkdir(parents=True)
    (tmp_path / "api/requirements.txt").write_text("fastapi\nuvicorn\n")
    return tmp_path


def _run(checkout: Path, *options: str, **variables: Any) -> tuple[int, int, str]:
    return playbooks.run("workspace", checkout / "inventory.yml", *options, variables=variables)


def test_a_second_run_changes_nothing_and_keeps_edited_files(checkout: Path) -> None:
    assert _run(checkout, "--check", "--diff")[:2] == (0, 1)
    assert not (checkout / "compose.yaml").exists()
    assert not (checkout / ".slipway").exists()
    assert _run(checkout)[:2] == (0, 1)
    assert _run(checkout)[:2] == (0, 0)
    file = checkout / "api/Dockerfile"
    file.write_text(f"{file.read_text()}# mine\n")
    code, changed, text = _run(checkout)
    assert (code, changed) == (0, 0), text
    assert "api/Dockerfile kept: somebody has changed it" in text
    assert "-# mine" in text
    assert file.read_text().endswith("# mine\n")


def test_only_the_stage_of_an_existing_dockerfile_is_checked(checkout: Path) -> None:
    file = checkout / "api/Dockerfile"
    file.write_text("FROM python:3.13-slim AS development\n")
    code, _, text = _run(checkout)
    assert code == 0, text
    assert "Dockerfile kept" not in text
    file.write_text("FROM python:3.13-slim\n")
    assert "api/Dockerfile has no stage 'development', which api would build" in _run(checkout)[2]
    assert "+FROM base AS development" in _run(checkout, "--diff")[2]
    assert file.read_text() == "FROM python:3.13-slim\n"


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_an_environment_of_servers_is_refused(checkout: Path, environment: str) -> None:
    code, _, text = _run(checkout, stack_environment=environment)
    assert code != 0
    assert f"stack_environment: {environment} is for servers" in text
    assert not (checkout / ".slipway").exists()


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ("none", "service 'api': key 'build.context': {checkout}/none is not a directory"),
        ("..", "service 'api': key 'build.context': {parent} is outside the workspace {checkout}"),
    ],
)
def test_a_context_outside_the_checkout_is_refused(checkout: Path, context: str, sentence: str) -> None:
    services = json.loads(json.dumps(INVENTORY["stack"]["vars"]["stack_services"]))
    services["api"]["build"]["context"] = context
    code, _, text = _run(checkout, stack_services=services)
    assert code != 0
    assert sentence.format(checkout=checkout, parent=checkout.parent) in text


def test_a_broken_record_is_named(checkout: Path) -> None:
    _run(checkout)
    (checkout / ".slipway/workspace.json").write_text("{")
    code, _, text = _run(checkout)
    assert code != 0
    assert "workspace.json is not a valid record of written files; restore or remove it" in text
