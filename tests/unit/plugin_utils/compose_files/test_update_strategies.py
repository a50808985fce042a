"""How the services of a team's own files may be replaced: inferred, said in the file, said in the inventory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.own_projects import said

CASES = [
    ("{image: postgres:17}", "stateful", "its image, postgres, holds data"),
    ("{image: 'registry:5000/mirror/redis:8'}", "stateful", "its image, redis, holds data"),
    ("{image: postgres:17, command: [psql, -c, x], restart: 'no'}", "oneshot", "it is not to be restarted"),
    ("{image: app:1, command: celery -A app beat}", "singleton", "its command is that of a scheduler"),
    ("{image: app:1, command: [celery, -A, app, worker, -B]}", "singleton", "its command is that of a scheduler"),
    ("{image: app:1, command: php artisan schedule:work}", "singleton", "its command is that of a scheduler"),
    ("{image: app:1, command: celery -A app worker}", "drain", "its command is that of a worker"),
    ("{image: app:1, command: python bot.py}", "singleton", "its command is that of a bot"),
    ("{image: app:1, command: alembic upgrade head}", "oneshot", "its command is that of a migration"),
    ("{image: app:1, restart: 'no'}", "oneshot", "it is not to be restarted"),
    ("{image: app:1, volumes: ['data:/var/data']}", "stateful", "it alone writes to the volume data"),
    ("{image: app:1, volumes: ['data:/var/data:ro']}", "rolling", "nothing speaks against two of it side by side"),
    ("{image: app:1, volumes: ['data:/app/node_modules']}", "rolling", "nothing speaks against two of it side by side"),
    ("{image: app:1, volumes: ['both:/var/data']}", "rolling", "nothing speaks against two of it side by side"),
    ("{image: app:1, volumes: ['data:/d'], deploy: {replicas: 2}}", "rolling", "nothing speaks against two of it side"),
    ("{image: caddy:2, ports: ['80:80'], volumes: ['data:/data']}", "rolling", "nothing speaks against two of it side"),
    ("{image: app:1}", "rolling", "nothing speaks against two of it side by side"),
]
_FILE = """\
services:
  web: {web}
  other: {{image: 'other:1', volumes: ['both:/x']}}
volumes: {{data: , both: }}
"""


@pytest.mark.parametrize(("web", "service_class", "why"), CASES, ids=[case[0] for case in CASES])
def test_a_class_is_inferred_and_its_reason_said(tmp_path: Path, web: str, service_class: str, why: str) -> None:
    release = said(_FILE.format(web=web), tmp_path)
    assert release.services["web"]["class"] == service_class
    assert release.notes["web"][0].startswith(f"is {service_class}, because {why}")


def test_who_is_waited_for_until_it_has_ended_runs_once(tmp_path: Path) -> None:
    release = said(
        "services:\n  init: {image: 'a:1'}\n"
        "  web: {image: 'b:1', depends_on: {init: {condition: service_completed_successfully}}}\n",
        tmp_path,
    )
    assert release.services["init"]["class"] == "oneshot"
    assert release.notes["init"] == ["is oneshot, because others wait until it has ended"]


PLACED = [
    ("{image: 'a:1', ports: ['80:80']}", "it publishes port 80 of the host"),
    ("{image: 'a:1', container_name: mine}", "of its container_name"),
    ("{image: 'a:1', network_mode: host}", "of its network_mode"),
    ("{image: 'a:1', networks: {default: {ipv4_address: 192.0.2.7}}}", "of its own address"),
]


@pytest.mark.parametrize(("web", "why"), PLACED, ids=[case[1] for case in PLACED])
def test_what_cannot_stand_beside_itself_is_replaced_in_place(tmp_path: Path, web: str, why: str) -> None:
    release = said(f"services:\n  web: {web}\n", tmp_path)
    assert release.notes["web"][1] == f"is replaced in place, with a gap, because {why}"


def test_a_proxy_waits_for_those_that_it_needs(tmp_path: Path) -> None:
    """One that looks names up when it starts would not start before they are there."""
    text = "services:\n  db: {image: 'postgres:17'}\n  web: {image: 'a:1', depends_on: [db]}\n"
    text += "  nginx: {image: 'nginx:1.30', ports: ['80:80'], depends_on: [web]}\n"
    text += "  adminer: {image: 'adminer:4', ports: ['127.0.0.1:81:80'], depends_on: [db]}\n"
    release = said(text, tmp_path)
    assert {name: spec["late"] for name, spec in release.services.items()} == {
        "db": False,
        "web": False,
        "nginx": True,
        "adminer": False,
    }
    assert release.services["nginx"]["own_proxy"] == "nginx"


ANNOTATED: list[tuple[str, dict[str, Any]]] = [
    ("{image: 'a:1', x-slipway: {class: singleton}}", {}),
    ("{image: 'a:1'}", {"web": {"class": "singleton"}}),
    ("{image: 'a:1', x-slipway: {class: drain}}", {"web": {"class": "singleton"}}),
]


@pytest.mark.parametrize(("web", "services"), ANNOTATED)
def test_a_class_that_is_said_counts(tmp_path: Path, web: str, services: dict[str, Any]) -> None:
    release = said(f"services:\n  web: {web}\n", tmp_path, services=services)
    assert release.services["web"]["class"] == "singleton"
    assert release.notes["web"] == ["is singleton, because the inventory or x-slipway says so"]


def test_the_top_of_the_file_has_a_say_too(tmp_path: Path) -> None:
    text = "services: {web: {image: 'a:1'}}\nx-slipway: {services: {web: {class: drain, replicas: 3}}}\n"
    release = said(text, tmp_path, services={"web": {"replicas": 2}})
    assert (release.services["web"]["class"], release.services["web"]["replicas"]) == ("drain", 2)
