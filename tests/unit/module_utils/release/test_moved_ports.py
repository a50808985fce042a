"""A port of the host that moves between services of a stack: whether the rollout releases it early enough."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.release import preflight
from ansible_collections.slipway.stack.plugins.module_utils.release.plan import plan

from tests.support.fake_host import container, spec

PORT = "80:8080"
OTHER = "81:8080"


def _service(*ports: str, **changes: Any) -> dict[str, Any]:
    return spec(ports=list(ports), settings={"image": "app:1", "environment": {}, "ports": list(ports)}, **changes)


def _edge(name: str, *ports: str) -> dict[str, dict[str, Any]]:
    return {f"{name}-pod": _service(*ports, **{"class": "pod"}), name: _service(edge=True, pod=f"{name}-pod")}


def _problems(
    monkeypatch: pytest.MonkeyPatch,
    before: dict[str, dict[str, Any]],
    after: dict[str, dict[str, Any]],
    holder: str,
    live: bool = True,
) -> list[str]:
    """Return the problems of a change while *holder* has port 80. All other ports are free."""
    monkeypatch.setattr(preflight, "_bind_error", lambda _, port, __: errno.EADDRINUSE if port == 80 else None)
    monkeypatch.setattr(docker, "containers_publishing", lambda *_place: [f"shop-{holder}-1"])
    running = {name: [container(name)] for name in before}
    old = {"services": before, "addresses": {}} if live else None
    new = {"services": after, "addresses": {}}
    return preflight.check_moved_ports(plan(old, new, running, False), old, new, running)


WEB = {"web": _service(PORT)}
PROXY = {"proxy": _service(PORT)}
EDGE = _edge("edge", PORT)
SINGLETON = {"class": "singleton"}

ACCEPTED = {
    "the port does not move": (EDGE, {**_edge("edge", PORT, OTHER)}, "edge-pod"),
    "from a team's own proxy to an edge of the same name": (
        {**PROXY, "web": _service()},
        {**_edge("proxy", PORT), "web": _service()},
        "proxy",
    ),
    "to an edge of another name": (_edge("old", PORT), EDGE, "old-pod"),
    "from a service replaced in place to the edge": (WEB, {"web": _service(OTHER), **EDGE}, "web"),
    "from a dependency to the service that needs it": (
        {"a": _service(), "b": _service(PORT)},
        {"a": _service(PORT, depends_on=["b"]), "b": _service(OTHER)},
        "b",
    ),
    "from a singleton to a late service": (
        {"one": _service(PORT, **SINGLETON), "proxy": _service(late=True)},
        {"one": _service(**SINGLETON), "proxy": _service(PORT, late=True)},
        "one",
    ),
    "from an edge to a late service": (EDGE, {**_edge("edge", OTHER), "proxy": _service(PORT, late=True)}, "edge-pod"),
}
REFUSED = {
    "from a service that starts first to a new edge": (WEB, {"web": _service(), **EDGE}, "web", "edge"),
    "from a service that is removed": (WEB, EDGE, "web", "edge"),
    "from an edge to a service replaced before it": (EDGE, {**_edge("edge", OTHER), **WEB}, "edge-pod", "web"),
    "from an edge that is removed": (EDGE, WEB, "edge-pod", "web"),
    "between two services of the same group": (
        {"a": _service(), "b": _service(PORT)},
        {"a": _service(PORT), "b": _service(OTHER)},
        "b",
        "a",
    ),
    "from a late service to the edge": (
        {"proxy": _service(PORT, late=True)},
        {"proxy": _service(OTHER, late=True), **EDGE},
        "proxy",
        "edge",
    ),
}


@pytest.mark.parametrize(("before", "after", "holder"), ACCEPTED.values(), ids=ACCEPTED)
def test_a_port_that_is_released_early_enough_is_accepted(
    monkeypatch: pytest.MonkeyPatch, before: Any, after: Any, holder: str
) -> None:
    assert _problems(monkeypatch, before, after, holder) == []


@pytest.mark.parametrize(("before", "after", "holder", "taker"), REFUSED.values(), ids=REFUSED)
def test_a_port_that_is_released_too_late_is_refused(
    monkeypatch: pytest.MonkeyPatch, before: Any, after: Any, holder: str, taker: str
) -> None:
    assert _problems(monkeypatch, before, after, holder) == [
        (
            f"service '{taker}': port 80 of the host belongs to service '{holder}', which releases it too late in "
            f"this deploy; remove the port from '{holder}' in a separate deploy first"
        )
    ]


def test_a_project_that_was_started_by_hand_releases_its_port_to_an_edge_of_the_same_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _problems(monkeypatch, PROXY, {**_edge("proxy", PORT)}, "proxy", live=False) == []
    assert len(_problems(monkeypatch, WEB, {"web": _service(), **EDGE}, "web", live=False)) == 1
