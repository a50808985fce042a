"""Services that are replaced in place together, because one is in a namespace of the other."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import ProjectContainers
from ansible_collections.slipway.stack.plugins.module_utils.engine.sharing import Shared
from ansible_collections.slipway.stack.plugins.module_utils.rollout import in_place
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.support.fake_host import container, spec

SERVICES = {
    "vpn": spec(),
    "db": spec(),
    "web": spec(follows={"vpn": ["network_mode"]}),
    "cache": spec(follows={"vpn": ["volumes_from"]}),
    "side": spec(follows={"web": ["pid"]}),
}
UP = ["compose", "up", "--no-build", "--pull", "never", "--no-deps"]


def test_members_of_members_stop_first() -> None:
    assert in_place.members(SERVICES, ["vpn"]) == ["side", "web"]
    assert in_place.members(SERVICES, ["db", "side"]) == []


def test_a_service_that_compose_sees_no_change_of_is_recreated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The container whose network it uses was started again. Its id is the same, and so is the definition."""
    vpn = Shared("network_mode", "shop-vpn-1", "vpn", running=True, started_at="2027-01-01T00:00:00Z")
    existing = [container("web", shared=(vpn,)), container("db"), container("side", state="exited")]
    commands: list[list[str]] = []
    monkeypatch.setattr(docker, "containers", lambda _project, _services=None: existing)
    monkeypatch.setattr(docker, "run", lambda arguments, **_: commands.append(arguments))
    home = Home(str(tmp_path))
    journal = Journal(tmp_path / "journal.jsonl", "r2")
    containers = ProjectContainers("shop", journal)
    in_place.stop_members(SERVICES, ["vpn"], containers, home, journal, "prepare")
    in_place.up(SERVICES, ["db", "web"], containers, in_place.Release(home, "r2", journal, "prepare", bool, 60.0))
    assert commands == [["stop", "web1"], [*UP, "--detach", "db"], [*UP, "--force-recreate", "--detach", "web"]]


@pytest.mark.parametrize(
    ("live", "restored", "recreated"), [("r2", False, True), ("r2", True, False), ("r1", False, False)]
)
def test_a_release_that_replaces_itself_recreates(
    live: str, restored: bool, recreated: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The definition is the same, so Compose alone would leave the container. A revert leaves what it can."""
    commands: list[list[str]] = []
    monkeypatch.setattr(docker, "containers", lambda _project, _services=None: [container("db"), container("web")])
    monkeypatch.setattr(docker, "run", lambda arguments, **_: commands.append(arguments))
    home = Home(str(tmp_path))
    home.release(live).mkdir(parents=True)
    home.current.symlink_to(f"releases/{live}")
    journal = Journal(tmp_path / "journal.jsonl", "r2")
    release = in_place.Release(home, "r2", journal, "prepare", lambda one: one.service == "db", 60.0, restored=restored)
    in_place.up(SERVICES, ["db", "web"], ProjectContainers("shop", journal), release)
    if recreated:
        assert commands == [[*UP, "--detach", "web"], [*UP, "--force-recreate", "--detach", "db"]]
    else:
        assert commands == [[*UP, "--detach", "db", "web"]]
