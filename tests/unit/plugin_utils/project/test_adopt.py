"""A team's files as a description: the same release comes of it, and no secret is in what is to be written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils import inventory

from tests.support import own_projects
from tests.support.own_projects import arguments, parcel, write


def _evaluated(value: Any, vault: dict[str, str]) -> Any:
    """Return *value* as Ansible would have it, which knows the vault."""
    if isinstance(value, str):
        return re.sub(r"\{\{ (\w+) \}\}", lambda match: vault[match[1]], value)
    return value


@pytest.mark.parametrize("name", own_projects.PROJECTS)
def test_the_description_gives_the_release_that_the_files_give(name: str, tmp_path: Path) -> None:
    write(tmp_path, own_projects.PROJECTS[name])
    (tmp_path / "inventories").mkdir()
    of_files = parcel(tmp_path)
    found = inventory.adopted(arguments(), tmp_path)
    secrets = {key: _evaluated(value, found.vault) for key, value in found.secrets.items()}
    described = parcel(tmp_path, compose_files=[], services=found.services, secrets=secrets)
    assert list(described.services) == list(of_files.services)
    for service, facts in of_files.services.items():
        ours = described.services[service]
        assert {**ours, "settings": {**ours["settings"]}} == facts
    assert described.mounted == of_files.mounted
    values = {key: source["value"] for key, source in described.secrets().items()}
    assert sorted(values.values()) == sorted(source["value"] for source in of_files.secrets().values())


def test_a_text_with_a_secret_of_the_inventory_becomes_a_template(tmp_path: Path) -> None:
    text = "services: {web: {image: 'a:1', environment: {URL: 'redis://:${TOKEN}@r/0', T: '${TOKEN}'}}}\n"
    write(tmp_path, {"docker-compose.yml": text})
    found = inventory.adopted(arguments(secrets={"token": "a-long-token"}), tmp_path)
    assert found.services["web"]["secrets"] == [{"name": "web__url", "env": "URL"}, {"name": "token", "env": "T"}]
    assert found.secrets == {"web__url": "redis://:{{ vault_token }}@r/0", "token": "{{ vault_token }}"}
    assert found.vault == {"vault_token": "a-long-token"}


def test_files_are_named_where_they_are_and_nothing_is_evaluated(tmp_path: Path) -> None:
    text = "services:\n  web:\n    image: a:1\n    build: app\n    volumes: ['./conf:/conf:ro']\n"
    text += "    labels: {rule: 'Host({{ x }})'}\nvolumes: {}\n"
    write(tmp_path, {"docker-compose.yml": text, "conf/a": "x"})
    (tmp_path / "inventories").mkdir()
    found = inventory.adopted(arguments("../docker-compose.yml"), tmp_path / "inventories")
    web = found.services["web"]
    assert web["files"] == {"/conf": {"src": "../conf"}}
    assert web["build"] == {"context": "../app"}
    assert web["compose"] == {"labels": {"rule": "{% raw %}Host({{ x }}){% endraw %}"}}


def test_what_cannot_be_said_and_what_would_suit_better_is_remarked(tmp_path: Path) -> None:
    text = "services: {db: {image: 'postgres:17', volumes: ['d:/var/lib/postgresql/data']}}\nvolumes: {d: {name: e}}\n"
    write(tmp_path, {"docker-compose.yml": text})
    assert inventory.adopted(arguments(), tmp_path).remarks == [
        "volume 'd': name cannot be said in stack_services; keep a Compose file that has it",
        "service 'db': the kind 'postgres' would bring health check, limits and hardening of its own",
    ]
