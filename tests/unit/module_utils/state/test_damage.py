"""Every state file with every damage: nothing raises, the file and a remedy are named, and nothing is lost."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.release.status import status
from ansible_collections.slipway.stack.plugins.module_utils.rollout import barrier
from ansible_collections.slipway.stack.plugins.module_utils.rollout.rollout import Rollout
from ansible_collections.slipway.stack.plugins.module_utils.state import audit, damage, journal, lease, outcome
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.lease import Lease
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import DamagedSecret, SecretStore
from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import RolloutOptions, Transaction

from tests.support.errors import error_of
from tests.support.fake_host import container, spec, tree, write_release

CANARY = "correct-horse-battery"
SECRETS = [
    {"name": "key", "uid": 0, "gid": 0, "variable": "SECRET_KEY_0", "parts": [{"secret": "key", "quote": "raw"}]}
]
GENERATED = {"key": {"value": None, "generate": 32}}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Return a stack whose release r2 is live, after r1. A rollout of r2 was interrupted, and r3 is uploaded."""
    home = Home(str(tmp_path / "shop"))
    home.state.mkdir(parents=True)
    addresses = SecretStore(home.path).addresses(SECRETS, GENERATED)
    for release_id in ("r1", "r2", "r3"):
        write_release(
            home,
            release_id,
            services={"web": spec()},
            version="1",
            commit="",
            addresses=addresses,
            secret_files=SECRETS,
        )
        outcome.mark_live(home, release_id, [])
    link(home.current, "releases/r2")
    Transaction("r2", "r1", "ada@laptop").save(home.transaction)
    barrier.permit(home.barrier, "r2", "prepared")
    home.lease.write_text('{"owner": "ada@laptop", "release": "r2", "since": 1.0, "journal": 0}')
    Journal(home.journal, "r2").write("end", "done", "release r2 is live")
    audit.write(home, {"version": "1", "commit": "", "services": {}}, Transaction("r2", "r1", "ada@laptop"), "ok", 1.0)
    containers = [container("web", release="r2"), container("worker", state="exited", exit_code=1, release="r2")]
    monkeypatch.setattr(docker, "containers", lambda _project, _services=None: containers)
    return home


FILES: dict[str, Callable[[Home], Path]] = {
    "current": lambda home: home.current,
    "manifest": lambda home: home.release("r2") / "manifest.json",
    "manifest of the next release": lambda home: home.release("r3") / "manifest.json",
    "outcome": lambda home: home.release("r2") / outcome.NAME,
    "transaction": lambda home: home.transaction,
    "permission": lambda home: home.barrier,
    "lease": lambda home: home.lease,
    "journal": lambda home: home.journal,
    "audit": lambda home: home.audit,
    "salt": lambda home: home.path / "secrets/salt",
    "generated secret": lambda home: home.path / "secrets/generated/key",
    "secret file": lambda home: next(home.path.glob("secrets/0/key.*")),
}


def _replace(path: Path, make: Callable[[Path], object]) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
    make(path)


def _link_to_secret(path: Path) -> None:
    target = path.parent / "elsewhere"
    target.write_text(CANARY)
    path.symlink_to(target)


def _of_newer_version(path: Path, text: str) -> None:
    try:
        value = json.loads(text)
    except ValueError:
        value = {}
    path.write_text(json.dumps({**(value if isinstance(value, dict) else {}), "format": 99}) + "\n")


