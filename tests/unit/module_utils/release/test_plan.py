from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine.sharing import Shared
from ansible_collections.slipway.stack.plugins.module_utils.release.plan import differences, drift, plan
from ansible_collections.slipway.stack.plugins.module_utils.release.replacement import (
    AT_SWITCH,
    START_FIRST,
    replacement,
)

from tests.support.fake_host import container, settings, spec

UP = {"web": [container()]}
SECRET = {"secrets": {"SECRET_KEY_999": "key"}}


def _manifest(addresses: dict[str, str] | None = None, **services: dict[str, Any]) -> dict[str, Any]:
    return {"services": services, "addresses": addresses or {}}


def _entries(
    old: dict[str, Any] | None, new: dict[str, Any], running: Any = UP, edge_changed: bool = False
) -> list[tuple[str, str, list[str]]]:
    return [(entry["service"], entry["action"], entry["because"]) for entry in plan(old, new, running, edge_changed)]


def test_the_first_release_creates_all_services() -> None:
    assert _entries(None, _manifest(db=spec(), web=spec()), {}) == [
        ("db", "create", ["new service"]),
        ("web", "create", ["new service"]),
    ]


def test_a_oneshot_without_a_container_runs_again_only_if_nothing_of_the_stack_is_left() -> None:
    both = _manifest(migrate=spec(**{"class": "oneshot"}), web=spec())
    assert _entries(both, both) == [("migrate", "unchanged", []), ("web", "unchanged", [])]
    assert _entries(both, both, {"web": []}) == [
        ("migrate", "start", ["the stack has no containers"]),
        ("web", "start", ["0 of 1 up"]),
    ]


@pytest.mark.parametrize("update_strategy", ["rolling", "stateful", "oneshot"])
def test_a_service_without_replicas_needs_no_container(update_strategy: str) -> None:
    none = spec(**{"replicas": 0, "class": update_strategy})
    assert _entries(None, _manifest(web=none), {}) == [("web", "create", ["new service"])]
    assert _entries(_manifest(web=none), _manifest(web=none), {}) == [("web", "unchanged", [])]
    both = _manifest(app=spec(), web=none)
    assert _entries(both, both, {"app": []}) == [
        ("app", "start", ["0 of 1 up"]),
        ("web", "unchanged", []),
    ]
    assert drift(_manifest(web=none), {}) == []


@pytest.mark.parametrize("options", [{}, {"bind": {"selinux": "z"}}])
def test_a_mounted_file_with_options_is_compared_by_its_content(options: dict[str, Any]) -> None:
    def _with(address: str) -> dict[str, Any]:
        mount = {"type": "bind", "source": f"/s/files/{address * 64}/a", "target": "/a", "read_only": True, **options}
        return settings(volumes=[mount, {"type": "tmpfs", "target": "/t"}])

    assert differences(_with("a"), _with("a"), {}, {}) == []
    assert differences(_with("a"), _with("b"), {}, {}) == ["file /a"]


@pytest.mark.parametrize(
    ("changes", "action", "downtime"),
    [
        ({}, "roll", False),
        ({"class": "drain"}, "roll", False),
        ({"class": "oneshot"}, "roll", False),
        ({"class": "singleton"}, "recreate", True),
        ({"class": "stateful"}, "recreate", True),
        # Two containers cannot have the same port of the host.
        ({"ports": ["80:80"]}, "recreate", True),
    ],
)
def test_the_action_for_each_update_strategy(changes: dict[str, Any], action: str, downtime: bool) -> None:
    old, new = _manifest(web=spec(**changes)), _manifest(web=spec(**changes, pinned="app@sha256:2"))
    assert plan(old, new, UP, edge_changed=False) == [
        {"service": "web", "action": action, "downtime": downtime, "because": ["image digest"]}
    ]


def _files(pair: str, *volumes: str) -> list[str]:
    return [*volumes, f"/opt/stacks/shop/files/{pair * 32}/x.conf:/etc/x.conf:ro"]


