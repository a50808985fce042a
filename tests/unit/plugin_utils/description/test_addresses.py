"""Host names that the edge answers to, and the networks that it trusts."""

from __future__ import annotations

import contextlib
import ipaddress

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description import addresses
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.descriptions import example, model
from tests.support.errors import error_of

ANYBODY = "would let nearly anybody say who they are; name the addresses of the load balancers, such as 10.0.0.0/8"


@pytest.mark.parametrize("kind", ["nginx", "traefik"])
@pytest.mark.parametrize(
    ("networks", "sentence"),
    [
        (["0.0.0.0/0"], f"0.0.0.0/0 {ANYBODY}"),
        (["::/0"], f"::/0 {ANYBODY}"),
        (["10.0.0.1", "1.2.3.4/0"], f"10.0.0.1 and 1.2.3.4/0 {ANYBODY}"),
        (["0.0.0.0/1", "128.0.0.0/1"], f"0.0.0.0/1 and 128.0.0.0/1 {ANYBODY}"),
        (["0.0.0.0/1"], f"0.0.0.0/1 {ANYBODY}"),
        (["4000::/2", "8000::/1"], f"4000::/2 {ANYBODY}"),
        (["::/1", "8000::/1"], f"::/1 {ANYBODY}"),
        (["2000::/3"], f"2000::/3 {ANYBODY}"),
        (["::ffff:0:0/96"], f"::ffff:0:0/96 {ANYBODY}"),
        (["::ffff:0.0.0.0/97", "::ffff:128.0.0.0/97"], f"::ffff:0.0.0.0/97 and ::ffff:128.0.0.0/97 {ANYBODY}"),
        (["::/64"], f"::/64 {ANYBODY}"),
        (["lb.example.com"], "'lb.example.com' is not an address or a network such as 10.0.0.0/8"),
        (["10.0.0.0/33"], "'10.0.0.0/33' is not an address or a network such as 10.0.0.0/8"),
        (["10.0.0.0/8; evil"], "'10.0.0.0/8; evil' is not an address or a network such as 10.0.0.0/8"),
        (["fe80::1%8"], "'fe80::1%8' is not an address or a network such as 10.0.0.0/8"),
        (["fe80::1%eth0; x"], "'fe80::1%eth0; x' is not an address or a network such as 10.0.0.0/8"),
        ([None], "None is not an address or a network such as 10.0.0.0/8"),
        ("10.0.0.0/8", "'10.0.0.0/8' is not a list"),
    ],
)
def test_networks_that_are_not_those_of_a_load_balancer_are_refused(kind: str, networks: object, sentence: str) -> None:
    services = example(edge={"kind": kind, "real_ip_from": networks})
    assert error_of(model, services) == f"service 'edge': key 'real_ip_from': {sentence}"


def test_networks_have_one_notation() -> None:
    written = ["10.1.2.3/8", "192.168.0.1", "10.0.0.0/8", "FD00::1/8", "::ffff:172.16.0.0/108"]
    assert addresses.networks(written) == ["10.0.0.0/8", "192.168.0.1/32", "fd00::/8", "172.16.0.0/12"]


@settings(deadline=None)
@given(st.lists(st.ip_addresses(v=4), max_size=3), st.integers(min_value=1, max_value=6))
def test_networks_that_cover_every_address_together_are_refused(more: list[object], prefix: int) -> None:
    every = list(ipaddress.ip_network("0.0.0.0/0").subnets(new_prefix=prefix))
    with pytest.raises(ValueError, match="nearly anybody"):
        addresses.networks([*more, *every])


@pytest.mark.parametrize(
    ("domain", "valid"),
    [
        ("shop.example.com", True),
        ("localhost:8443", True),
        ("203.0.113.7", True),
        ("my_host", True),
        ("shop.example.com:0", False),
        ("shop.example.com:65536", False),
        ("shop.example.com.", False),
        ("*.example.com", False),
        ("a..b", False),
        ("-a", False),
        (f"{'a' * 64}.com", False),
        (f"{'a.' * 126}com", False),
        ("a`b", False),
        ("shop.example.com\n", False),
        ("größe.de", False),
    ],
)
def test_a_host_name_with_or_without_a_port(domain: str, valid: bool) -> None:
    assert addresses.is_host_and_port(domain) is valid


@pytest.mark.parametrize("kind", ["nginx", "traefik"])
@pytest.mark.parametrize("name", ["a b", "x;", "a`", "*", "*.", "a.*.b", "https://a.b", "a:80", "a\n", 7, None, ""])
def test_a_further_domain_is_one_host_name(kind: str, name: object) -> None:
    message = error_of(model, example(edge={"kind": kind, "domains": [name]}))
    assert message.startswith("service 'edge': key 'domains': ")
    assert message.endswith(" is not a host name, such as www.example.com")


@given(st.text())
def test_a_host_name_needs_no_quoting(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert not set(addresses.host_name(text)) & set(" \t\r\n\0`'\"\\$;{}()/:#*")
