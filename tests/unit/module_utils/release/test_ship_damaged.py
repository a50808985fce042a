"""Shipping to a host on which somebody has damaged or edited files."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.release.ship import Refused
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import link

from tests.support.descriptions import example
from tests.support.fake_host import tree
from tests.support.ship_host import RUNNING, ShipHost, make_live


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ShipHost:
    return ShipHost(tmp_path, monkeypatch)


def test_a_damaged_release_of_a_failed_deploy_is_not_used_again(host: ShipHost) -> None:
    make_live(host)
    services = example(frontend={"image": "registry.example.com/shop/frontend:2"})
    host.ship("r2", services)
    (host.home.release("r2") / "compose.yaml").write_text("")
    assert host.ship("r3", services).release == "r3"


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("text", ["", "services: {}\n", None])
def test_an_edited_file_of_the_live_release_is_restored(host: ShipHost, text: str | None, dry_run: bool) -> None:
    make_live(host)
    path = host.home.release("r1") / "compose.yaml"
    before = path.read_text()
    path.unlink()
    if text is not None:
        path.write_text(text)
    shipped = host.ship("r2", dry_run=dry_run)
    assert (shipped.changed, shipped.release) == (True, "r1")
    (diff,) = shipped.diff
    assert (diff["after_header"], diff["before"], diff["after"]) == ("compose.yaml", text or "", before)
    assert path.exists() == (text is not None or not dry_run)
    assert not path.exists() or path.read_text() == (text if dry_run else before)
    assert dry_run or host.ship("r3").diff == []


def test_an_edited_mounted_file_is_restored(host: ShipHost) -> None:
    services = example(backend={"files": {"/etc/app.conf": {"content": "colour: red"}}})
    host.ship("r1", services)
    link(host.home.current, "releases/r1")
    host.running = RUNNING
    (path,) = host.home.files.rglob("app.conf")
    for text in ("", "colour: green"):
        path.write_text(text)
        host.ship("r2", services)
        assert path.read_text() == "colour: red"


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("current", r"current is not a link\. Move it away\. Make it a link to the release that runs"),
        (
            "releases/r1/manifest.json",
            r"manifest.json is empty\. Restore the file from a backup, or point .*/current to",
        ),
        ("state/transaction.json", r"transaction.json is empty\. It is the record of an interrupted rollout"),
        ("secrets/salt", r"secrets/salt is damaged \(0 bytes\); restore it from a backup, or remove it"),
        ("secrets/generated/db_password", r"secrets/generated/db_password has 0 characters"),
    ],
)
@pytest.mark.parametrize("changed", [True, False])
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_damaged_file_is_refused_before_anything_is_written(
    host: ShipHost, file: str, sentence: str, changed: bool, dry_run: bool
) -> None:
    make_live(host)
    path = host.home.path / file
    path.unlink(missing_ok=True)
    path.write_text("")
    before = tree(host.root)
    with pytest.raises(Refused, match=sentence):
        host.ship("r2", example(backend={"environment": {"LOG": "debug"}}) if changed else None, dry_run=dry_run)
    assert tree(host.root) == before
