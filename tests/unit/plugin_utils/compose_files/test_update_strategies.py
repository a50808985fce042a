"""The update strategy of services in a team's own files: inferred, or set in the file or the inventory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.compose_projects import release_of

CASES = [
    ("{image: postgres:17}", "stateful", "its image, postgres, holds data"),
    ("{image: 'registry:5000/mirror/redis:8'}", "stateful", "its image, redis, holds data"),
    ("{image: postgres:17, command: [psql, -c, x], restart: 'no'}", "oneshot", "its restart policy is no"),
    ("{image: app:1, command: celery -A app beat}", "singleton", "its command starts a scheduler"),
    ("{image: app:1, command: [celery, -A, app, worker, -B]}", "singleton", "its command starts a scheduler"),
    ("{image: app:1, command: php artisan schedule:work}", "singleton", "its command starts a scheduler"),
    ("{image: app:1, command: celery -A app worker}", "drain", "its command starts a worker"),
    ("{image: app:1, command: python bot.py}", "singleton", "its command starts a bot"),
    ("{image: app:1, command: alembic upgrade head}", "oneshot", "its command is a migration"),
    ("{image: app:1, restart: 'no'}", "oneshot", "its restart policy is no"),
    (
        "{image: app:1, volumes: ['data:/var/data']}",
        "stateful",
        "it writes to the volume data, which no other service uses",
    ),
    ("{image: app:1, volumes: ['data:/var/data:ro']}", "rolling", "nothing prevents two replicas side by side"),
    ("{image: app:1, volumes: ['data:/app/node_modules']}", "rolling", "nothing prevents two replicas side by side"),
    ("{image: app:1, volumes: ['both:/var/data']}", "rolling", "nothing prevents two replicas side by side"),
    ("{image: app:1, volumes: ['data:/d'], deploy: {replicas: 2}}", "rolling", "nothing prevents two replicas side"),
    ("{image: caddy:2, ports: ['80:80'], volumes: ['data:/data']}", "rolling", "nothing prevents two replicas side"),
    ("{image: app:1}", "rolling", "nothing prevents two replicas side by side"),
]
_FILE = """\
services:
  web: {web}
  other: {{image: 'other:1', volumes: ['both:/x']}}
volumes: {{data: , both: }}
"""


@pytest.mark.parametrize(("web", "service_class", "reason"), CASES, ids=[case[0] for case in CASES])
def test_a_class_is_inferred_with_a_reason(tmp_path: Path, web: str, service_class: str, reason: str) -> None:
    release = release_of(_FILE.format(web=web), tmp_path)
    assert release.services["web"]["class"] == service_class
    assert release.notes["web"][0].startswith(f"is {service_class}, because {reason}")


def test_a_service_that_others_wait_for_is_a_oneshot(tmp_path: Path) -> None:
    release = release_of(
        "services:\n  init: {image: 'a:1'}\n"
        "  web: {image: 'b:1', depends_on: {init: {condition: service_completed_successfully}}}\n",
        tmp_path,
    )
    assert release.services["init"]["class"] == "oneshot"
    assert release.notes["init"] == ["is oneshot, because other services wait until it has ended"]


IN_PLACE = [
    ("{image: 'a:1', ports: ['80:80']}", "it publishes port 80 of the host"),
    ("{image: 'a:1', container_name: mine}", "of its container_name"),
    ("{image: 'a:1', network_mode: host}", "of its network_mode"),
    ("{image: 'a:1', networks: {default: {ipv4_address: 192.0.2.7}}}", "of its own address"),
]


@pytest.mark.parametrize(("web", "reason"), IN_PLACE, ids=[case[1] for case in IN_PLACE])
def test_a_service_that_cannot_run_twice_is_replaced_in_place(tmp_path: Path, web: str, reason: str) -> None:
    release = release_of(f"services:\n  web: {web}\n", tmp_path)
    assert release.notes["web"][1] == f"is replaced in place, with downtime, because {reason}"


def test_a_proxy_is_replaced_after_the_services_that_it_needs(tmp_path: Path) -> None:
    """A proxy that resolves names when it starts would fail to start before its upstreams."""
    text = "services:\n  db: {image: 'postgres:17'}\n  web: {image: 'a:1', depends_on: [db]}\n"
    text += "  nginx: {image: 'nginx:1.30', ports: ['80:80'], depends_on: [web]}\n"
    text += "  adminer: {image: 'adminer:4', ports: ['127.0.0.1:81:80'], depends_on: [db]}\n"
    release = release_of(text, tmp_path)
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
def test_a_class_that_is_set_is_not_inferred(tmp_path: Path, web: str, services: dict[str, Any]) -> None:
    release = release_of(f"services:\n  web: {web}\n", tmp_path, services=services)
    assert release.services["web"]["class"] == "singleton"
    assert release.notes["web"] == ["is singleton, because the inventory or x-slipway sets it"]


def test_annotations_at_the_top_of_the_file_count(tmp_path: Path) -> None:
    text = "services: {web: {image: 'a:1'}}\nx-slipway: {services: {web: {class: drain, replicas: 3}}}\n"
    release = release_of(text, tmp_path, services={"web": {"replicas": 2}})
    assert (release.services["web"]["class"], release.services["web"]["replicas"]) == ("drain", 2)
