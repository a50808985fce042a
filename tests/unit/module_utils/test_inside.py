"""Commands in containers, and their processes, as an engine tells of them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils import inside
from ansible_collections.slipway.stack.plugins.module_utils.docker import DockerError

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
    monkeypatch.setattr(inside.time, "sleep", lambda _seconds: answers.update({"/v1.44/exec/e1/json": (200, ended[1])}))
    with pytest.raises(DockerError, match=r"^true exited with 3$"):
        inside.execute("c1", ["true"])


def test_a_command_in_a_container_that_does_not_run(answer: Answer) -> None:
    answer({"/v1.44/containers/c1/exec": (409, {"message": "container c1 is not running"})})
    with pytest.raises(DockerError, match=r"^container c1 is not running$"):
        inside.execute("c1", ["true"])
    with pytest.raises(DockerError, match="knows nothing of container c1 any more"):
        inside.processes("c1")


def test_an_engine_that_was_restarted_meanwhile(answer: Answer) -> None:
    answer({"/v1.44/containers/c1/exec": (201, {"Id": "e1"}), "/v1.44/exec/e1/start": (200, b"")})
    with pytest.raises(DockerError, match=r"^the Docker engine knows nothing of nginx any more$"):
        inside.execute("c1", ["nginx", "-t"])


def test_a_container_whose_processes_have_just_ended(answer: Answer) -> None:
    answer({"/v1.44/containers/c1/top?ps_args=-o%20pid%2Cargs": (200, {"Titles": ["PID"], "Processes": None})})
    assert inside.processes("c1") == {}
