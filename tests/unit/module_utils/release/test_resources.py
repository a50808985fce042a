"""Networks and volumes that get another definition while they are in use."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.release.resources import refusals

from tests.support.on_host import container, settings

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
def there(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The volumes that the engine has, by the path of its answer."""
    volumes = ["/volumes/shop_rows", "/volumes/old_rows"]
    monkeypatch.setattr(docker, "get", lambda path: {} if path in volumes else None)
    return volumes


def test_what_is_as_it_was_is_no_problem(there: list[str]) -> None:
    assert refusals(_manifest(), _manifest({"back": {}}, {"more": {}}), RUNNING) == []


def test_before_the_first_release_nothing_is_in_use(there: list[str]) -> None:
    assert refusals(None, _manifest(), {}) == []


def test_a_release_that_does_not_tell_is_compared_with_nothing(there: list[str]) -> None:
    """One of an older version of the collection."""
    live = {key: value for key, value in _manifest().items() if key in ("stack", "services")}
    assert refusals(live, _manifest({"app": {"internal": True}}), RUNNING) == []


def test_a_network_with_containers_in_it(there: list[str]) -> None:
    coming = _manifest({"data": {"internal": False, "driver_opts": {"mtu": 1400}}})
    (problem,) = refusals(_manifest(), coming, RUNNING)
    assert problem.startswith(
        "network 'data': driver_opts, internal changed, which none can while containers are in it (those of api, db): "
        "Compose would stop them all"
    )


def test_a_network_that_nobody_is_in(there: list[str]) -> None:
    coming = _manifest({"data": {}})
    assert refusals(_manifest(), coming, {"bot": [container("bot")]}) == []


def test_a_volume_that_is_there(there: list[str]) -> None:
    changed = {"rows": {"driver_opts": {"type": "tmpfs"}}, "kept": {"name": "new_rows"}}
    named, renamed = refusals(_manifest(), _manifest(volumes=changed), RUNNING)
    assert named.startswith("volume 'rows': driver_opts changed, but shop_rows is there and stays as it was made")
    assert renamed.startswith("volume 'kept': name changed, but old_rows is there ")
    there.clear()
    assert refusals(_manifest(), _manifest(volumes=changed), RUNNING) == []
