"""A repository whose first inventory has to deploy: its edge, its images, its passwords, and what is replaced when."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.project import (
    chosen_files,
    production,
    read_project,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.project.production import Production
from ansible_collections.slipway.stack.plugins.plugin_utils.project.tree import Tree

from tests.support import compose_projects

_COMPOSE = """\
services:
  proxy: {image: 'traefik:3', ports: ['80:80'], volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']}
  db: {image: 'postgres:17', environment: {POSTGRES_PASSWORD: '${POSTGRES_PASSWORD}'}}
  redis: {image: 'redis:8', command: 'redis-server --requirepass ${REDIS_PASSWORD} --appendonly yes'}
  prestart: {build: ./app, command: alembic upgrade head, restart: 'no', env_file: .env}
  worker: {build: ./app, command: celery -A app worker, env_file: .env}
  backend:
    build: {context: ./app, target: development}
    env_file: .env
    volumes: ['./uploads:/uploads']
    labels: ['traefik.http.routers.b.rule=Host(`${DOMAIN}`)']
  tools: {build: {context: ./app, target: tools}, command: sleep infinity}
"""
_FILES = {
    "compose.yaml": _COMPOSE,
    ".env": "DOMAIN=localhost\nPOSTGRES_PASSWORD=changethis\nREDIS_PASSWORD=changethis\nMYSQL_PASSWORD=changethis\n",
    "app/Dockerfile": "FROM python:3 AS development\nFROM python:3 AS tools\nFROM python:3 AS production\n"
    'EXPOSE 8000\nCMD ["uvicorn", "app:app"]\n',
    "app/alembic.ini": "[alembic]\n",
    "uploads/.gitkeep": "",
}


@pytest.fixture
def found(tmp_path: Path) -> Production:
    tree = Tree(compose_projects.write(tmp_path, _FILES))
    return production.of(read_project.read(tree, chosen_files.choose(tree, [])), [])


def test_the_edge_takes_the_place_of_a_traefik(found: Production) -> None:
    assert found.services["proxy"]["kind"] == "nginx"
    assert found.services["proxy"]["routes"] == [{"path": "/", "to": "backend", "port": 8000}]
    assert "proxy" not in found.changes


def test_a_client_gets_the_password_of_the_database_that_its_name_is_about(found: Production) -> None:
    """In an example, all of them are `changethis`."""
    environment = found.changes["backend"].keys["environment"].value
    references = {name: text for name, text in environment.items() if name.endswith("PASSWORD")}
    assert references["POSTGRES_PASSWORD"] == "${POSTGRES_PASSWORD}"
    assert references["REDIS_PASSWORD"] == "${REDIS_PASSWORD}"
    # There is no such database.
    assert references["MYSQL_PASSWORD"] == "${MYSQL_PASSWORD}"
    assert {"postgres_password", "redis_password"} <= set(found.values.secrets)


def test_a_redis_has_its_password_in_a_configuration(found: Production) -> None:
    assert found.changes["redis"].keys["command"].value == [
        "sh",
        "-c",
        'exec redis-server - --appendonly yes <<CONFIGURATION\nrequirepass "$$REDIS_PASSWORD"\nCONFIGURATION',
    ]


def test_services_that_build_the_same_stage_share_an_image(found: Production) -> None:
    images = {name: found.images[one.keys["image"][2:-1]] for name, one in found.changes.items() if "image" in one.keys}
    backend = "{{ app_registry }}/backend:{{ app_version }}"
    assert images == {"backend": backend, "worker": backend, "tools": "{{ app_registry }}/tools:{{ app_version }}"}
    # And they build it in one way: another one is refused.
    targets = {name: found.changes[name].keys["build"]["target"] for name in ("backend", "worker")}
    assert targets == {"backend": "production", "worker": "production"}


def test_an_application_with_a_volume_is_replaced_after_its_release_job(found: Production) -> None:
    assert found.changes["backend"].entry["release"] == ["alembic", "upgrade", "head"]
    assert found.changes["backend"].entry["class"] == "singleton"
    assert "class" not in found.changes["worker"].entry
    assert "class" not in found.changes["db"].entry


@pytest.mark.parametrize(("stage", "keys"), [("development", {"target": "production"}), ("tools", {})])
def test_a_stage_in_a_variable_is_the_one_that_the_repository_gives(
    stage: str, keys: dict[str, str], tmp_path: Path
) -> None:
    compose = _COMPOSE.replace("target: development", "target: '${STAGE}'")
    given = f"{_FILES['.env']}STAGE={stage}\n"
    tree = Tree(compose_projects.write(tmp_path, {**_FILES, "compose.yaml": compose, ".env": given}))
    changes = production.of(read_project.read(tree, chosen_files.choose(tree, [])), []).changes["backend"]
    assert changes.keys.get("build", {}) == keys
    notes = [note for note in changes.notes if note.startswith("is built as")]
    assert notes == ([f"is built as production; the files build the stage {stage}"] if keys else [])
