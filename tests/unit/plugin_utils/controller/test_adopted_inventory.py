"""Whatever an inventory says about the services of Compose files, and a deploy accepts, can be adopted.

The inventory is loaded by Ansible, so each value has its origin. The adopted file gives the same release: without the
Compose files, and as long as they are still there.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import inventory_file
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import adoption
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.adoption import UnevaluatedVariables
from ansible_collections.slipway.stack.plugins.plugin_utils.description.fields import SECRET_FIELDS, SERVICE_FIELDS

from tests.support import adopted, compose_projects

FILES = {
    "docker-compose.yml": """\
services:
  web:
    image: registry.example.com/web:1.0
    environment: {KEY: "${SECRET_KEY}", A: one}
    ports: ["8080:8000"]
    volumes: ["./data:/data", "uploads:/uploads"]
    depends_on: [db]
  db: {image: "registry.example.com/db:1"}
  worker: {image: "registry.example.com/web:1.0", command: celery -A x worker}
  proxy:
    image: traefik:3
    ports: ["8080:80"]
    volumes: ["/var/run/docker.sock:/var/run/docker.sock"]
volumes: {uploads: }
x-slipway: {services: {worker: {stop_grace: 20s}}}
""",
    "more/a.conf": "a\n",
    "app/Dockerfile": "FROM scratch\n",
}
#: Without these, a deploy does not accept the files.
_NEEDED: dict[str, Any] = {"web": {"volumes": ["/srv/data:/data"]}, "proxy": None}
#: For each field of a service, what an inventory says about `web`.
FIELDS: dict[str, Any] = {
    "kind": {"kind": "compose", "image": "a:1"},
    "like": {"kind": "compose", "like": "worker"},
    "hosts": {"hosts": "db:&eu"},
    "only_in": {"only_in": ["production"]},
    "image": {"image": "registry.example.com/web:{{ version }}"},
    "build": {"build": {"context": "app", "args": {"A": 1, "B": "{{ version }}"}, "platforms": ["linux/amd64"]}},
    "development": {"development": {"command": "run --reload"}},
    "class": {"class": "{{ 'singleton' }}"},
    "replicas": {"replicas": 2, "class": "rolling", "publish": []},
    "needs": {"needs": ["db", "cache"]},
    "environment": {"environment": {"A": 2, "B": 1.5, "C": True, "D": "{{ version }}", "E": "2026-11-27"}},
    "secrets": {"secrets": [{"name": "further", "env": "FURTHER"}, "further"]},
    "files": {"files": {"/etc/a.conf": {"src": "more/a.conf"}, "/etc/b": {"content": "{{ version }}\nx\n"}}},
    "volumes": {"volumes": ["/srv/data:/data", "/srv/up:/uploads:ro"]},
    "backup": {"volumes": ["/srv/data:/data"], "backup": {"volumes": {"/srv/data": "paused"}}},
    "command": {"command": ["serve", "{{ version }}"]},
    "port": {"port": 8000},
    "publish": {"publish": ["127.0.0.1:8081:8000"]},
    "user": {"user": "1000:1000"},
    "health": {"health": {"test": ["CMD", "true"], "interval": "5s", "retries": 3}},
    "min_uptime": {"min_uptime": "15s"},
    "assets": {"assets": {}},
    "stop_grace": {"stop_grace": "45s"},
    "memory": {"memory": "128m"},
    "cpus": {"cpus": 0.5},
    "release": {"release": "migrate"},
    "release_once": {"release": "migrate", "release_once": False},
    "release_check": {"release": "migrate", "release_check": "current"},
    "job_timeout": {"release": "migrate", "job_timeout": "2h"},
    "compose": {"compose": {"init": True, "ulimits": {"nofile": 1024}, "labels": {"n": 5}}},
    "environments": {"environments": {"production": {"mem_limit": "64m", "tty": None}}},
}
#: The source of the secret that the files use, and how it is written.
SECRETS: dict[str, tuple[Any, Any]] = {
    "generate": ({"generate": 50}, {"generate": 50}),
    "generate with a template": ({"generate": "{{ length }}"}, {"generate": 40}),
    "generate and nothing else": ({"generate": 50, "value": None}, {"generate": 50}),
    "text": ("in-the-open-1", "in-the-open-1"),
    "template": ("{{ vault_other }}", "from-the-vault-1"),
    "value": ({"value": "in-the-open-1"}, "in-the-open-1"),
    "value with a template": ({"value": "{{ vault_other }}"}, {"value": "from-the-vault-1"}),
    "base64": ({"base64": base64.b64encode(b"in-the-open-1").decode()}, {"base64": "aW4tdGhlLW9wZW4tMQ=="}),
    "base64 with a template": ({"base64": "{{ vault_base64 }}"}, {"base64": "aW4tdGhlLW9wZW4tMQ=="}),
}
_KNOWN = {
    "version": "1.4.2",
    "length": 40,
    "vault_other": "from-the-vault-1",
    "vault_base64": "aW4tdGhlLW9wZW4tMQ==",
}
#: What a person puts into the vault where the inventory had it in the open.
_VAULT = {"text": "in-the-open-1", "value": "in-the-open-1", "base64": "aW4tdGhlLW9wZW4tMQ=="}


def _loaded(folder: Path, variables: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return variables as a task has them, and evaluated."""
    path = folder / "all.yml"
    path.write_text(yaml.safe_dump(variables, sort_keys=False))
    loader = DataLoader()
    found = loader.load_from_file(str(path), trusted_as_template=True)
    return found, Templar(loader, variables=_KNOWN).template(found)


