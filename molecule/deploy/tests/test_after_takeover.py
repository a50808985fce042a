"""A stack that version 0.1.0 deployed is taken over with its data. These tests run before those that deploy others."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.support.stacks import Stack


def test_the_volumes_are_those_of_before(host: Any) -> None:
    with host.sudo():
        before = host.file("/root/volumes-of-0.1.0").content_string.split("\n")
    listed = "docker volume inspect --format '{{.Name}} {{.CreatedAt}}' $(docker volume ls --quiet)"
    assert set(filter(None, before)) <= set(host.check_output(listed).split("\n"))
    assert any(line.startswith("shop_") for line in before)


def test_one_release_replaced_the_other(host: Any, shop: Stack) -> None:
    with host.sudo():
        audit = host.file("/opt/stacks/shop/state/audit.jsonl").content_string.splitlines()
        releases = host.check_output("ls /opt/stacks/shop/releases").split()
    assert [json.loads(line)["outcome"] for line in audit] == ["ok", "ok"]
    assert len(releases) == 2
    assert releases[-1] == shop.live()


def test_status_reads_what_it_recorded(shop: Stack, playbook: Callable[..., Any]) -> None:
    run = playbook("status")
    assert run.code == 0, run.output
    assert shop.live() in run.output
    assert "1.0.0" in run.output
    assert "!!" not in run.output
