"""The lease between real processes: it is a kernel lock."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import Lease, LeaseHeld, describe, holder


def _lease(path: Path, owner: str, release: str, journal_offset: int = 17) -> Lease:
    return Lease(path, owner, release, lambda: journal_offset)


@pytest.fixture
def child() -> Iterator[Callable[[Callable[[], None]], int]]:
    """Run functions in forked processes. They are killed at the end."""
    started: list[int] = []

    def start(function: Callable[[], None]) -> int:
        pid = os.fork()
        if pid == 0:
            function()
            time.sleep(60)
            os._exit(0)
        started.append(pid)
        return pid

    yield start
    for pid in started:
        _kill(pid)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        return


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_lease_that_was_never_taken_is_free(tmp_path: Path) -> None:
    assert holder(tmp_path / "lease") is None


def test_the_lease_names_its_process_and_user(
    tmp_path: Path, child: Callable[[Callable[[], None]], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A detached process has inherited the lease of the module that took it."""
    path = tmp_path / "lease"
    monkeypatch.setenv("SUDO_USER", "deploy")
    lease = _lease(path, "ada@laptop", "r1")
    pid = child(lease.hand_over(lambda: None))
    _wait_until(lambda: (holder(path) or {}).get("pid") == pid)
    assert describe(path).endswith(f" s (process {pid} of user deploy)")
    lease.close_own_copy()


def test_only_one_process_holds_the_lease(tmp_path: Path, child: Callable[[Callable[[], None]], int]) -> None:
    path = tmp_path / "lease"
    kept: list[Lease] = []
    child(lambda: kept.append(_lease(path, "ada@laptop", "r1")))
    # The lease is taken shortly before it names its owner.
    _wait_until(lambda: (holder(path) or {}).get("release") == "r1")
    found = holder(path)
    assert found is not None
    assert (found["owner"], found["release"]) == ("ada@laptop", "r1")
    assert abs(found["since"] - time.time()) < 60
    with pytest.raises(LeaseHeld, match=r"a rollout of release r1 by ada@laptop has been under way for \d+ s"):
        _lease(path, "bob@ci", "r2")
    # The process that failed to take the lease did not change its text.
    assert "ada@laptop" in describe(path)


def test_a_rollout_cannot_be_joined_before_its_journal_offset_is_known(
    tmp_path: Path, child: Callable[[Callable[[], None]], int]
) -> None:
    path = tmp_path / "lease"
    _lease(path, "ada@laptop", "r1").close_own_copy()
    kept: list[Lease] = []

    def journal_offset() -> int:
        (tmp_path / "asked").touch()
        _wait_until((tmp_path / "go on").exists)
        return 4711

    child(lambda: kept.append(Lease(path, "bob@ci", "r1", journal_offset)))
    _wait_until((tmp_path / "asked").exists)
    found = holder(path)
    assert found is not None
    # The same release is deployed again. Its earlier rollout has ended.
    assert found["release"] == ""
    (tmp_path / "go on").touch()
    _wait_until(lambda: (holder(path) or {})["release"] == "r1")
    found = holder(path)
    assert found is not None
    assert found["journal"] == 4711


def test_a_killed_process_leaves_nothing_to_clean_up(
    tmp_path: Path, child: Callable[[Callable[[], None]], int]
) -> None:
    path = tmp_path / "lease"
    kept: list[Lease] = []
    pid = child(lambda: kept.append(_lease(path, "ada@laptop", "r1")))
    _wait_until(lambda: holder(path) is not None)
    _kill(pid)
    assert holder(path) is None
    lease = _lease(path, "bob@ci", "r2")
    assert path.read_text().startswith('{"owner": "bob@ci", "release": "r2"')
    lease.close_own_copy()


def test_a_forked_process_keeps_the_lease(tmp_path: Path, child: Callable[[Callable[[], None]], int]) -> None:
    path = tmp_path / "lease"
    lease = _lease(path, "ada@laptop", "r1")
    pid = child(lambda: None)
    lease.close_own_copy()
    found = holder(path)
    assert found is not None
    assert found["owner"] == "ada@laptop"
    _kill(pid)
    assert holder(path) is None


def test_a_closed_lease_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lease"
    _lease(path, "ada@laptop", "r1").close_own_copy()
    assert holder(path) is None
    assert describe(path) == "a rollout has just ended; run the playbook again"
    _lease(path, "bob@ci", "r2").close_own_copy()


def test_a_shorter_text_replaces_a_longer_one_completely(tmp_path: Path) -> None:
    path = tmp_path / "lease"
    _lease(path, "somebody.with.a.long.name@a-long-host-name", "20261121T101500Z-1a2b3c4d").close_own_copy()
    lease = _lease(path, "b@c", "r")
    assert path.read_text().count("}") == 1
    lease.close_own_copy()


def test_a_query_for_the_holder_does_not_refuse_a_rollout(tmp_path: Path) -> None:
    path = tmp_path / "lease"
    path.touch()
    with open(path, encoding="utf-8") as query:
        fcntl.flock(query, fcntl.LOCK_SH)
        threading.Timer(0.05, fcntl.flock, (query, fcntl.LOCK_UN)).start()
        lease = _lease(path, "ada@laptop", "20261121T101500Z-1a2b3c4d")
    lease.close_own_copy()
