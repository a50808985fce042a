"""What a service of a first inventory gets because production needs it, and the files do not have it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.project import (
    chosen_files,
    overlay,
    production,
    read_project,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.project.production import Production
from ansible_collections.slipway.stack.plugins.plugin_utils.project.tree import Tree

from tests.support import compose_projects

_DOCKERFILE = """\
FROM python:3.13
EXPOSE 8000
HEALTHCHECK CMD ["python", "probe.py"]
CMD ["uvicorn", "app:app"]
"""


def _production(folder: Path, services: str) -> Production:
    files = {"compose.yaml": f"services:\n{services}", "app/Dockerfile": _DOCKERFILE}
    tree = Tree(compose_projects.write(folder, files))
    return production.of(read_project.read(tree, chosen_files.choose(tree, [])), [])


def _test_of(folder: Path, service: str) -> Any:
    found = _production(folder, f"  one: {{{service}}}\n").changes["one"].entry.get("health")
    return found["test"] if found else None


@pytest.mark.parametrize(
    ("command", "test"),
    [
        ("", ["CMD", "python", "probe.py"]),
        ("uvicorn app:app --port 9000", ["CMD", "python", "probe.py"]),
        (
            "celery -A app.worker worker",
            'celery -A app.worker inspect ping --timeout 5 --destination "celery@$$HOSTNAME" | grep -q pong',
        ),
        (
            "uv run celery --app=shop worker -l INFO",
            'uv run celery -A shop inspect ping --timeout 5 --destination "celery@$$HOSTNAME" | grep -q pong',
        ),
        ("celery -A shop worker -n mail@%h", "celery -A shop inspect ping --timeout 5 | grep -q pong"),
        ("celery -A shop beat", "find . -maxdepth 1 -name 'celerybeat-schedule*' -mmin -6 | grep -q ."),
        ("celery -A shop beat -s /tmp/at", "find /tmp -maxdepth 1 -name 'at*' -mmin -6 | grep -q ."),
        # Nobody knows how to ask it. The check of the image is that of the server, so none is better: the list asks.
        ("rq worker mail", None),
    ],
)
def test_a_worker_is_not_asked_as_the_server_of_its_image(tmp_path: Path, command: str, test: Any) -> None:
    wanted = ["CMD-SHELL", test] if isinstance(test, str) else test
    assert _test_of(tmp_path, f"build: app, command: '{command}'") == wanted


def test_a_postgres_is_asked_over_tcp_and_for_a_user_that_it_has(tmp_path: Path) -> None:
    """On its socket, the server answers while it still runs the scripts of a new database."""
    [_shell, command] = _test_of(tmp_path, "image: 'postgres:17'")
    assert "-h 127.0.0.1" in command
    assert '-U "$${POSTGRES_USER:-postgres}"' in command


@pytest.mark.parametrize("keys", ["image: 'redis:8'", "build: app", "build: app, command: celery -A app worker"])
def test_a_first_deploy_does_not_wait_for_a_whole_interval(tmp_path: Path, keys: str) -> None:
    health = _production(tmp_path, f"  one: {{{keys}}}\n").changes["one"].entry["health"]
    assert health["start_interval"] in ("1s", "3s")


@pytest.mark.parametrize(
    ("keys", "restart"),
    [
        ("", "unless-stopped"),
        ("restart: always", None),
        ("restart: on-failure", None),
        ("deploy: {restart_policy: {condition: any}}", None),
    ],
)
def test_a_service_starts_again_after_a_reboot(tmp_path: Path, keys: str, restart: str | None) -> None:
    found = _production(tmp_path, f"  one: {{image: 'redis:8', {keys}}}\n")
    assert found.changes["one"].keys.get("restart") == restart


def test_a_job_does_not_start_again(tmp_path: Path) -> None:
    services = "  one: {build: app, command: alembic upgrade head, restart: 'no'}\n  two: {build: app}\n"
    found = _production(tmp_path, services)
    assert "restart" not in overlay.dump({name: one.keys for name, one in found.changes.items() if name == "one"}, [])
    assert found.changes["two"].keys["restart"] == "unless-stopped"


@pytest.mark.parametrize(
    ("keys", "volumes"),
    [
        ("image: 'redis:8'", ["one-data"]),
        ("image: 'postgres:17'", ["one-data"]),
        ("image: 'redis:8', volumes: ['keys:/data']", []),
        ("image: 'redis:8', tmpfs: [/data]", []),
        ("image: 'redis:8', command: redis-server --save '' --appendonly no", []),
        ("image: 'memcached:1'", []),
        ("build: app", []),
    ],
)
def test_a_database_without_a_volume_gets_one(tmp_path: Path, keys: str, volumes: list[str]) -> None:
    assert _production(tmp_path, f"  one: {{{keys}}}\n").changes["one"].volumes == volumes


def test_somebody_looks_at_the_certificate(tmp_path: Path) -> None:
    found = _production(tmp_path, "  web: {build: app, ports: ['80:8000']}\n").decided()
    assert [one.write for one in found if "certificate" in one.what] == ["source: internal"]
    assert not any(one.required for one in found)
