"""A project whose services have hooks, and what a rollout on a server does with them, with any version of Compose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.stacks import Stack

NAME = "hooked"
_SERVICE = """\
    image: nginx:1.30
    restart: always
    stop_grace_period: 1s
    environment: {V: "${V}"}
    volumes: ["log:/log"]
    post_start:
      - command: [sh, -c, 'echo "NAME post_start ${V} $$(id -un) $$PWD" >> /log/hooks; ${START}']
        user: root
        working_dir: /tmp
    pre_stop:
      - {command: [sh, -c, 'echo "NAME pre_stop ${V} $$WORD" >> /log/hooks; ${STOP}'], environment: {WORD: bye}}
"""
#: One service rolls. The other is replaced in place, where Compose would run hooks itself.
PROJECT = (
    f"services:\n  web:\n{_SERVICE.replace('NAME', 'web')}  one:\n    container_name: hooked-one\n"
    f"{_SERVICE.replace('NAME', 'one')}volumes: {{log: }}\n"
)


class Hooked:
    """The project on one server. *playbook* runs a playbook there, *folder* gets the Compose file."""

    def __init__(self, stack: Stack, playbook: Callable[..., Any], folder: Path) -> None:
        self._stack = stack
        self._playbook = playbook
        self._file = folder / "docker-compose.yml"
        self._file.write_text(PROJECT)

    def deploy(self, version: str, start: str = "true", stop: str = "true") -> Any:
        """Deploy a version whose hooks end with the commands *start* and *stop*; return the run of the playbook."""
        return self._playbook(
            "deploy",
            app_version=version,
            stack_name=NAME,
            stack_compose_files=[str(self._file)],
            stack_compose_variables={"V": version, "START": start, "STOP": stop},
            stack_services={name: {"min_uptime": "1s", "proxy": "other"} for name in ("web", "one")},
            stack_secrets={},
            stack_probes=[],
            stack_policy_level="off",
        )

    def hooks(self) -> list[str]:
        """Return what the hooks have written since the last call, sorted."""
        text = self._stack.host.check_output("docker exec hooked-one sh -c 'cat /log/hooks; : > /log/hooks'")
        return sorted(text.splitlines())


def check(stack: Stack, playbook: Callable[..., Any], folder: Path) -> None:
    """Check that every hook runs exactly once, on the way forward and on the way back."""
    hooked = Hooked(stack, playbook, folder)
    first = hooked.deploy("1")
    assert first.code == 0, first.output
    assert hooked.hooks() == ["one post_start 1 root /tmp", "web post_start 1 root /tmp"]
    second = hooked.deploy("2")
    assert second.code == 0, second.output
    assert hooked.hooks() == [
        "one post_start 2 root /tmp",
        "one pre_stop 1 bye",
        "web post_start 2 root /tmp",
        "web pre_stop 1 bye",
    ]
    live = stack.live()
    failed = hooked.deploy("3", start="echo the cache is cold; exit 3")
    assert failed.code == 2
    assert "service 'one': post_start failed in hooked-one: " in failed.output
    assert "the cache is cold" in failed.output
    assert stack.live() == live
    assert hooked.hooks() == [
        "one post_start 2 root /tmp",
        "one post_start 3 root /tmp",
        "one pre_stop 2 bye",
        "one pre_stop 3 bye",
    ]
    assert hooked.deploy("4", stop="exit 5").code == 0
    hooked.hooks()
    last = hooked.deploy("5")
    assert last.code == 0, last.output
    assert "pre_stop failed in hooked-one, which is stopped all the same: sh exited with 5" in last.output
    assert hooked.hooks() == [
        "one post_start 5 root /tmp",
        "one pre_stop 4 bye",
        "web post_start 5 root /tmp",
        "web pre_stop 4 bye",
    ]
    assert hooked.deploy("5").changed == 0
    assert hooked.hooks() == []
