"""Services that are replaced because another one is: the plan, and the next deploy after one was left behind."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine.sharing import Shared
from ansible_collections.slipway.stack.plugins.module_utils.release.plan import drift, plan

from tests.support.fake_host import container, spec

VPN = spec(alone="network_mode of web")
WEB = spec(alone="network_mode", follows={"vpn": ["network_mode"]}, depends_on=["vpn"])
ATTACHED = Shared("network_mode", "shop-vpn-1", "vpn", running=True, started_at="2026-11-21T09:00:00Z")


def _plan(before: dict[str, Any], after: dict[str, Any], **running: Any) -> dict[str, tuple[str, bool, list[str]]]:
    found = {name: [container(name)] for name in before}
    old, new = ({"services": services, "addresses": {}} for services in (before, after))
    entries = plan(old, new, {**found, **running}, edge_changed=False)
    return {entry["service"]: (entry["action"], entry["downtime"], entry["because"]) for entry in entries}


def _changed(service: dict[str, Any]) -> dict[str, Any]:
    return {**service, "pinned": "app@sha256:2"}


def test_a_service_in_the_network_of_a_replaced_one_is_replaced_with_it() -> None:
    assert _plan({"vpn": VPN, "web": WEB}, {"vpn": _changed(VPN), "web": WEB}) == {
        "vpn": ("recreate", True, ["image digest", "together with web: they share its network"]),
        "web": ("recreate", True, ["replacement of vpn, whose network it uses"]),
    }


def test_it_is_replaced_alone_if_only_it_changes() -> None:
    found = _plan({"vpn": VPN, "web": WEB}, {"vpn": VPN, "web": _changed(WEB)})
    assert found == {"vpn": ("unchanged", False, []), "web": ("recreate", True, ["image digest"])}


def test_a_chain_is_replaced_as_a_whole() -> None:
    side = spec(alone="pid", follows={"web": ["pid"]}, depends_on=["web"])
    found = _plan({"vpn": VPN, "web": WEB, "side": side}, {"vpn": _changed(VPN), "web": WEB, "side": side})
    assert [action for action, _downtime, _because in found.values()] == ["recreate"] * 3
    assert found["side"][2] == ["replacement of web, whose process namespace it uses"]


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("volumes_from", "replacement of vpn, whose volumes it uses"),
        ("links", "replacement of vpn, which it links to"),
        ("depends_on", "replacement of vpn, after which it restarts"),
    ],
)
def test_a_follower_that_shares_no_namespace_rolls(key: str, reason: str) -> None:
    web = spec(follows={"vpn": [key]}, depends_on=["vpn"])
    assert _plan({"vpn": spec(), "web": web}, {"vpn": _changed(spec()), "web": web})["web"] == ("roll", False, [reason])


def test_a_service_that_is_only_started_again_takes_its_network_along() -> None:
    stopped = [container("vpn", state="exited", exit_code=137)]
    found = _plan({"vpn": VPN, "web": WEB}, {"vpn": VPN, "web": WEB}, vpn=stopped)
    assert [found[name][0] for name in ("vpn", "web")] == ["start", "recreate"]
    assert found["web"][2] == ["start of vpn, whose network it uses"]


def test_a_one_shot_follows_nobody() -> None:
    job = spec(**{"class": "oneshot"}, follows={"vpn": ["network_mode"]})
    done = [container("job", state="exited", exit_code=0, shared=(Shared("network_mode"),))]
    found = _plan({"vpn": VPN, "job": job}, {"vpn": _changed(VPN), "job": job}, job=done)
    assert found["job"][0] == "unchanged"


def test_the_next_deploy_repairs_a_service_that_was_left_behind() -> None:
    lost = [container("web", shared=(Shared("network_mode"),))]
    found = _plan({"vpn": VPN, "web": WEB}, {"vpn": VPN, "web": WEB}, web=lost)
    reason = "shop-web-1 uses the network of a container that no longer exists"
    assert found == {"vpn": ("unchanged", False, []), "web": ("recreate", True, [reason])}
    assert drift({"services": {"web": WEB}}, {"web": lost}) == [{"service": "web", "reason": reason}]
    kept = [container("web", shared=(ATTACHED,))]
    assert _plan({"vpn": VPN, "web": WEB}, {"vpn": VPN, "web": WEB}, web=kept)["web"][0] == "unchanged"
