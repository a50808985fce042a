"""A port of the host that another service of the stack has: whether a rollout frees it before it is taken."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.release import preflight
from ansible_collections.slipway.stack.plugins.module_utils.release.plan import plan

from tests.support.on_host import container, spec

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
    """Return what is said of a change, while *holder* has the port 80 and nobody any other."""
    monkeypatch.setattr(preflight, "_bind_error", lambda _, port, __: errno.EADDRINUSE if port == 80 else None)
    monkeypatch.setattr(docker, "containers_publishing", lambda *_place: [f"shop-{holder}-1"])
    running = {name: [container(name)] for name in before}
    leaving = {"services": before, "addresses": {}} if live else None
    coming = {"services": after, "addresses": {}}
    return preflight.check_moved_ports(plan(leaving, coming, running, False), leaving, coming, running)


WEB = {"web": _service(PORT)}
PROXY = {"proxy": _service(PORT)}
EDGE = _edge("edge", PORT)
ONE = {"class": "singleton"}

ACCEPTED = {
    "it stays where it is": (EDGE, {**_edge("edge", PORT, OTHER)}, "edge-pod"),
    "own proxy, an edge under its name": (
        {**PROXY, "web": _service()},
        {**_edge("proxy", PORT), "web": _service()},
        "proxy",
    ),
    "edge of another name": (_edge("old", PORT), EDGE, "old-pod"),
    "what is replaced in place lets go before the edge": (WEB, {"web": _service(OTHER), **EDGE}, "web"),
    "what another needs is replaced first": (
        {"a": _service(), "b": _service(PORT)},
        {"a": _service(PORT, depends_on=["b"]), "b": _service(OTHER)},
        "b",
    ),
    "one that stops before the late": (
        {"one": _service(PORT, **ONE), "proxy": _service(late=True)},
        {"one": _service(**ONE), "proxy": _service(PORT, late=True)},
        "one",
    ),
    "from an edge to the late": (EDGE, {**_edge("edge", OTHER), "proxy": _service(PORT, late=True)}, "edge-pod"),
}
REFUSED = {
    "to a new edge, the old beside the new": (WEB, {"web": _service(), **EDGE}, "web", "edge"),
    "from one that is no longer described": (WEB, EDGE, "web", "edge"),
    "from an edge to what comes before it": (EDGE, {**_edge("edge", OTHER), **WEB}, "edge-pod", "web"),
    "from an edge that goes with nothing in its place": (EDGE, WEB, "edge-pod", "web"),
    "both at once": (
        {"a": _service(), "b": _service(PORT)},
        {"a": _service(PORT), "b": _service(OTHER)},
        "b",
        "a",
    ),
    "from the late to the edge": (
        {"proxy": _service(PORT, late=True)},
        {"proxy": _service(OTHER, late=True), **EDGE},
        "proxy",
        "edge",
    ),
}


@pytest.mark.parametrize(("before", "after", "holder"), ACCEPTED.values(), ids=ACCEPTED)
def test_a_port_that_is_free_by_then(monkeypatch: pytest.MonkeyPatch, before: Any, after: Any, holder: str) -> None:
    assert _problems(monkeypatch, before, after, holder) == []


@pytest.mark.parametrize(("before", "after", "holder", "taker"), REFUSED.values(), ids=REFUSED)
def test_a_port_that_is_not_free_by_then(
    monkeypatch: pytest.MonkeyPatch, before: Any, after: Any, holder: str, taker: str
) -> None:
    assert _problems(monkeypatch, before, after, holder) == [
        (
            f"service '{taker}': port 80 of the host is that of service '{holder}', which lets go of it too late in "
            f"this deploy; take it away from '{holder}' in a deploy of its own first"
        )
    ]


def test_a_project_that_somebody_started_by_hand_gives_way_to_an_edge_in_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _problems(monkeypatch, PROXY, {**_edge("proxy", PORT)}, "proxy", live=False) == []
    assert len(_problems(monkeypatch, WEB, {"web": _service(), **EDGE}, "web", live=False)) == 1
