"""A server without an engine, before anything is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Playbook = Callable[..., Any]


def test_check_mode_announces_the_engine_and_changes_nothing(host: Any, playbook: Playbook) -> None:
    run = playbook("provision", "--check", "--diff")
    assert run.code == 0, run.output
    assert "docker-compose" in run.output
    assert '"live-restore": true' in run.output
    assert run.changed >= 4
    assert not host.exists("docker")
    assert not host.file("/etc/docker").exists
    assert not host.file("/opt/stacks").exists


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"engine_install": "never"}, "engine has no Docker Engine and engine_install is never"),
        ({"__engine_platform": "fedora-41"}, "which is fedora-41; install an engine yourself"),
        ({"__engine_platform": "debian-12"}, "which is debian-12; set engine_source docker or mirror"),
        (
            {"__engine_platform": "debian-14", "engine_source": "docker"},
            "which is debian-14; set engine_source distribution",
        ),
        ({"engine_source": "mirror"}, "engine_source mirror needs engine_mirror_url"),
        ({"engine_source": "elsewhere"}, "value of engine_source must be one of: distribution, docker, mirror"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--check",)], ids=["real", "check"])
def test_wrong_settings_are_refused(
    host: Any, playbook: Playbook, options: tuple[str, ...], variables: dict[str, str], sentence: str
) -> None:
    run = playbook("provision", *options, **variables)
    assert run.code == 2
    assert sentence in run.output
    assert run.changed == 0
    assert not host.exists("docker")
