"""The public addresses of a host."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import host_addresses

_TABLE = """\
2a01004f00100000000000000000abcd 02 40 00 80     eth0
fe800000000000000000000000000001 02 40 20 80     eth0
fd000000000000000000000000000001 03 40 00 80  docker0
00000000000000000000000000000001 01 80 10 80       lo
"""


def test_addresses_are_read_from_the_table_of_the_kernel() -> None:
    assert host_addresses.ipv6(_TABLE) == ["2a01:4f:10::abcd", "fe80::1", "fd00::1", "::1"]


def test_only_public_addresses_are_returned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    table = tmp_path / "if_inet6"
    table.write_text(_TABLE, encoding="ascii")
    monkeypatch.setattr(host_addresses, "_IPV6", table)
    addresses = {"lo": ["127.0.0.1"], "eth0": ["5.9.0.1"], "docker0": ["172.17.0.1"], "wg0": []}
    monkeypatch.setattr(host_addresses.socket, "if_nameindex", lambda: list(enumerate(addresses)))
    monkeypatch.setattr(host_addresses, "_ipv4", addresses.__getitem__)
    assert host_addresses.public() == ["5.9.0.1", "2a01:4f:10::abcd"]


def test_a_kernel_without_ipv6_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(host_addresses, "_IPV6", tmp_path / "nothing")
    assert all(ipaddress.ip_address(address).version == 4 for address in host_addresses.public())


def test_the_first_address_of_an_interface_is_asked_for() -> None:
    assert host_addresses._ipv4("lo") == ["127.0.0.1"]
    assert host_addresses._ipv4("no-such") == []
