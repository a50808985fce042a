"""The hosts of a stack as the inventory has them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import placement, sealing, shares

from tests.support.errors import error_of

GROUPS = {"all": ["a", "b", "c", "x"], "stack": ["a", "b", "c"], "app": ["a", "b"], "data": ["c", "x"]}


def _variables(host: str = "a", **more: Any) -> dict[str, Any]:
    hostvars = {name: {"stack_address": f"10.0.0.{number}"} for number, name in enumerate("abc", 1)}
    variables = {"inventory_hostname": host, "groups": GROUPS, "hostvars": hostvars}
    return {**variables, "ansible_play_hosts_all": ["a", "b", "c"], **more}


def _given(**hosts: str) -> dict[str, Any]:
    return {"services": {name: {"kind": "postgres", "hosts": pattern} for name, pattern in hosts.items()}}


def test_a_stack_whose_services_name_no_hosts_has_no_places() -> None:
    assert placement.of({}, {"services": {"db": {"kind": "postgres"}, "gone": None}}) == {}


def test_patterns_are_those_of_a_play() -> None:
    given = _given(db="data", one="app:!b", two="app:&data", three="*")
    found = placement.of(_variables(), {**given, "placement": {"redis": "b"}})
    assert found["hosts"] == ["a", "b", "c"]
    assert found["matched"] == {"data": ["c"], "app:!b": ["a"], "app:&data": [], "*": ["a", "b", "c"], "b": ["b"]}
    assert found["addresses"] == {"a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3"}
    assert found["groups"] == ["app", "data", "stack"]


def test_the_stack_is_in_the_group_of_the_play() -> None:
    assert placement.of(_variables(stack_hosts="app"), _given(db="a"))["hosts"] == ["a", "b"]
    # A play of the team with hosts of its own.
    assert placement.of(_variables("x", ansible_play_hosts_all=["x"]), _given(db="x"))["hosts"] == ["x"]


def test_a_part_of_the_hosts_is_named() -> None:
    place = placement.of(_variables(), _given(db="data"))
    assert placement.left_out(_variables(), place) == ""
    assert placement.left_out(_variables(), {}) == ""
    said = placement.left_out(_variables(ansible_play_hosts_all=["a"]), place)
    assert said.startswith("the play leaves out b, c, and the services of this stack are spread over its hosts")


def test_hosts_of_a_kind_are_for_services_that_name_none() -> None:
    services = {"db": {"kind": "postgres"}, "other": {"kind": "postgres", "hosts": "b"}, "web": {"kind": "custom"}}
    found = placement.by_kind({**services, "gone": None}, {"postgres": "data"})
    assert {name: (one or {}).get("hosts") for name, one in found.items()} == {
        "db": "data",
        "other": "b",
        "web": None,
        "gone": None,
    }
    said = error_of(placement.by_kind, services, {"postgrs": "data"})
    assert said == "stack_placement: no service is of kind 'postgrs'; did you mean 'postgres'?"


@pytest.mark.parametrize("result", ["stack_shared", "secrets_shared"])
def test_a_secret_of_another_host_has_its_value(result: str) -> None:
    sealed = {"sealed": {"db_password": sealing.seal("db_password", "s3cret")}}
    assert shares._value({"hostvars": {"c": {result: sealed}}}, "db_password", "c") == "s3cret"
    assert shares._value({"hostvars": {"c": {result: {"skipped": True}}}}, "db_password", "c") is None
    assert shares._value({}, "db_password", "c") is None
