"""Migrations, Dockerfiles and mounts of a repository, and the routes that it tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.project import (
    chosen_files,
    dockerfiles,
    left_out_mounts,
    migrations,
    production,
    read_project,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.project.production import Production
from ansible_collections.slipway.stack.plugins.plugin_utils.project.tree import Tree

from tests.support import compose_projects
from tests.support.team_projects import PROJECTS


def _production(folder: Path, files: dict[str, str]) -> Production:
    tree = Tree(compose_projects.write(folder, files))
    return production.of(read_project.read(tree, chosen_files.choose(tree, [])), [])


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["sh", "-c", "alembic upgrade head && uvicorn a:b"], ("alembic upgrade head", "uvicorn a:b")),
        (["bash", "-c", "python manage.py migrate; gunicorn x"], ("python manage.py migrate", "gunicorn x")),
        (["alembic", "upgrade", "head"], None),
        (["sh", "-c", "echo a && uvicorn a:b"], None),
        (["sh", "-c", "alembic upgrade head || true && uvicorn a:b"], None),
    ],
)
def test_a_migration_before_the_server(words: list[str], parts: tuple[str, str] | None) -> None:
    assert migrations.split(words) == parts


def test_a_dockerfile_says_stages_port_and_health_of_its_last_stage() -> None:
    text = "FROM node:22 AS dev\nEXPOSE 1\nFROM python:3 AS prod\nEXPOSE 8001/tcp\n"
    text += "HEALTHCHECK --interval=5s CMD a \\\n b\n"
    found = dockerfiles.read(text)
    assert (found.stages, found.ports, found.base, found.health) == (
        ["dev", "prod"],
        [8001],
        "python:3",
        ["CMD-SHELL", "a   b"],
    )
    assert dockerfiles.port("uvicorn a:b --port 9000", found) == 9000


@pytest.mark.parametrize(
    ("source", "target", "sort"),
    [
        ("./web", "/code", left_out_mounts.SOURCES),
        ("./media", "/media", left_out_mounts.DATA),
        ("./nginx/default.conf", "/etc/a.conf", left_out_mounts.KEPT),
        ("/srv/x", "/x", left_out_mounts.HOST),
        ("../x", "/x", left_out_mounts.HOST),
        ("/etc/localtime", "/etc/localtime", left_out_mounts.CLOCK),
    ],
)
def test_what_a_mount_is_for(tmp_path: Path, source: str, target: str, sort: str) -> None:
    tree = Tree(compose_projects.write(tmp_path, PROJECTS["django"]))
    mount: dict[str, Any] = {"type": "bind", "source": source, "target": target}
    assert left_out_mounts.sort_of(tree, "", mount, "web", False) == sort


def test_labels_for_traefik_become_routes(tmp_path: Path) -> None:
    found = _production(tmp_path, PROJECTS["template"])
    assert found.services["edge"]["routes"] == [
        {"path": "/", "to": "backend", "port": 8000, "host": "api.{{ stack_domain }}"},
        {"path": "/", "to": "frontend", "port": 80, "host": "dashboard.{{ stack_domain }}"},
        {"path": "/", "to": "frontend", "port": 80},
    ]
    assert found.services["backend"]["release"] == ["bash", "scripts/prestart.sh"]
    assert set(found.off) == {"adminer", "prestart"}
    # The database gets nothing of the env file that is not for it, and all services share one password.
    assert set(found.changes["db"].keys["environment"].value) == {"POSTGRES_PASSWORD", "POSTGRES_USER"}
    assert found.values.secrets["postgres_password"] == {"generate": 32}
    assert found.values.secrets["stripe_api_key"] == "{{ vault_stripe_api_key }}"


def test_the_proxy_of_the_team_stays(tmp_path: Path) -> None:
    found = _production(tmp_path, PROJECTS["django"])
    assert found.entrance.kept == "nginx"
    assert "edge" not in found.services
    assert found.changes["web"].entry["release"] == "python manage.py migrate"
    assert found.changes["web"].keys["environment"].value["DATABASE_URL"] == (
        "postgres://shop:${POSTGRES_PASSWORD}@db:5432/shop"
    )


def test_names_and_ports_become_routes(tmp_path: Path) -> None:
    found = _production(tmp_path, PROJECTS["node"])
    assert found.services["edge"]["routes"] == [
        {"path": "/api/", "to": "api", "port": 3000},
        {"path": "/", "to": "web", "port": 80},
    ]
    assert found.changes["api"].keys["build"]["target"] == "production"
    assert "prisma migrate deploy" in found.changes["api"].entry["release"]
    assert "storybook" in found.off
