"""Changed definitions of networks and volumes that are in use."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.release.resources import engine_name, missing, refusals

from tests.support.fake_host import container, settings

SERVICES = {
    "api": settings(networks=["app", "data"]),
    "db": settings(networks={"data": {"aliases": ["postgres"]}}),
    "job": settings(networks=["data"]),
    "bot": settings(),
}
RUNNING = {name: [container(name)] for name in ("api", "db", "bot")}


def _manifest(networks: Any = None, volumes: Any = None) -> dict[str, Any]:
    known = {"networks": {"app": {}, "data": {"internal": True}}, "volumes": {"rows": {}, "kept": {"name": "old_rows"}}}
    return {
        "stack": "shop",
        "services": SERVICES,
        "networks": {**known["networks"], **(networks or {})},
        "volumes": {**known["volumes"], **(volumes or {})},
    }


@pytest.fixture
def volumes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the volumes that the engine has."""
    paths = ["/volumes/shop_rows", "/volumes/old_rows"]
    monkeypatch.setattr(docker, "get", lambda path: {} if path in paths else None)
    return paths


def test_unchanged_networks_and_volumes_are_accepted(volumes: list[str]) -> None:
    assert refusals(_manifest(), _manifest({"back": {}}, {"more": {}}), RUNNING) == []


def test_the_first_release_is_accepted(volumes: list[str]) -> None:
    assert refusals(None, _manifest(), {}) == []


def test_a_manifest_without_networks_and_volumes_is_accepted(volumes: list[str]) -> None:
    """Older versions of the collection write such manifests."""
    old = {key: value for key, value in _manifest().items() if key in ("stack", "services")}
    assert refusals(old, _manifest({"app": {"internal": True}}), RUNNING) == []


def test_a_changed_network_with_containers_is_refused(volumes: list[str]) -> None:
    new = _manifest({"data": {"internal": False, "driver_opts": {"mtu": 1400}}})
    (problem,) = refusals(_manifest(), new, RUNNING)
    assert problem.startswith(
        "network 'data': driver_opts, internal changed while containers are attached (api, db); Compose would stop "
        "them all"
    )


def test_a_changed_network_without_containers_is_accepted(volumes: list[str]) -> None:
    new = _manifest({"data": {}})
    assert refusals(_manifest(), new, {"bot": [container("bot")]}) == []


def test_a_changed_volume_that_exists_is_refused(volumes: list[str]) -> None:
    changed = {"rows": {"driver_opts": {"type": "tmpfs"}}, "kept": {"name": "new_rows"}}
    changed_options, changed_name = refusals(_manifest(), _manifest(volumes=changed), RUNNING)
    assert changed_options.startswith(
        "volume 'rows': driver_opts changed, but the existing volume shop_rows cannot be changed"
    )
    assert changed_name.startswith("volume 'kept': name changed, but the existing volume old_rows cannot be changed")
    volumes.clear()
    assert refusals(_manifest(), _manifest(volumes=changed), RUNNING) == []


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        ({}, "shop_rows"),
        (None, "shop_rows"),
        ({"name": "kept"}, "kept"),
        ({"external": True}, "rows"),
        ({"external": True, "name": "kept"}, "kept"),
        ({"external": {"name": "kept"}}, "kept"),
        ({"external": False}, "shop_rows"),
    ],
)
def test_the_name_in_the_engine(keys: Any, name: str) -> None:
    assert engine_name("rows", keys, "shop") == name


EXTERNAL = {
    "stack": "shop",
    "services": {
        "web": settings(networks={"public": {}}, volumes=["files:/srv", "/etc/ssl:/ssl:ro"]),
        "api": settings(networks=["public", "app"], volumes=[{"type": "volume", "source": "files", "target": "/f"}]),
    },
    "networks": {"public": {"external": True}, "app": {}},
    "volumes": {"files": {"external": True, "name": "old/files"}},
}


def test_an_external_network_or_volume_that_is_missing_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def get(path: str) -> None:
        asked.append(path)

    monkeypatch.setattr(docker, "get", get)
    network, volume = missing(EXTERNAL)
    assert network == (
        "service 'web, api': its network 'public' is external and this host has no network public; create it with "
        "'docker network create public', or remove 'external' so that the deploy creates it"
    )
    assert volume.startswith(
        "service 'web, api': its volume 'files' is external and this host has no volume old/files; "
    )
    assert "'docker volume create old/files'" in volume
    assert asked == ["/networks/public", "/info", "/volumes/old%2Ffiles"]


def test_a_worker_of_a_swarm_sees_a_network_only_while_it_uses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = {"Swarm": {"LocalNodeState": "active", "ControlAvailable": False}}
    monkeypatch.setattr(docker, "get", lambda path: worker if path == "/info" else None)
    assert [problem.partition(":")[2].split("'")[0] for problem in missing(EXTERNAL)] == [" its volume "]


def test_external_networks_and_volumes_that_are_there_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "get", lambda _path: {})
    assert missing(EXTERNAL) == []
    # A manifest of an older version of the collection.
    assert missing({"stack": "shop", "services": {}}) == []
