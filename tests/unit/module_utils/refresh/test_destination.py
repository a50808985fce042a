"""What is never refreshed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.refresh import destination, snapshot_reader
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.support.snapshots import Part, write


def stack(path: Path, *environments: str) -> Home:
    """Return a stack with a release of each environment. The last one is live."""
    home = Home(str(path / "shop"))
    home.make_directories()
    for number, environment in enumerate(environments):
        folder = home.release(f"20261127T00000{number}Z")
        folder.mkdir()
        content = {"stack": "shop", "services": {}, "addresses": {}, "mounted": [], "environment": environment}
        (folder / "manifest.json").write_text(json.dumps(content))
        home.current.unlink(missing_ok=True)
        home.current.symlink_to(f"releases/{folder.name}")
    return home


def test_staging_is_refreshed(tmp_path: Path) -> None:
    assert destination.live(stack(tmp_path, "staging"))["environment"] == "staging"


@pytest.mark.parametrize(
    "environments",
    [["production"], ["Production"], [" PRODUCTION "], ["production", "staging"], [""], []],
)
def test_production_and_the_unknown_are_refused(tmp_path: Path, environments: list[str]) -> None:
    with pytest.raises(RolloutFailed, match=r"never refreshed|deploy"):
        destination.live(stack(tmp_path, *environments))


@pytest.mark.parametrize("whole", [True, False])
def test_a_stack_is_not_refreshed_from_itself(tmp_path: Path, whole: bool) -> None:
    home = stack(tmp_path, "staging")
    (tmp_path / "link").symlink_to(tmp_path)
    root = str(tmp_path / "link/shop" if whole else tmp_path / "link")
    parts = [Part("pre-data", b""), Part("post-data", b"")]
    source = {"stack": "shop", "machine": "m", "root": root}
    snapshot = snapshot_reader.read(write(tmp_path / "a.tar", parts, source=source))
    with pytest.raises(RolloutFailed, match="not refreshed from itself"):
        destination.check_source(home, {"stack": "shop"}, snapshot, "m")
    destination.check_source(home, {"stack": "shop"}, snapshot, "another")
