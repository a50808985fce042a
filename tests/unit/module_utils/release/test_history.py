"""The releases that were live: where a rollback goes to, which are kept, and what is removed with the others."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration
from ansible_collections.slipway.stack.plugins.module_utils.release import history
from ansible_collections.slipway.stack.plugins.module_utils.release.history import previous_release, prune_releases
from ansible_collections.slipway.stack.plugins.module_utils.release.ship import Refused
from ansible_collections.slipway.stack.plugins.module_utils.state import audit, outcome
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import Transaction

from tests.support.fake_host import tree, write_release

IDS = [f"2026112{day}T101500Z-aaaaaaaa" for day in range(6)]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path))


def _roll_out(home: Home, release_id: str, failed: bool = False, **manifest: Any) -> None:
    """Do what a rollout does to the record of releases."""
    previous = home.current_id()
    if release_id not in home.release_ids():
        write_release(home, release_id, **manifest)
    if failed:
        outcome.mark_failed(home, release_id)
    else:
        history.record_live(home, release_id, previous)
        link(home.current, f"releases/{release_id}")
    _audit(home, release_id, previous, "failed" if failed else "ok")


def _audit(home: Home, release_id: str, previous: str | None, result: str) -> None:
    home.state.mkdir(exist_ok=True)
    manifest = {"version": "1", "commit": "", "services": {}}
    audit.write(home, manifest, Transaction(release_id, previous, "ada@laptop"), result, 1.0)


def _by_older_version(home: Home) -> None:
    """Remove what the collection did not write before it had outcomes."""
    for path in home.releases.glob(f"*/{outcome.NAME}"):
        path.unlink()


def _roll_back(home: Home) -> str:
    release_id = previous_release(home)
    _roll_out(home, release_id)
    return release_id


@pytest.mark.parametrize("older", [False, True])
def test_a_rollback_does_not_go_to_a_release_that_was_rolled_back_from(home: Home, older: bool) -> None:
    _roll_out(home, IDS[0])
    _roll_out(home, IDS[1])
    assert _roll_back(home) == IDS[0]
    _roll_out(home, IDS[2])
    if older:
        _by_older_version(home)
    assert _roll_back(home) == IDS[0]
    with pytest.raises(Refused, match=f"there is no release before {IDS[0]} on this host"):
        previous_release(home)


def test_two_rollbacks_go_back_two_releases(home: Home) -> None:
    for release_id in IDS[:4]:
        _roll_out(home, release_id)
    assert [_roll_back(home), _roll_back(home)] == [IDS[2], IDS[1]]


def test_the_release_before_a_release_that_was_chosen_by_hand_is_the_one_that_was_live(home: Home) -> None:
    for release_id in (IDS[0], IDS[1]):
        _roll_out(home, release_id)
    _roll_back(home)
    _roll_out(home, IDS[2])
    _roll_out(home, IDS[1])
    assert [_roll_back(home), _roll_back(home)] == [IDS[2], IDS[0]]


def test_a_failed_release_is_no_target(home: Home) -> None:
    _roll_out(home, IDS[0])
    _roll_out(home, IDS[1], failed=True)
    _roll_out(home, IDS[2])
    assert previous_release(home) == IDS[0]
    assert history.proven_releases(home) == [IDS[0], IDS[2]]


def test_a_release_that_was_live_stays_proven_when_a_rollback_to_it_fails(home: Home) -> None:
    _roll_out(home, IDS[0])
    _roll_out(home, IDS[1])
    _roll_out(home, IDS[0], failed=True)
    assert previous_release(home) == IDS[0]


def test_a_removed_release_is_left_out(home: Home) -> None:
    for release_id in IDS[:3]:
        _roll_out(home, release_id)
    home.release(IDS[1]).rename(home.path / "elsewhere")
    assert previous_release(home) == IDS[0]


def test_a_damaged_target_is_named(home: Home) -> None:
    for release_id in IDS[:3]:
        _roll_out(home, release_id)
    write_text(home.release(IDS[1]) / "manifest.json", "")
    with pytest.raises(Refused, match=rf"{IDS[1]}/manifest.json is empty\. .* rollback_release=ID"):
        previous_release(home)


def test_without_a_release_there_is_no_target(home: Home) -> None:
    with pytest.raises(Refused, match="nothing has been deployed"):
        previous_release(home)


@pytest.mark.parametrize("seed", range(40))
def test_a_rollback_goes_to_the_release_that_was_live_before(home: Home, seed: int) -> None:
    """A deploy puts a release on a stack, a rollback takes one off; failures change nothing."""
    steps = random.Random(seed)
    live: list[str] = []
    for number in range(20):
        step = steps.choice(["deploy", "deploy", "fail", "back", "take over"])
        if step == "back" and len(live) > 1:
            live.pop()
            assert _roll_back(home) == live[-1]
        elif step == "take over":
            # The outcomes are enough: the log can be emptied at any time.
            home.audit.unlink(missing_ok=True)
        elif step in ("deploy", "fail"):
            release_id = f"202611{number:02}T101500Z-aaaaaaaa"
            _roll_out(home, release_id, failed=step == "fail")
            live += [release_id] if step == "deploy" else []
        prune_releases(home, 25)
        assert home.current_id() == (live[-1] if live else None)
        assert set(live) <= set(home.release_ids())


@pytest.mark.parametrize(
    "damage",
    [
        lambda home: home.audit.unlink(),
        lambda home: home.audit.write_text(""),
        lambda home: home.audit.write_text('{"hello": "world"}\n[]\n17\nnot JSON\n'),
        lambda home: home.audit.write_bytes(b"\xff\x00" * 100),
        lambda home: (home.audit.unlink(), home.audit.mkdir()),
    ],
    ids=["missing", "empty", "foreign", "random", "directory"],
)
def test_nothing_is_decided_by_the_audit_log(home: Home, damage: Callable[[Home], object]) -> None:
    for release_id in IDS[:3]:
        _roll_out(home, release_id)
    damage(home)
    assert previous_release(home) == IDS[1]
    assert prune_releases(home, 3) == []
    assert home.release_ids() == IDS[:3]


@pytest.mark.parametrize("audit_is_left", [True, False])
def test_releases_of_an_older_version_are_taken_over(home: Home, audit_is_left: bool) -> None:
    _roll_out(home, IDS[0])
    _roll_out(home, IDS[1], failed=True)
    _roll_out(home, IDS[2])
    _by_older_version(home)
    if not audit_is_left:
        home.audit.unlink()
    _roll_out(home, IDS[3])
    home.audit.unlink()
    # Without the log, nobody knows which of the old releases failed: none is removed.
    proven = [IDS[0], IDS[2], IDS[3]] if audit_is_left else IDS[:4]
    assert history.proven_releases(home) == proven
    assert [_roll_back(home)] == [IDS[2]]
    assert previous_release(home) == (IDS[0] if audit_is_left else IDS[1])


@pytest.mark.parametrize(("keep", "kept"), [(1, IDS[5:]), (3, IDS[3:]), (6, IDS), (9, IDS), (0, IDS[5:])])
@pytest.mark.parametrize("older", [False, True])
def test_the_newest_releases_are_kept(home: Home, keep: int, kept: list[str], older: bool) -> None:
    for release_id in IDS:
        _roll_out(home, release_id)
    if older:
        _by_older_version(home)
    assert prune_releases(home, keep) == [release_id for release_id in IDS if release_id not in kept]
    assert home.release_ids() == kept


def test_an_old_live_release_is_kept(home: Home) -> None:
    for release_id in IDS:
        _roll_out(home, release_id)
    _roll_out(home, IDS[0])
    prune_releases(home, 2)
    assert home.release_ids() == [IDS[0], IDS[5]]


def test_the_release_of_the_next_rollback_is_kept_before_newer_ones(home: Home) -> None:
    _roll_out(home, IDS[0])
    _roll_out(home, IDS[1])
    _roll_back(home)
    _roll_out(home, IDS[2])
    assert prune_releases(home, 2) == [IDS[1]]
    assert previous_release(home) == IDS[0]


@pytest.mark.parametrize("older", [False, True])
def test_releases_that_were_never_live_are_removed(home: Home, older: bool) -> None:
    for release_id in IDS:
        _roll_out(home, release_id, failed=release_id in IDS[1:5])
    if older:
        _by_older_version(home)
    assert prune_releases(home, 3) == IDS[1:5]


def test_mounted_files_and_secrets_are_kept_with_their_release(home: Home) -> None:
    for release_id in IDS[:3]:
        _roll_out(home, release_id)
    write_release(home, IDS[1], mounted=["bb" * 32], addresses={"SECRET_KEY_999": "b2" * 8})
    write_release(home, IDS[2], mounted=["bb" * 32, "cc" * 32], addresses={"SECRET_KEY_999": "c3" * 8})
    for name in ("aa", "bb", "cc"):
        write_text(home.files / (name * 32) / "app.toml", name)
    for address in ("a1", "b2", "c3"):
        write_text(home.path / "secrets/999" / f"key.{address * 8}", address)
    write_text(home.path / "secrets/generated/key", "the only copy")
    prune_releases(home, 2)
    assert tree(home.files) == [f"{name * 32}/app.toml" for name in ("bb", "cc")]
    assert tree(home.path / "secrets") == [*(f"999/key.{address * 8}" for address in ("b2", "c3")), "generated/key"]


@pytest.mark.parametrize("text", ["{", "", "[]"])
def test_files_of_a_release_whose_manifest_is_damaged_are_kept(home: Home, text: str) -> None:
    _roll_out(home, IDS[0], mounted=["aa"])
    _roll_out(home, IDS[1])
    write_text(home.files / "aa/app.toml", "")
    write_text(home.release(IDS[0]) / "manifest.json", text)
    assert prune_releases(home, 2) == []
    assert tree(home.files) == ["aa/app.toml"]


@pytest.mark.parametrize("text", ["{", "", '{"outcome": 1, "before": []}', '{"outcome": "live", "before": [1]}'])
def test_a_release_whose_outcome_is_damaged_is_kept(home: Home, text: str) -> None:
    for release_id in IDS[:3]:
        _roll_out(home, release_id)
    write_text(home.release(IDS[1]) / outcome.NAME, text)
    assert prune_releases(home, 3) == []
    assert previous_release(home) == IDS[1]
    write_text(home.release(IDS[2]) / outcome.NAME, text)
    assert previous_release(home) == IDS[1]


def test_stray_files_do_not_disturb(home: Home) -> None:
    for release_id in IDS[:3]:
        _roll_out(home, release_id)
    for folder in (home.releases, home.files, home.edge / "versions"):
        write_text(folder / "notes.txt", "")
    assert prune_releases(home, 2) == [IDS[0]]
    configuration.prune_versions(home)
    assert (home.releases / "notes.txt").is_file()


def test_an_outcome_says_what_was_live_before(home: Home) -> None:
    for release_id in IDS[:3]:
        _roll_out(home, release_id)
    said = json.loads((home.release(IDS[2]) / outcome.NAME).read_text())
    assert (said["outcome"], said["before"]) == ("live", [IDS[1], IDS[0]])
