"""Containers that use a namespace or the volumes of another one: what the engine says, and whether they still can."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import sharing
from ansible_collections.slipway.stack.plugins.module_utils.engine.health_check import judge
from ansible_collections.slipway.stack.plugins.module_utils.engine.sharing import Shared

from tests.support.fake_host import container, spec

LABEL = "com.docker.compose.service"
VPN = Shared("network_mode", "shop-vpn-1", "vpn", running=True, started_at="2026-11-21T09:00:00Z")
FOLLOWS = {"vpn": ["network_mode"]}


def _record(status: str = "running") -> dict[str, Any]:
    state = {"Status": status, "StartedAt": VPN.started_at}
    return {"Name": "/shop-vpn-1", "Config": {"Labels": {LABEL: "vpn"}}, "State": state}


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"NetworkMode": "container:abc"}, (VPN,)),
        ({"IpcMode": "container:abc", "PidMode": "container:abc"}, (replace(VPN, key="ipc"), replace(VPN, key="pid"))),
        ({"VolumesFrom": ["abc:ro"]}, (replace(VPN, key="volumes_from"),)),
        ({"NetworkMode": "container:gone"}, (Shared("network_mode"),)),
        ({"NetworkMode": "shop_default", "IpcMode": "private", "PidMode": "", "VolumesFrom": None}, ()),
        ({"NetworkMode": "host"}, ()),
    ],
)
def test_what_a_container_uses(config: dict[str, Any], found: tuple[Shared, ...]) -> None:
    assert sharing.read({"HostConfig": config}, {"abc": _record()}.get, LABEL) == found


@pytest.mark.parametrize(
    ("shared", "reason"),
    [
        (VPN, None),
        (Shared("network_mode"), "shop-web-1 uses the network of a container that no longer exists"),
        (replace(VPN, running=False), "shop-web-1 uses the network of shop-vpn-1, which is not running"),
        (
            # The container starts at 10:00:00. A fraction of a second later is later.
            replace(VPN, started_at="2026-11-21T10:00:00.1Z"),
            "shop-web-1 uses the network of shop-vpn-1, which was started after it",
        ),
        (
            replace(VPN, name="shop-other-1", service="other"),
            "shop-web-1 uses the network of shop-other-1, which is not a container of service 'vpn'",
        ),
        (
            replace(VPN, key="ipc", name="", service=""),
            "shop-web-1 uses the IPC namespace of a container that no longer",
        ),
        (replace(VPN, key="pid", running=False), "shop-web-1 uses the process namespace of shop-vpn-1, which is not"),
        # Volumes stay when their container stops or starts again.
        (replace(VPN, key="volumes_from", running=False, started_at="2027"), None),
        (Shared("volumes_from"), "shop-web-1 uses the volumes of a container that no longer exists"),
    ],
)
def test_a_container_that_was_left_behind_is_down(shared: Shared, reason: str | None) -> None:
    verdict = judge(spec(follows=FOLLOWS), [container(shared=(shared,))])
    if reason is None:
        assert verdict.state == "up"
    else:
        assert (verdict.state, verdict.reason[: len(reason)]) == ("down", reason)


def test_a_container_outside_of_the_stack_may_be_used() -> None:
    foreign = replace(VPN, name="tunnel", service="")
    assert judge(spec(follows={}), [container(shared=(foreign,))]).state == "up"
    assert judge(spec(), [container(shared=(replace(foreign, name=""),))]).state == "down"
