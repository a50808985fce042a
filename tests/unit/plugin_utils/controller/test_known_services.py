"""Which hosts have a service, and the sentence about one that nobody has."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import known_services

HOSTS: dict[str, dict[str, Any]] = {"app1": {"known": ["web", "worker"]}, "app2": {"known": ["web", "db"]}, "app3": {}}


def test_the_hosts_of_a_service_are_in_the_order_of_the_play() -> None:
    assert known_services.hosts_with("web", HOSTS) == ["app1", "app2"]
    assert known_services.hosts_with("db", HOSTS) == ["app2"]
    assert known_services.hosts_with("other", HOSTS) == []


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ([], ""),
        (["web", "db"], ""),
        (["wbe"], "stack 'shop' has no service 'wbe'; did you mean 'web'?"),
        (["db", "xxxxxx"], "stack 'shop' has no service 'xxxxxx'; valid values: db, web, worker"),
    ],
)
def test_a_service_that_no_host_has_is_named(wanted: list[str], sentence: str) -> None:
    assert known_services.unknown("shop", wanted, HOSTS.values()) == sentence


def test_nobody_knows_the_services_if_no_host_answers() -> None:
    assert known_services.unknown("shop", ["web"], [{}, {"failed": True}]) == ""