def _adopt(folder: Path, services: dict[str, Any], secrets: dict[str, Any], **vault: str) -> dict[str, Any]:
    """Adopt the files of a project with an inventory, check the release, and return the adopted variables."""
    compose_projects.write(folder, FILES)
    written, given = _loaded(folder, {"stack_services": services, "stack_secrets": secrets})
    said = {"services": given["stack_services"], "secrets": given["stack_secrets"]}
    original = compose_projects.parcel(folder, **said)
    arguments = compose_projects.arguments(**said)
    found = adoption.adopted_description(arguments, folder, UnevaluatedVariables.of(written))
    file = folder / "services.yml"
    file.write_text(inventory_file.dump(found, "shop", ["docker-compose.yml"]))
    variables = adopted.variables(file, **_KNOWN, **vault)
    without = adopted.parcel(folder, variables)
    assert without.digest == original.digest
    assert without.secrets() == original.secrets()
    with_files = compose_projects.parcel(
        folder, services=variables["stack_services"], secrets=variables["stack_secrets"]
    )
    assert with_files.digest == original.digest
    return variables


def _services(entry: dict[str, Any]) -> dict[str, Any]:
    cache = {"cache": {"kind": "redis"}} if "needs" in entry else {}
    return {**_NEEDED, "web": {**_NEEDED["web"], **entry}, **cache}


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_of_a_service_can_be_adopted(field: str, tmp_path: Path) -> None:
    secrets = {"secret_key": {"generate": 50}, "further": {"generate": 30}}
    _adopt(tmp_path, _services(FIELDS[field]), secrets)


def test_every_field_has_an_example() -> None:
    assert FIELDS.keys() == SERVICE_FIELDS.keys()
    assert {key for source, _written in SECRETS.values() if isinstance(source, dict) for key in source} == set(
        SECRET_FIELDS
    )


@pytest.mark.parametrize("name", SECRETS)
def test_every_source_of_a_secret_can_be_adopted(name: str, tmp_path: Path) -> None:
    source, written = SECRETS[name]
    vault = {"vault_secret_key": _VAULT[name]} if name in _VAULT else {}
    found = _adopt(tmp_path, _NEEDED, {"secret_key": source}, **vault)
    assert found["stack_secrets"]["secret_key"] == written
    text = (tmp_path / "services.yml").read_text()
    assert "in-the-open" not in text
    assert "aW4tdGhlLW9wZW4tMQ" not in text


def test_a_service_that_null_leaves_out_stays_out(tmp_path: Path) -> None:
    found = _adopt(tmp_path, _NEEDED, {"secret_key": {"generate": 50}})
    assert found["stack_services"]["proxy"] is None


def test_all_annotations_at_once_can_be_adopted(tmp_path: Path) -> None:
    entry: dict[str, Any] = {}
    for field in ("image", "environment", "files", "command", "port", "publish", "user", "health", "memory", "compose"):
        entry |= FIELDS[field]
    services = {**_services(entry), "worker": {"class": "drain"}, "edge": {"kind": "nginx", "routes": [_ROUTE]}}
    _adopt(tmp_path, services, {"secret_key": {"generate": 50}})


_ROUTE = {"path": "/", "to": "web"}
