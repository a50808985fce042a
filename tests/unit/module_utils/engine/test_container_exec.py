"""Commands in containers, and their processes, as an engine tells of them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError

from tests.support.fake_engine import Answer


def test_a_command_in_a_container_has_ended_when_the_engine_says_so(
    answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = [{"Running": True, "ExitCode": None}, {"Running": False, "ExitCode": 3}]
    answers: dict[str, tuple[int, Any]] = {
        "/v1.44/containers/c1/exec": (201, {"Id": "e1"}),
        "/v1.44/exec/e1/start": (200, b""),
        "/v1.44/exec/e1/json": (200, ended[0]),
    }
    answer(answers)
    monkeypatch.setattr(
        container_exec.time, "sleep", lambda _seconds: answers.update({"/v1.44/exec/e1/json": (200, ended[1])})
    )
    with pytest.raises(DockerError, match=r"^true exited with 3$"):
        container_exec.execute("c1", ["true"])


def test_a_command_in_a_container_that_does_not_run(answer: Answer) -> None:
    answer({"/v1.44/containers/c1/exec": (409, {"message": "container c1 is not running"})})
    with pytest.raises(DockerError, match=r"^container c1 is not running$"):
        container_exec.execute("c1", ["true"])
    with pytest.raises(DockerError, match=r"^container c1 does not run$"):
        container_exec.processes("c1")


def test_an_engine_that_was_restarted_meanwhile(answer: Answer) -> None:
    answer({"/v1.44/containers/c1/exec": (201, {"Id": "e1"}), "/v1.44/exec/e1/start": (200, b"")})
    with pytest.raises(DockerError, match=r"^the Docker engine knows nothing of nginx any more$"):
        container_exec.execute("c1", ["nginx", "-t"])


def _runs(answer: Answer, pid: int) -> None:
    answer({"/v1.44/containers/c1/json": (200, {"State": {"Pid": pid}})})


def test_the_processes_of_a_container_are_the_main_one_and_what_comes_from_it(answer: Answer) -> None:
    others = subprocess.Popen(["sleep", "30"])
    # Its name for the kernel is to be told from the fields after it.
    main = subprocess.Popen(["sh", "-c", "printf ') R 1 (' > /proc/$$/comm; sleep 31 & sleep 32 & wait"])
    found: dict[int, str] = {}
    try:
        _runs(answer, main.pid)
        deadline = time.monotonic() + 10
        while len(found) < 3 and time.monotonic() < deadline:
            found = container_exec.processes("c1")
        assert found.pop(main.pid).startswith("sh -c printf")
        assert sorted(found.values()) == ["sleep 31", "sleep 32"]
    finally:
        for number in (others.pid, *found, main.pid):
            os.kill(number, signal.SIGKILL)
        others.wait()
        main.wait()


def test_a_container_whose_processes_have_just_ended(answer: Answer) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    _runs(answer, ended.pid)
    assert container_exec.processes("c1") == {}


def test_a_container_that_does_not_run_has_no_main_process(answer: Answer) -> None:
    _runs(answer, 0)
    assert container_exec.main_pid("c1") == container_exec.main_pid("gone") == 0
    with pytest.raises(DockerError, match=r"^container c1 does not run$"):
        container_exec.processes("c1")


def test_a_container_is_told_to_reload_past_the_engine(answer: Answer) -> None:
    """To the engine it would be stopped by hand from then on, and not come back when the server boots."""
    # Whoever runs these tests under nohup has every child ignore the signal.
    main = subprocess.Popen(["sleep", "30"], preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
    asked = answer({"/v1.44/containers/c1/json": (200, {"State": {"Pid": main.pid}})})
    container_exec.send_sighup("c1")
    assert main.wait(10) == -signal.SIGHUP
    assert [path for path, _ in asked] == ["/v1.44/containers/c1/json"]
    with pytest.raises(DockerError, match=r"^container c1 cannot be told to reload: No such process$"):
        container_exec.send_sighup("c1")
    with pytest.raises(DockerError, match=r"^container c2 does not run$"):
        container_exec.send_sighup("c2")
