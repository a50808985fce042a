"""Containers that were restarted or lost a process for want of memory, as the kernel and the engine say."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, incidents

from tests.support.fake_host import container

#: When the containers of `fake_host` started, which is a day ago. The tests may run some minutes later than this.
STARTED = time.time() - 86400


@pytest.fixture(autouse=True)
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(incidents, "_PROC", tmp_path / "proc")
    monkeypatch.setattr(incidents, "_CGROUP", tmp_path / "cgroup")
    monkeypatch.setattr(docker, "get", lambda path: {"State": STATES.get(path)})
    STATES.clear()
    return tmp_path


#: What the engine says of the state of a container, by the path of the question.
STATES: dict[str, dict[str, Any]] = {}
EDGE = "/containers/edge1/json"


def _process(kernel: Path, groups: str, file: str = "", text: str = "") -> None:
    """Write what the kernel says about process 7."""
    (kernel / "proc/7").mkdir(parents=True)
    (kernel / "proc/7/cgroup").write_text(groups)
    if file:
        target = kernel / "cgroup" / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


UNIFIED = ("0::/system.slice/docker-1.scope\n", "system.slice/docker-1.scope/memory.events")
OLDER = ("9:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n0::/docker/1\n", "memory/docker/1/memory.oom_control")


@pytest.mark.parametrize(
    ("groups", "file", "text", "expected"),
    [
        (*UNIFIED, "low 0\nhigh 0\nmax 41\noom 3\noom_kill 2\noom_group_kill 0\n", 2),
        (*UNIFIED, "oom_kill 0\n", 0),
        (*OLDER, "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n", 5),
        (*OLDER, "oom_kill_disable 0\nunder_oom 0\n", 0),
        (*OLDER, "", 0),
        (*UNIFIED, "nonsense\n", 0),
        ("0::/gone\n", "", "", 0),
        ("", "", "", 0),
    ],
)
def test_the_kernel_counts_killed_processes(kernel: Path, groups: str, file: str, text: str, expected: int) -> None:
    _process(kernel, groups, file, text)
    assert incidents.oom_kills(7) == expected


def test_a_process_that_is_gone_and_none_at_all_have_no_number() -> None:
    assert (incidents.oom_kills(7), incidents.oom_kills(0)) == (0, 0)


def test_a_container_that_lost_a_worker_keeps_running_and_is_named(kernel: Path) -> None:
    _process(kernel, *UNIFIED, "oom_kill 2\n")
    STATES[EDGE] = {"Pid": 7, "OOMKilled": False}
    assert incidents.find({"edge": [container("edge")]}, STARTED) == [
        {
            "service": "edge",
            "reason": "shop-edge-1 used up its memory: 2 processes were killed since it started at "
            "2026-11-21T10:00:00Z; raise 'memory', or find out what needs it",
        }
    ]


def test_what_the_engine_has_noticed_counts_without_the_kernel() -> None:
    STATES[EDGE] = {"Pid": 0, "OOMKilled": True}
    (found,) = incidents.find({"edge": [container("edge")]}, STARTED)
    assert "a process was killed" in found["reason"]


def test_a_restart_since_the_rollout_is_named() -> None:
    assert incidents.find({"web": [container(restarts=2)]}, STARTED - 60) == [
        {
            "service": "web",
            "reason": "shop-web-1 ended and was restarted 2 times, the last time at 2026-11-21T10:00:00Z; see docker "
            "logs shop-web-1",
        }
    ]


@pytest.mark.parametrize("changes", [{}, {"restarts": 2}])
def test_nothing_is_said_of_earlier_restarts_and_of_none(changes: dict[str, int]) -> None:
    assert incidents.find({"web": [container(**changes)]}, STARTED + 3600) == []
