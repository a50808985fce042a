"""What restic says when something is wrong, as one sentence without credentials."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import restic
from ansible_collections.slipway.stack.plugins.module_utils.backup.restic import NoRepository, Restic
from ansible_collections.slipway.stack.plugins.module_utils.engine import program
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed

from tests.support.own_time import give_time

RESTIC = Restic("rest:http://user:guessed@backup.example.com/shop", {"RESTIC_PASSWORD": "geheim"})
WHERE = "rest:http://backup.example.com/shop"
Answer = Callable[..., None]
SSH = "No ED25519 host key is known for backup and you have requested strict checking"


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Return a function that sets how restic ends."""

    def set_answer(code: int, out: str = "", err: str = "", error: Exception | None = None) -> None:
        def run(command: Sequence[str], timeout: float, environment: Mapping[str, str]) -> Any:
            assert "guessed" not in " ".join(command)
            assert "geheim" not in " ".join(command)
            assert environment["RESTIC_PASSWORD"] == "geheim"
            assert environment["RESTIC_REPOSITORY"] == RESTIC.location
            if error:
                raise error
            return subprocess.CompletedProcess(command, code, out, err)

        monkeypatch.setattr(program, "run", run)

    return set_answer


# The texts of versions 0.18 and 0.14.
@pytest.mark.parametrize(
    "told",
    [
        (10, "Fatal: repository does not exist: unable to open config file: <config/> does not exist\nIs there a re"),
        (1, "Fatal: unable to open config file: stat /srv/x/config: no such file or directory\nIs there a repository"),
    ],
)
def test_that_there_is_none_is_certain(told: tuple[int, str], answer: Answer) -> None:
    answer(told[0], err=told[1])
    with pytest.raises(NoRepository, match=f"^there is no repository at {WHERE}$"):
        RESTIC.run("cat", "config")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ((12, "Fatal: wrong password or no key found\n"), "has another password than RESTIC_PASSWORD"),
        ((1, "Fatal: wrong password or no key found\n"), "has another password than RESTIC_PASSWORD"),
        (
            (1, 'Fatal: unable to open config file: Head "http://user:guessed@x/": dial tcp: connection refused\n'),
            'unable to open config file: Head "http://x/": dial tcp: connection refused',
        ),
        ((1, "error for tree 1234\nFatal: repository contains errors\n"), "repository contains errors"),
        ((1, "some words\n"), "some words"),
        (
            (1, f"subprocess ssh: {SSH}\nFatal: unable to start the sftp session, error: unexpected EOF\n"),
            f": {SSH}",
        ),
        (
            (1, "Fatal: unable to start the sftp session, error: unexpected EOF\n"),
            "error: unexpected EOF; try ssh to its host as root of this host, which says why",
        ),
        ((3, ""), "exit code 3"),
    ],
)
def test_what_is_wrong_is_one_sentence(told: tuple[int, str], said: str, answer: Answer) -> None:
    answer(told[0], err=told[1])
    with pytest.raises(RolloutFailed) as error:
        RESTIC.run("snapshots")
    assert not isinstance(error.value, NoRepository)
    assert said in str(error.value)
    assert str(error.value).startswith(f"the repository {WHERE}")
    assert "guessed" not in str(error.value) + "".join(error.value.detail)


def test_a_repository_that_does_not_answer_is_named(answer: Answer) -> None:
    answer(0, error=subprocess.TimeoutExpired("restic", 90))
    with pytest.raises(RolloutFailed, match=f"the repository {WHERE} did not answer within 90 s"):
        RESTIC.run("cat", "config")
    tried = b"Stat(<config/>) returned error, retrying after 1.2s: Stat: wait\n%sinterrupted\n"
    more = b'Stat(<config/>) returned error, retrying after 5s: Head "http://user:guessed@x/": no route\n'
    answer(0, error=subprocess.TimeoutExpired("restic", 90, None, tried % more))
    with pytest.raises(RolloutFailed, match=r'did not answer within 90 s: Head "http://x/": no route$'):
        RESTIC.run("cat", "config")
    answer(0, error=FileNotFoundError(2, "No such file or directory"))
    with pytest.raises(RolloutFailed, match="restic cannot be started: No such file or directory; run the role backup"):
        RESTIC.run("cat", "config")


def test_json_that_is_none_is_named(answer: Answer) -> None:
    answer(0, out='[{"id": "1"}]')
    assert RESTIC.json("snapshots") == [{"id": "1"}]
    answer(0, out="[")
    with pytest.raises(RolloutFailed, match="restic snapshots printed no JSON"):
        RESTIC.json("snapshots")


def test_a_repository_that_another_host_uses_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    locked = [(11, ""), (1, "unable to create lock in backend: repository is already locked by PID 7"), (0, "")]
    waited: list[float] = []

    def run(command: Sequence[str], timeout: float, environment: Mapping[str, str]) -> Any:
        code, err = locked.pop(0)
        return subprocess.CompletedProcess(command, code, "done", err)

    monkeypatch.setattr(program, "run", run)
    give_time(monkeypatch, restic, sleep=waited.append)
    assert RESTIC.run("forget") == "done"
    assert waited == [5.0, 5.0]
