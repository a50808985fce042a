"""The budget of an edge: what fits into its memory, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_size
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import budget, edge

from tests.support.descriptions import KINDS, ROOT, documents, example, model
from tests.support.errors import error_of

PROXIES = ("nginx", "traefik")
MIB = 1024**2


def _edge(**keys: Any) -> Service:
    service = model(example(edge=keys)).edge
    assert service is not None
    return service


def _worst(service: Service) -> int:
    """Return the bytes that the proxy needs if each of its connections needs all that it can."""
    needs = budget._NEEDS[str(service.kind.edge)]
    given = budget.budget(service)
    return needs.fixed + given.workers * needs.worker + budget.TEMPORARY + given.connections * needs.connection


@pytest.mark.parametrize("kind", PROXIES)
@pytest.mark.parametrize("memory", ["192m", "256m", "512m", "1g", "3g"])
@pytest.mark.parametrize("cpus", [0.2, 1, 7.5])
def test_all_connections_together_need_less_than_half_of_the_memory(kind: str, memory: str, cpus: float) -> None:
    service = _edge(kind=kind, memory=memory, cpus=cpus)
    given = budget.budget(service)
    assert _worst(service) <= parse_size(memory) // 2
    # No part of the memory is left over for no reason.
    assert _worst(service) > parse_size(memory) // 2 - budget._NEEDS[kind].connection - MIB
    assert 0 < given.per_address < given.connections


@pytest.mark.parametrize(
    ("kind", "balancers", "counted"), [("nginx", [], 2), ("traefik", [], 96), ("traefik", ["10.0.0.1"], 192)]
)
def test_the_clients_that_a_rate_limit_counts_have_their_memory(kind: str, balancers: list[str], counted: int) -> None:
    """The example has two routes."""
    plain = _edge(kind=kind, memory="1g")
    limited = _edge(kind=kind, memory="1g", rate_limit="10/s", real_ip_from=balancers)
    fewer = budget.budget(plain).connections - budget.budget(limited).connections
    assert fewer == pytest.approx(counted * MIB / budget._NEEDS[kind].connection, abs=1)


def test_too_little_memory_for_counting_is_refused_with_its_reason() -> None:
    assert error_of(_budget, kind="traefik", rate_limit="10/s", real_ip_from=["10.0.0.1"]) == (
        "service 'edge': key 'memory': traefik needs at least 538m (384m of it for the clients that 'rate_limit' "
        "counts), not 512m"
    )


@pytest.mark.parametrize("kind", PROXIES)
def test_a_connection_of_grpc_has_its_memory(kind: str) -> None:
    routes = [{"path": "/shop.Api/", "to": "backend", "protocol": "grpc"}, {"path": "/", "to": "frontend"}]
    plain, grpc = budget.budget(_edge(kind=kind)), budget.budget(_edge(kind=kind, routes=routes))
    needs = budget._NEEDS[kind].connection
    assert grpc.connections == pytest.approx(plain.connections * needs / (needs + 65536), abs=2)


@pytest.mark.parametrize("kind", PROXIES)
def test_the_default_serves_a_thousand_requests_at_a_time(kind: str) -> None:
    assert budget.budget(_edge(kind=kind)).connections > 900


@pytest.mark.parametrize("kind", PROXIES)
def test_more_connections_than_fit_are_refused_with_what_would_fit(kind: str) -> None:
    message = error_of(_budget, kind=kind, memory="256m", connections=5000)
    found = re.fullmatch(
        r"service 'edge': key 'connections': 5000 do not fit into the memory of 256m, (\d+) do; "
        r"write at most \1, or 'memory: (\d+m)'",
        message,
    )
    assert found is not None, message
    # Both remedies hold.
    assert _budget(kind=kind, memory="256m", connections=int(found[1])).connections == int(found[1])
    assert _budget(kind=kind, memory=found[2], connections=5000).connections == 5000


def _budget(**keys: Any) -> budget.Budget:
    return budget.budget(_edge(**keys))


@pytest.mark.parametrize("kind", PROXIES)
def test_too_little_memory_is_refused_with_what_is_needed(kind: str) -> None:
    message = error_of(_budget, kind=kind, memory="48m")
    found = re.fullmatch(rf"service 'edge': key 'memory': {kind} needs at least (\d+m), not 48m", message)
    assert found is not None, message
    assert _budget(kind=kind, memory=found[1])


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"connections": 10}, "key 'connections': at least 64, not 10"),
        ({"connections": -1}, "key 'connections': at least 64, not -1"),
        ({"connections": 100, "connections_per_address": 101}, "101 is not between 1 and 100, the connections"),
        ({"connections_per_address": -5}, "-5 is not between 1 and"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(keys: dict[str, Any], sentence: str) -> None:
    assert sentence in error_of(_budget, **keys)


@pytest.mark.parametrize("kind", PROXIES)
def test_a_description_that_does_not_fit_is_refused_before_anything_is_sent(kind: str) -> None:
    with pytest.raises(ValueError, match="service 'edge': key 'connections'"):
        edge.files(model(example(edge={"kind": kind, "connections": 1_000_000})))


@pytest.mark.parametrize(
    "keys",
    [
        {"compose": {"deploy": {"resources": {"limits": {"memory": "256m"}}}}},
        {"compose": {"mem_limit": "256m"}},
        {"environments": {"production": {"deploy": {"resources": {"limits": {"memory": "256m"}}}}}},
        {"memory": "2g", "environments": {"production": {"mem_limit": "256m"}}},
    ],
)
def test_the_memory_of_the_environment_counts(keys: dict[str, Any]) -> None:
    assert _budget(**keys) == _budget(memory="256m")


@pytest.mark.parametrize("cpus", [0.5, 2, 8])
def test_files_and_connections_of_nginx_fit_together(cpus: float) -> None:
    services = example(edge={"cpus": cpus})
    text = edge.files(model(services))["nginx.conf"]
    numbers = {
        name: int(re.search(rf"^\s*{name} (\d+);$", text, re.MULTILINE)[1])  # type: ignore[index]
        for name in ("worker_processes", "worker_rlimit_nofile", "worker_connections")
    }
    assert numbers["worker_rlimit_nofile"] > numbers["worker_connections"]
    assert numbers["worker_processes"] * numbers["worker_connections"] >= 2 * _budget(cpus=cpus).connections
    assert documents(services)[0]["services"]["edge"]["ulimits"] == {"nofile": numbers["worker_rlimit_nofile"]}


def test_files_that_stay_open_leave_room_for_all_connections_of_the_smallest_edge() -> None:
    smallest = {"connections": 64, "cpus": 0.5}
    text = edge.files(model(example(edge=smallest)))["nginx.conf"]
    (kept,) = re.findall(r"open_file_cache max=(\d+) ", text)
    (limit,) = re.findall(r"worker_rlimit_nofile (\d+);", text)
    (connections,) = re.findall(r"worker_connections (\d+);", text)
    # One worker may get all clients, each of which reads a file. It has a few logs and pipes, too.
    assert int(connections) + smallest["connections"] + int(kept) + 16 <= int(limit)


def test_traefik_knows_the_limits_of_its_container() -> None:
    service = documents(example(edge={"kind": "traefik", "memory": "1g"}))[0]["services"]["edge"]
    assert service["environment"] == {"GOMEMLIMIT": "512MiB", "GODEBUG": "http2server=0"}
    assert service["ulimits"]["nofile"] > 4 * _budget(kind="traefik", memory="1g").connections


def test_a_service_that_is_no_edge_has_no_budget() -> None:
    assert "ulimits" not in documents(example())[0]["services"]["backend"]


@pytest.mark.parametrize("kind", PROXIES)
def test_the_kinds_and_the_scripts_have_the_sizes_of_the_budget(kind: str) -> None:
    assert KINDS[kind].body["compose"]["tmpfs"] == [f"/tmp:size={budget.TEMPORARY // MIB}m"]
    templates = ROOT / "plugins/plugin_utils/rendering/templates"
    assert f"largest={budget.LOG}\n" in (templates / "edge_logs.sh").read_text()
    # Both logs, and what they grow by until the next look.
    assert 3 * budget.LOG < budget.TEMPORARY


def test_traefik_reads_as_many_headers_as_the_budget_says() -> None:
    command = yaml.safe_load((ROOT / "kinds/traefik.yml").read_text())["command"]
    assert f"--entryPoints.inner.http.maxHeaderBytes={budget.TRAEFIK_HEADERS}" in command
