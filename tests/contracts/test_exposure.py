"""The module exposure in a real play: from one host of an inventory it tries the ports of another one.

Both hosts are this machine, reached at an address that is not the loopback address.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.checkout import ROOT


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Return a socket that listens at an address of this machine which others reach."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:
        try:
            # Nothing is sent: the kernel only chooses the address that it would send from.
            route.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address besides the loopback address")
        address = route.getsockname()[0]
    with socket.create_server((address, 0)) as server:
        yield server


def _run(folder: Path, address: str, origin: str, **arguments: Any) -> tuple[int, str]:
    """Run the module for the host `shop1` at *address* from the host *origin*; return exit code and output."""
    names = {"shop1": {"ansible_host": address}, "monitor": {}}
    inventory = {"all": {"hosts": {name: {**keys, "ansible_connection": "local"} for name, keys in names.items()}}}
    (folder / "hosts.json").write_text(json.dumps(inventory), encoding="utf-8")
    task = {
        "name": "Try the ports",
        "slipway.stack.exposure": {"scan": False, "timeout": 5, **arguments},
        "delegate_to": origin,
    }
    play = {"name": "Try", "hosts": "shop1", "gather_facts": False, "tasks": [task]}
    (folder / "try.yml").write_text(json.dumps([play]), encoding="utf-8")
    done = subprocess.run(
        ["ansible-playbook", "-i", str(folder / "hosts.json"), str(folder / "try.yml")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    # Ansible wraps long messages.
    return done.returncode, re.sub(r"\s+", " ", done.stdout)


def _published(port: int, **more: Any) -> dict[str, Any]:
    entry = {"port": port, "addresses": ["0.0.0.0"], "inside": port, "container": "shop-db-1", "service": "db"}
    return {**entry, "stack": "shop", "edge": False, **more}


def test_a_published_port_is_a_finding_unless_it_is_named(tmp_path: Path, listener: socket.socket) -> None:
    address, port = listener.getsockname()
    code, text = _run(tmp_path, address, "monitor", containers=[_published(port)])
    assert code == 2, text
    assert f"port {port} of shop1 ({address}) answers from monitor: service 'db' of the stack 'shop' publishes" in text
    code, text = _run(tmp_path, address, "monitor", containers=[_published(port)], allowed_ports=[port])
    assert code == 0, text
    assert f"ports of shop1 as monitor reaches them: {address} open: {port}" in text
    more = {"public_addresses": [address, "2001:db8::1"]}
    code, text = _run(tmp_path, address, "localhost", containers=[_published(port, edge=True)], **more)
    assert code == 0, text
    assert text.count(f"open: {port} (edge)") == 1
    assert "2001:db8::1 open: none" in text


@pytest.mark.parametrize(
    ("address", "origin", "sentence"),
    [
        ("192.0.2.10", "nowhere", "verify_from: there is no host 'nowhere' in the inventory; name one that it has"),
        ("192.0.2.10", "shop1", "verify_from: shop1 cannot prove what others reach of itself; name another host of"),
        ("127.0.0.1", "monitor", "127.0.0.1 is the address of shop1 from here, and monitor would try its own ports"),
        ("shop.invalid", "monitor", "monitor cannot resolve shop.invalid: "),
    ],
)
def test_what_would_prove_nothing_is_refused(tmp_path: Path, address: str, origin: str, sentence: str) -> None:
    code, text = _run(tmp_path, address, origin, containers=[])
    assert code == 2, text
    assert sentence in text