#: What is found in the place of a file.
DAMAGES: dict[str, Callable[[Path, str], object]] = {
    "empty": lambda path, _text: path.write_text(""),
    "zeros": lambda path, _text: path.write_bytes(b"\0" * 512),
    "random": lambda path, _text: path.write_bytes(random.Random(1).randbytes(300)),
    "cut": lambda path, text: path.write_text(text[: len(text) // 2]),
    "list": lambda path, _text: path.write_text("[1, 2]\n"),
    "number": lambda path, _text: path.write_text("17\n"),
    "other object": lambda path, _text: path.write_text(json.dumps({"hello": CANARY}) + "\n"),
    "wrong types": lambda path, text: path.write_text(_with_wrong_types(text) + "\n"),
    "deep": lambda path, _text: path.write_text("[" * 100_000),
    "newer version": _of_newer_version,
    "directory": lambda path, _text: (path.mkdir(), (path / "file").touch()),
    "link": lambda path, _text: _link_to_secret(path),
    "dangling link": lambda path, _text: path.symlink_to("releases/r9"),
    "pipe": lambda path, _text: os.mkfifo(path),
}
#: Files of lines for people. A line that no rollout has written is skipped, and nothing is lost.
LOGS = {"journal", "audit"}
IRREGULAR = {"directory", "link", "dangling link", "pipe"}
#: Only who holds the lease matters, which is a lock of the kernel. The permission is replaced.
TEXT_IS_FREE = {"lease", "permission", "outcome", *LOGS}
#: Files that the status does not need: it has nothing to say about them.
NOT_IN_STATUS = {"manifest of the next release", "generated secret", "outcome"}
#: A rollout that started must not be stopped by these.
NEVER_BLOCKS = {"audit", "outcome"}


def _with_wrong_types(text: str) -> str:
    try:
        value = json.loads(text.splitlines()[0] if "\n{" not in text else text)
    except (ValueError, IndexError):
        value = None
    return json.dumps({key: [[1]] for key in value} if isinstance(value, dict) else {"services": {"web": 1}})


def _damaged(home: Home, file: str, kind: str) -> Path:
    path = FILES[file](home)
    text = "" if file == "current" else path.read_text()
    _replace(path, lambda one: DAMAGES[kind](one, text))
    return path


@pytest.mark.parametrize("kind", DAMAGES)
@pytest.mark.parametrize("file", FILES)
def test_the_status_goes_on_and_says_what_runs(home: Home, file: str, kind: str) -> None:
    path = _damaged(home, file, kind)
    found = status(home, "shop")
    assert CANARY not in json.dumps(found)
    states = {one["service"]: one["state"] for one in found["services"]}
    assert states["web"] == "up"
    if file in ("current", "manifest"):
        # Without its record, the services are those of the engine.
        assert states == {"web": "up", "worker": "down"}
        assert "created for release r2" in found["services"][0]["reason"]
    named = [*found["damage"], *(one["reason"] for one in found["drift"])]
    if file not in NOT_IN_STATUS and (kind in IRREGULAR or file not in TEXT_IS_FREE):
        assert any(str(path) in problem for problem in named), named


@pytest.mark.parametrize("kind", DAMAGES)
@pytest.mark.parametrize("file", sorted(set(FILES) - NEVER_BLOCKS))
def test_a_rollout_that_would_lose_something_is_refused_with_the_file_and_a_remedy(
    home: Home, file: str, kind: str
) -> None:
    path = _damaged(home, file, kind)
    before = tree(home.path)
    options = RolloutOptions("r3", 5, "ada@laptop")
    if file == "generated secret":
        message = error_of(SecretStore(home.path).addresses, SECRETS, GENERATED)
    elif kind not in IRREGULAR and file in TEXT_IS_FREE:
        Rollout(home, options)
        return
    else:
        with pytest.raises(RolloutFailed) as caught:
            Rollout(home, options)
        message = str(caught.value)
    assert str(path) in message
    assert any(
        word in message.lower() for word in ("remove it", "remove the file", "restore", "move it away", "make it")
    )
    assert CANARY not in message
    assert tree(home.path) == before


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_audit_log_and_outcome_do_not_stop_a_rollout(home: Home, kind: str) -> None:
    for file in NEVER_BLOCKS:
        _damaged(home, file, kind)
    rollout = Rollout(home, RolloutOptions("r3", 5, "ada@laptop"))
    rollout._account.end(rollout._journal)


@pytest.mark.parametrize("kind", DAMAGES)
@pytest.mark.parametrize("file", sorted(LOGS))
def test_damaged_lines_of_a_log_are_skipped(home: Home, file: str, kind: str) -> None:
    path = FILES[file](home)
    good = path.read_text()
    _damaged(home, file, kind)
    if kind not in IRREGULAR:
        with path.open("a") as stream:
            stream.write("\n" + good)
    lines = audit.read(home) if file == "audit" else journal.read(path, 0)[0]
    wanted = 0 if kind in IRREGULAR else 2 if kind == "newer version" else 1
    assert [line["release"] for line in lines] == ["r2"] * wanted


@pytest.mark.parametrize("kind", sorted(set(DAMAGES) - IRREGULAR))
def test_a_lease_is_held_whatever_its_text_is(home: Home, kind: str) -> None:
    held = Lease(home.lease, "ada@laptop", "r2", lambda: 0)
    text = home.lease.read_text()
    DAMAGES[kind](home.lease, text)
    assert lease.holder(home.lease) is not None
    assert "under way" in lease.describe(home.lease)
    with pytest.raises(lease.LeaseHeld, match="under way"):
        Lease(home.lease, "bob@laptop", "r3", lambda: 0)
    held.close_own_copy()


@pytest.mark.parametrize("kind", sorted(IRREGULAR - {"dangling link"}))
def test_a_lease_that_is_no_file_is_refused(home: Home, kind: str) -> None:
    _damaged(home, "lease", kind)
    assert lease.holder(home.lease) is None
    with pytest.raises(RolloutFailed, match=r"state/lease .*\. Remove it and run the playbook again"):
        Lease(home.lease, "ada@laptop", "r3", lambda: 0)


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_permission_that_cannot_be_read_ends_the_wait(home: Home, kind: str) -> None:
    path = _damaged(home, "permission", kind)
    if kind == "dangling link":
        path.unlink()
        path.symlink_to("nowhere")
    waiting = barrier.Barrier(path, "r2", Journal(home.journal, "r2"), with_barriers=True, barrier_timeout=5.0)
    with pytest.raises(RolloutFailed, match=r"state/barrier\.json.*\. Remove it and run the playbook again"):
        waiting.wait("prepared")
    if kind not in IRREGULAR:
        barrier.permit(path, "r2", "end")
        waiting.wait("prepared")


@pytest.mark.parametrize("value", [{}, {"value": None, "generate": 33}, {"value": None, "generate": 31}])
def test_a_generated_secret_of_another_length_is_refused(home: Home, value: dict[str, Any]) -> None:
    path = FILES["generated secret"](home)
    if not value:
        path.chmod(0o600)
        path.write_text("")
    sources = {"key": value or GENERATED["key"]}
    message = error_of(SecretStore(home.path).addresses, SECRETS, sources)
    length = len(path.read_text())
    assert message.startswith(f"secret 'key': {path} has {length} characters, the description says generate: ")
    assert ("set generate: 32" in message) is (length == 32)


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 32])
def test_a_secret_file_with_other_content_is_refused(home: Home, content: bytes) -> None:
    path = FILES["secret file"](home)
    path.write_bytes(content)
    for dry_run in (True, False):
        with pytest.raises(DamagedSecret, match=rf"{path} was changed after it was written; remove it, deploy again"):
            SecretStore(home.path, dry_run).addresses(SECRETS, GENERATED)
    path.unlink()
    SecretStore(home.path).addresses(SECRETS, GENERATED)
    assert SecretStore(home.path).problems(home.manifest("r2") or {}) == []


