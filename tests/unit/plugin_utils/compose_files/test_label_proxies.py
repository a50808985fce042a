"""The plan says where a team's Traefik, which finds services by their labels, loses requests; and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import compose

from tests.support import documented_project
from tests.support.compose_projects import release_of

_FILE = """\
services:
  proxy: {{image: 'registry.example.com/traefik:3', command: [--providers.docker], ports: ['80:80']}}
  web:
    image: a:1
    {web}
"""
_LABELS = "labels: {traefik.enable: true, traefik.http.routers.web.rule: 'Host(`a`)'}"


def _notes(text: str, folder: Path, **given: Any) -> list[str]:
    return [note for note in release_of(text, folder, **given).notes["web"] if "Traefik" in note]


SERVED = [
    (_LABELS, 5, "traefik.http.routers.web.rule"),
    ("labels: [traefik.enable=true]", 5, "traefik.enable"),
    ("labels: [Traefik.Enable=true, 'traefik.tcp.routers.web.rule=x']", 5, "traefik.tcp.routers.web.rule"),
    (
        "labels:\n      - a=b\n      - traefik.http.services.web.loadbalancer.server.port=80",
        7,
        "traefik.http.services.web",
    ),
    (f"{_LABELS}\n    command: celery -A a worker", 5, "traefik.http.routers.web.rule"),
]


@pytest.mark.parametrize(("web", "line", "label"), SERVED, ids=[str(case[0]) for case in SERVED])
def test_a_service_that_rolls_behind_it_is_named_with_its_line(tmp_path: Path, web: str, line: int, label: str) -> None:
    [note] = _notes(_FILE.format(web=web), tmp_path)
    start = f"is served by the Traefik of service 'proxy' by its labels (docker-compose.yml:{line}: label {label}"
    assert note.startswith(start)
    assert "#a-traefik-that-finds-services-by-labels" in note


def test_a_traefik_of_another_project_is_on_an_external_network(tmp_path: Path) -> None:
    text = f"services: {{web: {{image: 'a:1', networks: [public, own], {_LABELS}}}}}\n"
    networks = "networks: {public: {external: true}, own: }\n"
    [note] = _notes(text + networks, tmp_path)
    assert note.startswith("is served by a Traefik on the network 'public' by its labels (docker-compose.yml:1: label")


NOT_SERVED = [
    "restart: always",
    "labels: {traefik.enable: false, traefik.http.routers.web.rule: x}",
    "labels: {traefik.docker.network: x}",
    f"{_LABELS}\n    ports: ['81:80']",
    f"{_LABELS}\n    command: celery -A a beat",
    f"{_LABELS}\n    pre_stop: [{{command: leave}}]\n    healthcheck: {{test: [CMD, x]}}",
]


@pytest.mark.parametrize("web", NOT_SERVED)
def test_there_is_no_note_where_nothing_is_lost_or_downtime_is_shown(tmp_path: Path, web: str) -> None:
    assert _notes(_FILE.format(web=web), tmp_path) == []


def test_labels_without_a_traefik_say_nothing(tmp_path: Path) -> None:
    text = f"services: {{web: {{image: 'a:1', {_LABELS}}}}}\n"
    assert _notes(text, tmp_path) == []
    edge = {"proxy": {"kind": "nginx", "routes": [{"path": "/", "to": "web", "port": 80}]}}
    assert _notes(_FILE.format(web=_LABELS), tmp_path, services=edge) == []


def _documented(section: str) -> list[str]:
    page = (documented_project.ROOT / "docs/compose_files.md").read_text().partition(f"### {section}\n")[2]
    blocks = page.partition("\n### ")[0].partition("\n## ")[0].split("```yaml\n")[1:]
    return [block.partition("```")[0] for block in blocks]


def test_the_documented_edge_goes_between(tmp_path: Path) -> None:
    between, leaving = _documented("A Traefik that finds services by labels")
    release = release_of(between, tmp_path, compose_host_paths=["/var/run/docker.sock"])
    assert all("Traefik of" not in note for notes in release.notes.values() for note in notes)
    services = yaml.safe_load(release.files[compose.BASE])["services"]
    labelled = [name for name, keys in services.items() if "traefik.enable" in keys.get("labels", {})]
    assert labelled == ["edge"]
    assert release.services["edge-pod"]["ports"] == ["127.0.0.1:8430:8080"]
    assert release.services["edge"]["proxy"] == "nginx"
    keys = yaml.safe_load(leaving)["services"]["web"]
    assert "leaving" in str(keys["healthcheck"]["test"])
    assert "leaving" in str(keys["pre_stop"])