@pytest.mark.parametrize(
    ("before", "after", "because"),
    [
        (spec(), spec(), []),
        (settings(image="app:1"), settings(image="app:2"), ["image"]),
        (spec(), spec(pinned="app@sha256:2"), ["image digest"]),
        # Another tag has another digest. It is one difference.
        (spec(), {**settings(image="app:2"), "pinned": "app@sha256:2"}, ["image"]),
        (
            settings(environment={"A": "1", "B": "2"}),
            settings(environment={"B": "3", "C": "4"}),
            [
                "variable A",
                "variable B",
                "variable C",
            ],
        ),
        (settings(), settings(read_only=True), ["read_only"]),
        (settings(command=["a"]), settings(command=["b"]), ["command"]),
        (settings(volumes=["a:/data"]), settings(volumes=["b:/data"]), ["volumes"]),
        # A file is named by its path in the container.
        (settings(volumes=_files("aa", "data:/d")), settings(volumes=_files("bb", "data:/d")), ["file /etc/x.conf"]),
        (settings(), settings(volumes=_files("bb")), ["file /etc/x.conf"]),
        (
            settings(deploy={"resources": {"limits": {"memory": "1g", "cpus": "1"}}}),
            settings(deploy={"resources": {"limits": {"memory": "2g", "cpus": "1"}}}),
            ["deploy.resources.limits.memory"],
        ),
        (settings(labels={"a": "1"}), settings(labels={"a": "1", "b": "2"}), ["labels.b"]),
        # The start order does not change a container.
        (settings(depends_on={"db": {}}), settings(depends_on={}), []),
    ],
)
def test_the_differences_of_a_service(before: dict[str, Any], after: dict[str, Any], because: list[str]) -> None:
    assert differences(before, after, {}, {}) == because


@pytest.mark.parametrize(
    ("addresses", "because"), [({"SECRET_KEY_999": "bb"}, ["secret key"]), ({"SECRET_KEY_999": "aa"}, [])]
)
def test_a_changed_secret_is_named_without_its_address(addresses: dict[str, str], because: list[str]) -> None:
    assert differences(spec(**SECRET), spec(**SECRET), {"SECRET_KEY_999": "aa"}, addresses) == because


def test_the_plan_contains_no_values() -> None:
    old = _manifest(web=settings(environment={"TOKEN": "canary"}))
    new = _manifest(web=settings(environment={"TOKEN": "canary two"}))
    assert "canary" not in str(plan(old, new, UP, edge_changed=False))


@pytest.mark.parametrize(
    ("changes", "running", "edge_changed", "action", "because"),
    [
        ({}, UP, False, "unchanged", []),
        ({}, UP, True, "unchanged", []),
        ({"edge": True}, UP, True, "reload", ["proxy configuration"]),
        ({"edge": True}, UP, False, "unchanged", []),
        ({}, {}, False, "start", ["0 of 1 up"]),
        ({}, {"web": [container(state="exited", exit_code=1)]}, False, "start", ["shop-web-1 exited with code 1"]),
        ({"edge": True}, {}, True, "start", ["0 of 1 up"]),
    ],
)
def test_the_action_for_an_unchanged_service(
    changes: dict[str, Any], running: Any, edge_changed: bool, action: str, because: list[str]
) -> None:
    manifest = _manifest(web=spec(**changes))
    assert _entries(manifest, manifest, running, edge_changed) == [("web", action, because)]


EDGE = {"edge": spec(edge=True, pod="pod"), "pod": spec(**{"class": "pod", "ports": ["80:80"]})}
OTHER_IMAGE = "nginx@sha256:2"


@pytest.mark.parametrize(
    ("pod", "edge", "actions"),
    [
        ({}, {}, ("unchanged", "reload")),
        ({}, {"pinned": OTHER_IMAGE}, ("unchanged", "roll")),
        ({"settings": {"environment": {}, "ports": ["81:80"]}}, {}, ("recreate", "recreate")),
        ({"settings": {"environment": {}, "ports": ["81:80"]}}, {"pinned": OTHER_IMAGE}, ("recreate", "recreate")),
    ],
)
def test_the_edge_rolls_if_its_pod_does_not_change(
    pod: dict[str, Any], edge: dict[str, Any], actions: tuple[str, str]
) -> None:
    old = _manifest(pod=EDGE["pod"], edge=EDGE["edge"])
    new = _manifest(pod={**EDGE["pod"], **pod}, edge={**EDGE["edge"], **edge})
    running = {name: [container(name)] for name in EDGE}
    entries = plan(old, new, running, edge_changed=True)
    assert tuple(entry["action"] for entry in entries) == actions
    assert {entry["downtime"] for entry in entries} == {"recreate" in actions}


@pytest.mark.parametrize(
    ("before", "after", "action"),
    [
        # Old manifests do not name the proxy.
        ({}, {"proxy": "nginx"}, "roll"),
        ({}, {"proxy": "traefik"}, "recreate"),
        ({"proxy": "traefik"}, {"proxy": "nginx"}, "recreate"),
        ({"proxy": "traefik"}, {"proxy": "traefik"}, "roll"),
    ],
)
def test_a_change_of_the_proxy_has_downtime(before: dict[str, str], after: dict[str, str], action: str) -> None:
    old = _manifest(pod=EDGE["pod"], edge={**EDGE["edge"], **before})
    new = _manifest(pod=EDGE["pod"], edge={**EDGE["edge"], **after, "pinned": OTHER_IMAGE})
    entries = plan(old, new, {name: [container(name)] for name in EDGE}, edge_changed=True)
    assert [(entry["action"], entry["downtime"]) for entry in entries] == [
        ("unchanged", False),
        (action, action == "recreate"),
    ]


