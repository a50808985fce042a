"""A stack that version 0.1.0 deployed is taken over unchanged. These tests run before those that deploy others."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.support.stacks import Stack


def test_no_container_was_replaced(host: Any) -> None:
    with host.sudo():
        before = host.file("/root/containers-of-0.1.0").content_string.split("\n")
        now = host.check_output("docker ps --all --no-trunc --format '{{.ID}} {{.Names}}'").split("\n")
    assert sorted(filter(None, before)) == sorted(filter(None, now))
    assert len(now) > 5


def test_nothing_was_rolled_out(host: Any, shop: Stack) -> None:
    with host.sudo():
        audit = host.file("/opt/stacks/shop/state/audit.jsonl").content_string.splitlines()
        releases = host.check_output("ls /opt/stacks/shop/releases").split()
    assert [json.loads(line)["outcome"] for line in audit] == ["ok"]
    assert releases == [shop.live()]


def test_status_reads_what_it_recorded(shop: Stack, playbook: Callable[..., Any]) -> None:
    run = playbook("status")
    assert run.code == 0, run.output
    assert shop.live() in run.output
    assert "1.0.0" in run.output
    assert "!!" not in run.output
