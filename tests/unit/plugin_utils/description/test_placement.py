"""Services on some hosts only: the share of each host, and how it reaches the others."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description.placement import Share, own_probes, share
from ansible_collections.slipway.stack.plugins.plugin_utils.description.places import Place
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import bundle, compose

from tests.support.descriptions import model, plain
from tests.support.errors import error_of

HOSTS = {"db": ("data1",), "app": ("app1", "app2"), "app1": ("app1",), "ap": ()}
ADDRESSES = {"data1": "10.0.0.2", "app1": "10.0.0.3", "app2": "10.0.0.4"}


def _services(**changes: Any) -> dict[str, Any]:
    services: dict[str, Any] = {
        "db": {"kind": "postgres", "version": "17", "hosts": "db"},
        "redis": {"kind": "redis", "hosts": "db"},
        "backend": {
            "kind": "fastapi",
            "image": "backend:1",
            "needs": ["db", "redis"],
            "hosts": "app",
            "release": "migrate",
            "secrets": ["secret_key"],
        },
        "worker": {"kind": "celery_worker", "like": "backend", "hosts": "app"},
        "edge": {"kind": "nginx", "routes": [{"path": "/", "to": "backend"}], "hosts": "app"},
    }
    for name, keys in changes.items():
        services[name] = {**services.get(name, {}), **keys}
    return services


def _share(host: str, services: dict[str, Any] | None = None, **place: Any) -> Share:
    values = {"hosts": ("app1", "app2", "data1"), "matched": HOSTS, "addresses": ADDRESSES, "groups": tuple(HOSTS)}
    stack = model(services or _services(), {"secret_key": {"generate": 50}})
    return share(stack, Place(host, **{**values, **place}))


def _problem(host: str, services: dict[str, Any] | None = None, **place: Any) -> str:
    return error_of(_share, host, services, **place)


def _base(found: Share) -> dict[str, Any]:
    return compose.base(found.stack, {})["services"]


def test_each_host_has_its_share() -> None:
    assert list(_share("data1").stack.services) == ["db", "redis"]
    assert list(_share("app1").stack.services) == list(_share("app2").stack.services) == ["backend", "worker", "edge"]
    assert sorted(_share("data1").elsewhere) == ["backend", "edge", "worker"]


def test_a_stack_without_hosts_is_on_each_as_a_whole() -> None:
    services = {name: {key: one[key] for key in one if key != "hosts"} for name, one in _services().items()}
    stack = model(services, {"secret_key": {"generate": 50}})
    assert share(stack, Place("x", ("x", "y"), {})) == Share(stack)


def test_a_name_means_the_private_address_of_its_host() -> None:
    services = _base(_share("app1"))
    for name in ("backend", "backend-release", "worker"):
        assert services[name]["extra_hosts"] == ["db=10.0.0.2", "redis=10.0.0.2"]
    assert "depends_on" not in services["worker"]
    # The network for data leads to no other host.
    assert "app" in services["backend"]["networks"]
    assert services["backend"]["env_file"]
    environment = _share("app1").stack.services["backend"].environment
    assert (environment["POSTGRES_HOST"], environment["POSTGRES_PORT"]) == ("db", "5432")


def test_what_others_need_is_published_there_only() -> None:
    services = _base(_share("data1"))
    assert services["db"]["ports"] == ["10.0.0.2:5432:5432"]
    assert services["redis"]["ports"] == ["10.0.0.2:6379:6379"]
    assert services["db"]["networks"] == ["data", "published"]
    ipv6 = _share("data1", addresses={**ADDRESSES, "data1": "fd00::2"}).stack.services["db"]
    assert ipv6.ports == ("[fd00::2]:5432:5432",)
    alone = _services(backend={"needs": ["redis"]}, worker={"needs": ["redis"]})
    assert "ports" not in _base(_share("data1", alone))["db"]


def test_a_service_of_the_same_host_is_reached_there() -> None:
    services = _services(**{key: {"hosts": "app1"} for key in ("redis", "backend", "worker", "edge")})
    found = _share("app1", services, hosts=("app1", "data1"))
    assert _base(found)["backend"]["extra_hosts"] == ["db=10.0.0.2"]
    assert _base(found)["backend"]["depends_on"] == {"redis": {"condition": "service_healthy"}}
    assert "ports" not in _base(found)["redis"]


@pytest.mark.parametrize("address", ["192.168.1.2", "172.31.250.2", "100.64.0.2", "fd00::2"])
def test_addresses_of_private_networks(address: str) -> None:
    assert _share("app1", addresses={"data1": address}).stack.services["backend"].reaches["db"] == (address, 5432)


def test_own_names_of_hosts_stay() -> None:
    for given in (["mail:10.1.1.1", "db=10.9.9.9"], {"mail": "10.1.1.1", "db": "10.9.9.9"}):
        services = _services(backend={"compose": {"extra_hosts": given}})
        written = [str(one).replace("=", ":") for one in _base(_share("app1", services))["backend"]["extra_hosts"]]
        assert written == ["mail:10.1.1.1", "db:10.9.9.9", "redis:10.0.0.2"]


def test_a_release_job_runs_on_one_of_the_hosts_with_one_database() -> None:
    assert _share("app1").stack.services["backend"].release is not None
    assert _share("app2").stack.services["backend"].release is None
    # Each has a database of its own.
    everywhere = _services(db={"hosts": "app"}, redis={"hosts": "app"})
    assert _share("app2", everywhere, hosts=("app1", "app2")).stack.services["backend"].release is not None


def test_hosts_begin_after_those_that_they_need() -> None:
    assert [(found.stage, found.stages) for found in map(_share, ("app1", "app2", "data1"))] == [(1, 2), (1, 2), (0, 2)]
    # Two hosts that need each other begin together.
    both = _services(**{key: {"hosts": "app1"} for key in ("redis", "backend", "worker", "edge")})
    both["extra"] = {**plain(), "needs": ["redis"], "hosts": "db"}
    found = [_share(host, both, hosts=("app1", "data1")) for host in ("app1", "data1")]
    assert [(one.stage, one.stages) for one in found] == [(0, 1), (0, 1)]


def test_a_secret_that_several_hosts_read_is_generated_on_one() -> None:
    found = _share("app2")
    assert found.shared == {"db_password": "data1", "redis_password": "data1", "secret_key": "app1"}
    assert _share("data1").shared == found.shared
    assert "secret_key" not in _share("data1").stack.secrets
    assert "db_password" in found.stack.secrets


def test_probes_are_sent_by_the_hosts_that_can() -> None:
    given = [{"path": "/"}, {"path": "/x", "address": "backend:8000"}, {"path": "/y", "address": "8080"}]
    assert own_probes(_share("app1"), given) == given
    assert own_probes(_share("data1"), given) == [given[2]]
    assert bundle.bundle(_share("data1").stack, own_probes(_share("data1"), given)).probes


@pytest.mark.parametrize(
    ("host", "changes", "place", "said"),
    [
        (
            "app1",
            {"db": {"hosts": "ap"}},
            {},
            "key 'hosts': 'ap' matches no host of the stack; did you mean",
        ),
        ("app1", {"db": {"hosts": "gone"}}, {}, "the stack has app1, app2, data1"),
        (
            "app1",
            {},
            {"addresses": {}},
            "service 'backend' needs a service of host 'data1'; set stack_address",
        ),
        ("data1", {}, {"addresses": {}}, "set stack_address of 'data1' to its private address, such as 10.0.0.2"),
        ("app1", {}, {"addresses": {"data1": "db.internal"}}, "'db.internal' is no IP address; write 10.0.0.2"),
        ("data1", {}, {"addresses": {"data1": "8.8.8.8"}}, "8.8.8.8 is not the address of a private network"),
        ("data1", {}, {"addresses": {"data1": "127.0.0.1"}}, "127.0.0.1 is not the address of a private network"),
        ("app1", {"db": {"hosts": "app"}, "redis": {"hosts": "app"}}, {}, ""),
        ("data1", {"db": {"hosts": "app"}, "redis": {"hosts": "app"}}, {}, "host 'data1' gets no service of the stack"),
        (
            "data1",
            {"extra": {**plain(), "needs": ["backend"], "hosts": "db"}},
            {},
            "service 'extra': key 'needs': 'backend' is not on data1; only a stateful service, which has one container",
        ),
        (
            "data1",
            {"extra": {**plain(), "needs": ["cache"], "hosts": "db"}, "cache": {"kind": "redis", "hosts": "app"}},
            {},
            "service 'extra': key 'needs': 'cache' is on app1, app2, and not on data1; a service that is needed from",
        ),
        (
            "data1",
            {
                "other": {"kind": "redis", "hosts": "db"},
                "backend": {"needs": ["db", "redis", {"service": "other", "prefix": "OTHER"}]},
            },
            {},
            "service 'other': port 6379/tcp of the host is published twice, here and by service 'redis'",
        ),
        (
            "app1",
            {"extra": {**plain(), "compose": {"network_mode": "service:db"}, "hosts": "app"}},
            {},
            "service 'extra': key 'network_mode': 'db' is not on app1; place both on the same hosts",
        ),
    ],
)
def test_what_cannot_be_placed(host: str, changes: dict[str, Any], place: dict[str, Any], said: str) -> None:
    if said:
        assert said in _problem(host, _services(**changes), **place)
    else:
        _share(host, _services(**changes), **place)
