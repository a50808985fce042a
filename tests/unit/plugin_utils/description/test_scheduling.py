"""Services that a Swarm runs: which ones, on which nodes, and what each host gets."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description import placement, scheduling
from ansible_collections.slipway.stack.plugins.plugin_utils.description.placement import Share
from ansible_collections.slipway.stack.plugins.plugin_utils.description.places import Place
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import bundle, compose

from tests.support.descriptions import model
from tests.support.errors import error_of

HEALTH = {"health": {"test": ["CMD", "true"]}}
HOSTS = ("front1", "front2", "app1", "data1")
MATCHED = {
    "front": ("front1", "front2"),
    "data": ("data1",),
    "app": ("app1",),
    "app1": ("app1",),
    "a": ("app1", "data1"),
}


def _services(**changes: Any) -> dict[str, Any]:
    services: dict[str, Any] = {
        "db": {"kind": "postgres", "version": "17", "hosts": "data"},
        "backend": {
            "kind": "fastapi",
            "image": "backend:1",
            "replicas": 3,
            "needs": ["db"],
            "release": "migrate",
            "secrets": ["secret_key"],
            "files": {"/etc/app.conf": {"content": "price = 5$\n"}},
            "environment": {"PRICE": "5$"},
            "hosts": "app",
        },
        "worker": {"kind": "celery_worker", "like": "backend"},
        "edge": {"kind": "nginx", "routes": [{"path": "/", "to": "backend"}], "hosts": "front"},
    }
    for name, keys in changes.items():
        services[name] = {**services.get(name, {}), **keys}
    return services


def _share(host: str, services: dict[str, Any] | None = None, **place: Any) -> Share:
    values = {"hosts": HOSTS, "matched": MATCHED, "groups": ("front", "data", "app")}
    values |= {"managers": ("front1", "front2", "app1"), "network": "shop-mesh"}
    stack = model(services or _services(), {"secret_key": {"generate": 50}})
    return scheduling.share(stack, Place(host, **{**values, **place}))


def _entries(found: Share) -> dict[str, Any]:
    return dict(bundle.bundle(found.stack, []).services)


def test_managers_have_the_services_of_the_swarm() -> None:
    assert list(_share("front1").stack.services) == ["backend", "worker", "edge"]
    assert list(_share("app1").stack.services) == ["backend", "worker"]
    assert list(_share("data1").stack.services) == ["db"]
    assert [_entries(_share(host))["backend"]["swarm"]["acts"] for host in ("front1", "front2", "app1")] == [
        *(True, False, False)
    ]


def test_a_worker_without_a_service_of_its_own_gets_nothing() -> None:
    found = _share("app1", _services(edge={"hosts": ""}), managers=("front1",))
    assert found.stack.services == {}
    assert _entries(found) == {}


def test_all_of_them_are_on_one_network_under_their_names() -> None:
    front, data = (compose.base(_share(host).stack, {}) for host in ("front1", "data1"))
    assert front["networks"]["mesh"] == data["networks"]["mesh"] == {"external": True, "name": "shop-mesh"}
    assert list(front["services"]["edge-pod"]["networks"]) == ["app", "mesh"]
    assert data["services"]["db"]["networks"] == ["data", "mesh"]
    assert front["services"]["backend"]["networks"] == ["mesh"]
    assert front["services"]["backend"]["profiles"] == ["swarm"]
    assert "depends_on" not in front["services"]["edge"] or "backend" not in front["services"]["edge"]["depends_on"]


def test_the_release_job_runs_on_the_manager_that_acts() -> None:
    entries = {host: _entries(_share(host)) for host in ("front1", "front2")}
    assert [entries[host]["backend"]["release"] for host in entries] == ["backend-release", None]


def test_the_edge_learns_that_a_name_has_several_addresses() -> None:
    (upstream,) = bundle.bundle(_share("front1").stack, []).upstreams
    assert upstream == {"service": "backend", "port": 8000, "swarm": True}


def test_only_an_edge_can_ask_a_service_of_the_swarm() -> None:
    probe = {"address": "backend:8000", "path": "/health"}
    assert [placement.own_probes(_share(host), [probe]) for host in ("front1", "app1", "data1")] == [[probe], [], []]


@pytest.mark.parametrize(
    ("hosts", "constraints"),
    [
        ("", []),
        ("app", ["node.labels.slipway.group.app == true"]),
        ("app1", ["node.labels.slipway.host == app1"]),
        ("a", ["node.labels.slipway.host != front1", "node.labels.slipway.host != front2"]),
    ],
)
def test_a_pattern_of_hosts_is_one_of_nodes(hosts: str, constraints: list[str]) -> None:
    entry = _entries(_share("front1", _services(worker={"hosts": hosts})))["worker"]
    assert entry["swarm"]["service"]["deploy"]["placement"] == {"constraints": constraints}
    # The plan compares the settings.
    assert entry["settings"]["deploy"].get("placement", {"constraints": []}) == {"constraints": constraints}


def test_files_and_secrets_have_what_docker_needs_to_store_them() -> None:
    swarm = _entries(_share("front1"))["backend"]["swarm"]
    (file,) = swarm["files"]
    assert (file["name"], file["target"], file["mode"]) == ("app.conf", "/etc/app.conf", 0o444)
    secret = next(one for one in swarm["secrets"] if one["name"] == "secret_key")
    assert f"${{{secret['variable']}}}" in secret["path"]
    assert (secret["target"], secret["mode"]) == ("/run/secrets/secret_key", 0o400)
    assert swarm["service"]["environment"]["PRICE"] == "5$$"
    assert "slipway.secrets" not in swarm["service"]["labels"]


def test_a_service_with_a_volume_stays_with_compose_and_a_note_says_so() -> None:
    services = _services(
        files={"kind": "custom", "image": "files:1", "volumes": ["f:/data"], "hosts": "app1", **HEALTH}
    )
    assert "files" in _share("app1", services).stack.services
    (note,) = _share("app1", services).stack.notes["files"]
    assert note == "runs with Compose on app1 and not in the Swarm, because it has volumes"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"db": {"hosts": ""}},
            "service 'db': key 'hosts': the Swarm does not run it, because it is stateful, so name its host",
        ),
        ({"edge": {"hosts": "data"}}, "the edge is on data1, which is no manager of the Swarm"),
        (
            {"page": {"kind": "custom", "image": "p:1", "port": 80, "volumes": ["p:/p"], "hosts": "app1", **HEALTH}}
            | {"edge": {"routes": [{"path": "/", "to": "page"}]}},
            "goes to 'page', which the Swarm does not run, because it has volumes, and which is not on front1, front2",
        ),
        ({"worker": {"hosts": "nowhere"}}, "'nowhere' matches no host of the stack"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], problem: str) -> None:
    assert problem in error_of(_share, "front1", _services(**changes))


def test_an_option_that_a_swarm_does_not_have_is_refused() -> None:
    found = _share("front1", _services(worker={"compose": {"oom_score_adj": 5}}))
    assert "service 'worker': key 'compose.oom_score_adj': Docker Swarm has no such option" in error_of(
        bundle.bundle, found.stack, []
    )