def test_adding_or_removing_a_pod_has_downtime() -> None:
    without_pod = _manifest(edge=spec(edge=True, ports=["80:80"], settings={"environment": {}, "ports": ["80:80"]}))
    with_pod = _manifest(pod=EDGE["pod"], edge=EDGE["edge"])
    added = plan(without_pod, with_pod, {"edge": [container("edge")]}, edge_changed=True)
    assert [(entry["service"], entry["action"], entry["downtime"]) for entry in added] == [
        ("pod", "create", False),
        ("edge", "recreate", True),
    ]
    removed = plan(with_pod, without_pod, {name: [container(name)] for name in EDGE}, edge_changed=True)
    assert [(entry["service"], entry["action"], entry["downtime"]) for entry in removed] == [
        ("edge", "recreate", True),
        ("pod", "remove", False),
    ]


def test_an_edge_is_started_again_if_its_pod_was_started_later() -> None:
    manifest = _manifest(pod=EDGE["pod"], edge=EDGE["edge"])
    pod = Shared("network_mode", "shop-pod-1", "pod", running=True, started_at="2026-11-21T10:00:00.5Z")
    running = {"edge": [container("edge", shared=(pod,))], "pod": [container("pod")]}
    assert _entries(manifest, manifest, running) == [
        ("pod", "unchanged", []),
        ("edge", "start", ["shop-edge-1 uses the network of shop-pod-1, which was started after it"]),
    ]
    running["pod"] = [container("pod", state="exited", exit_code=1)]
    assert [action for _, action, _ in _entries(manifest, manifest, running)] == ["start", "start"]


@pytest.mark.parametrize(
    ("changes", "action", "expected"),
    [
        ({}, "roll", START_FIRST),
        ({"edge": True, "pod": "pod"}, "roll", START_FIRST),
        ({"edge": True, "pod": "pod"}, "recreate", AT_SWITCH),
        ({"edge": True, "pod": "pod"}, "create", AT_SWITCH),
        ({"edge": True, "ports": ["80:80"]}, "roll", AT_SWITCH),
        ({"class": "pod", "ports": ["80:80"]}, "create", AT_SWITCH),
    ],
)
def test_how_the_containers_of_an_edge_are_replaced(changes: dict[str, Any], action: str, expected: str) -> None:
    assert replacement(spec(**changes), action) == expected


def test_services_that_are_no_longer_described_are_removed() -> None:
    old = _manifest(web=spec(), api=spec())
    running = {**UP, "stray": [container("stray")]}
    assert _entries(old, _manifest(web=spec()), running) == [
        ("web", "unchanged", []),
        ("api", "remove", ["no longer described"]),
        ("stray", "remove", ["no longer described"]),
    ]


def test_drift_lists_services_that_differ_from_the_release() -> None:
    manifest = _manifest(web=spec(), db=spec())
    assert drift(manifest, {**UP, "db": [container("db")]}) == []
    assert drift(manifest, {**UP, "stray": [container("stray")]}) == [
        {"service": "db", "reason": "0 of 1 up"},
        {"service": "stray", "reason": "is not part of the release"},
    ]


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ({"health": "starting", "uptime": 3.0}, "unchanged"),
        ({"health": None, "uptime": 3.0}, "unchanged"),
        ({"health": "unhealthy"}, "start"),
        ({"state": "created", "health": None}, "start"),
        ({"state": "exited", "health": None}, "start"),
    ],
)
def test_a_health_check_that_begins_anew_is_nothing_to_do(changes: dict[str, Any], action: str) -> None:
    """As after a restart of the engine. A start of the pod would be downtime."""
    manifest = _manifest(pod=spec(**{"class": "pod"}))
    running = {"pod": [container("pod", **changes)]}
    [(_name, found, _because)] = _entries(manifest, manifest, running)
    assert found == action


def test_a_restart_replaces_what_does_not_differ_and_what_follows_it() -> None:
    services = {
        "db": spec(**{"class": "stateful"}),
        "web": spec(),
        "beat": spec(**{"class": "singleton"}),
        "side": spec(follows={"web": ["volumes_from"]}),
    }
    both, running = _manifest(**services), {name: [container(name)] for name in services}

    def planned(*restart: str) -> list[tuple[str, str, bool, list[str]]]:
        entries = plan(both, both, running, False, restart)
        return [(one["service"], one["action"], one["downtime"], one["because"]) for one in entries if one["because"]]

    assert planned() == []
    assert planned("db", "beat") == [("db", "recreate", True, ["restart"]), ("beat", "recreate", True, ["restart"])]
    assert planned("web")[0] == ("web", "roll", False, ["restart"])
    assert [entry[0] for entry in planned("web")] == ["web", "side"]
