"""Commands in containers, and the processes of a container, with a fake engine."""

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


def test_a_command_has_ended_when_the_engine_says_so(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    states = [{"Running": True, "ExitCode": None}, {"Running": False, "ExitCode": 3}]
    answers: dict[str, tuple[int, Any]] = {
        "/v1.44/containers/c1/exec": (201, {"Id": "e1"}),
        "/v1.44/exec/e1/start": (200, b""),
        "/v1.44/exec/e1/json": (200, states[0]),
    }
    answer(answers)
    monkeypatch.setattr(
        container_exec.time, "sleep", lambda _seconds: answers.update({"/v1.44/exec/e1/json": (200, states[1])})
    )
    with pytest.raises(DockerError, match=r"^true exited with 3$"):
        container_exec.execute("c1", ["true"])


def test_a_command_in_a_stopped_container_fails(answer: Answer) -> None:
    answer({"/v1.44/containers/c1/exec": (409, {"message": "container c1 is not running"})})
    with pytest.raises(DockerError, match=r"^container c1 is not running$"):
        container_exec.execute("c1", ["true"])
    with pytest.raises(DockerError, match=r"^container c1 is not running$"):
        container_exec.processes("c1")


def test_an_engine_that_was_restarted_during_a_command(answer: Answer) -> None:
    answer({"/v1.44/containers/c1/exec": (201, {"Id": "e1"}), "/v1.44/exec/e1/start": (200, b"")})
    with pytest.raises(
        DockerError, match=r"^the Docker engine no longer knows the command nginx; it may have been restarted$"
    ):
        container_exec.execute("c1", ["nginx", "-t"])


def _running(answer: Answer, pid: int) -> None:
    answer({"/v1.44/containers/c1/json": (200, {"State": {"Pid": pid}})})


def test_the_processes_of_a_container_are_its_main_process_and_the_descendants(answer: Answer) -> None:
    others = subprocess.Popen(["sleep", "30"])
    # The kernel writes this name before the other fields. It must not be confused with them.
    main = subprocess.Popen(["sh", "-c", "printf ') R 1 (' > /proc/$$/comm; sleep 31 & sleep 32 & wait"])
    lines: dict[int, str] = {}
    try:
        _running(answer, main.pid)
        # A process has the command line of its parent until it runs its own program.
        deadline = time.monotonic() + 10
        while sum(line.startswith("sleep") for line in lines.values()) < 2 and time.monotonic() < deadline:
            lines = container_exec.processes("c1")
        assert lines.pop(main.pid).startswith("sh -c printf")
        assert sorted(lines.values()) == ["sleep 31", "sleep 32"]
    finally:
        for pid in (others.pid, *lines, main.pid):
            os.kill(pid, signal.SIGKILL)
        others.wait()
        main.wait()


def test_a_container_whose_processes_have_just_ended_has_none(answer: Answer) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    _running(answer, ended.pid)
    assert container_exec.processes("c1") == {}


def test_a_stopped_container_has_no_main_process(answer: Answer) -> None:
    _running(answer, 0)
    assert container_exec.main_pid("c1") == container_exec.main_pid("gone") == 0
    with pytest.raises(DockerError, match=r"^container c1 is not running$"):
        container_exec.processes("c1")


def test_the_reload_signal_does_not_go_through_the_engine(answer: Answer) -> None:
    """For the engine, the container would count as stopped by hand, and it would not start when the server boots."""
    # Under nohup every child process ignores the signal.
    main = subprocess.Popen(["sleep", "30"], preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
    requests = answer({"/v1.44/containers/c1/json": (200, {"State": {"Pid": main.pid}})})
    container_exec.send_sighup("c1")
    assert main.wait(10) == -signal.SIGHUP
    assert [path for path, _ in requests] == ["/v1.44/containers/c1/json"]
    with pytest.raises(DockerError, match=r"^container c1 cannot be signalled to reload: No such process$"):
        container_exec.send_sighup("c1")
    with pytest.raises(DockerError, match=r"^container c2 is not running$"):
        container_exec.send_sighup("c2")