@pytest.mark.parametrize("kind", sorted(IRREGULAR))
@pytest.mark.parametrize("name", ["abort", "reserve", "upload_lock"])
def test_nothing_but_a_file_may_be_in_the_place_of_a_file_that_is_written(home: Home, name: str, kind: str) -> None:
    path = getattr(home, name)
    DAMAGES[kind](path, "")
    with pytest.raises(RolloutFailed, match=rf"{path} is not a regular file\. Remove it and run the playbook again"):
        Rollout(home, RolloutOptions("r3", 5, "ada@laptop"))
    assert any(str(path) in problem for problem in status(home, "shop")["damage"])


def test_an_unreadable_file_is_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_file: int, _length: int) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "read", read)
    for problem in damage.problems(home):
        assert "cannot be read: Input/output error" in problem
    assert len(damage.problems(home)) == 3


def test_state_files_of_older_versions_are_good(home: Home) -> None:
    for path in (home.release("r2") / "manifest.json", home.transaction, home.barrier):
        value = json.loads(path.read_text())
        value.pop("format", None)
        write_text(path, json.dumps(value))
    assert damage.problems(home) == []


def test_a_good_stack_has_no_problems(home: Home) -> None:
    assert damage.problems(home) == []
    assert status(home, "shop")["damage"] == []
