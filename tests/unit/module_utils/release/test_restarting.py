"""Which release and which services a restart is about."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.release import restarting
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.support.fake_host import spec, write_release

LIVE, OLD = "20261102T100000Z-aaaaaaaa", "20261101T100000Z-bbbbbbbb"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path))
    for release in (LIVE, OLD):
        write_release(home, release, services={"web": spec(), "migrate": spec(**{"class": "oneshot"})})
    home.current.symlink_to(f"releases/{LIVE}")
    return home


def test_the_live_release_has_a_name(home: Home) -> None:
    assert restarting.resolve(home, "live", ["web"]) == LIVE
    assert restarting.resolve(home, "live", []) == LIVE
    assert restarting.resolve(home, OLD, []) == OLD


@pytest.mark.parametrize(
    ("release", "services", "sentence"),
    [
        ("live", ["wbe"], f"release {LIVE} has no service 'wbe'; its services: web, migrate"),
        ("live", ["migrate"], "service 'migrate' runs once at a deploy, so there is nothing to restart"),
        (OLD, ["web"], f"deploy_restart needs deploy_release: live; a rollout of release {OLD} is no restart"),
    ],
)
def test_what_cannot_be_restarted_is_refused(home: Home, release: str, services: list[str], sentence: str) -> None:
    with pytest.raises(RolloutFailed) as refused:
        restarting.resolve(home, release, services)
    assert str(refused.value) == sentence


def test_without_a_live_release_there_is_nothing_to_restart(home: Home) -> None:
    home.current.unlink()
    with pytest.raises(RolloutFailed, match="no release is live on this host"):
        restarting.resolve(home, "live", ["web"])
