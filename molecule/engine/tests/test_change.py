"""A change of the engine's configuration, and its effect on the engine and its containers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

Playbook = Callable[..., Any]

CONFIGURATION = "/etc/docker/daemon.json"
OPTIONS = {"max-concurrent-downloads": 6}


@pytest.fixture(scope="module")
def container(host: Any) -> Iterator[str]:
    name = host.check_output("docker run --detach redis:8")
    yield name
    host.check_output("docker rm --force %s", name)


@pytest.fixture(autouse=True)
def _restored(host: Any, playbook: Playbook) -> Iterator[None]:
    """Restore the inventory's configuration after each test."""
    before = _configuration(host)
    yield
    if _configuration(host) != before:
        added = dict.fromkeys(_configuration(host).keys() - before.keys())
        run = playbook("provision", engine_daemon_options={**OPTIONS, **added})
        assert run.code == 0, run.output
    assert _configuration(host) == before


def _configuration(host: Any) -> dict[str, Any]:
    return json.loads(host.check_output("cat %s", CONFIGURATION))


def _engine_pid(host: Any) -> str:
    return host.check_output("systemctl show --property=MainPID --value docker.service")


def _state(host: Any, container: str) -> str:
    return host.check_output("docker inspect --format '{{.State.Status}} {{.State.Pid}}' %s", container)


def test_reload_and_restart_leave_containers_running(host: Any, playbook: Playbook, container: str) -> None:
    """Also for an existing engine without live restore: its containers would stop when provisioning restarts it."""
    engine, running = _engine_pid(host), _state(host, container)
    assert running.startswith("running ")
    run = playbook("provision", engine_live_restore=False, engine_insecure_registries=["registry:5000", "other:5000"])
    assert run.code == 0, run.output
    info = json.loads(host.check_output("docker info --format json"))
    assert info["LiveRestoreEnabled"] is False
    assert "other:5000" in info["RegistryConfig"]["IndexConfigs"]
    assert _engine_pid(host) == engine

    run = playbook("provision", engine_log_max_size="3m")
    assert run.code == 0, run.output
    assert _engine_pid(host) != engine
    assert _state(host, container) == running


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"max-conncurrent-downloads": 6}, "don't match any configuration option: max-conncurrent-downloads"),
        ({"storage-driver": "nonsense"}, "failed to start daemon"),
        ({"hosts": ["fd://"]}, "engine_daemon_options.hosts collides"),
    ],
    ids=["refused by validation", "refused at the start", "refused by the role"],
)
def test_a_broken_option_keeps_the_previous_configuration(
    host: Any, playbook: Playbook, container: str, options: dict[str, Any], cause: str
) -> None:
    before, running = _configuration(host), _state(host, container)
    run = playbook("provision", engine_daemon_options=options)
    assert run.code == 2
    assert cause in run.output
    assert _configuration(host) == before
    assert _state(host, container) == running
    assert not host.file(f"{CONFIGURATION}.previous").exists


def test_check_mode_shows_the_change_and_makes_none(host: Any, playbook: Playbook) -> None:
    before, engine = _configuration(host), _engine_pid(host)
    run = playbook("provision", "--check", "--diff", engine_log_max_size="7m")
    assert run.code == 0, run.output
    assert '+ "max-size": "7m"' in run.output
    assert run.changed >= 1
    assert (_configuration(host), _engine_pid(host)) == (before, engine)


def test_an_interrupted_change_is_completed(host: Any, playbook: Playbook) -> None:
    host.check_output("echo '{}' | sudo tee %s.previous", CONFIGURATION)
    engine = _engine_pid(host)
    run = playbook("provision")
    assert run.code == 0, run.output
    assert _engine_pid(host) != engine
    assert not host.file(f"{CONFIGURATION}.previous").exists


def test_keys_of_others_stay_until_they_are_removed(host: Any, playbook: Playbook) -> None:
    mine = {**_configuration(host), "debug": True}
    host.check_output("echo %s | sudo tee %s", json.dumps(mine), CONFIGURATION)
    assert playbook("provision").changed == 0
    assert playbook("provision", engine_daemon_options={**OPTIONS, "debug": None}).code == 0
    assert "debug" not in _configuration(host)


@pytest.mark.parametrize(
    ("command", "script", "sentence"),
    [
        ("dockerd", "echo Docker version 24.0.7", "has Docker Engine 24.0.7, but 25 or newer is needed"),
        ("docker", "echo unknown command >&2; exit 1", "`docker compose` of engine is missing"),
    ],
)
def test_an_unsuitable_engine_is_refused_and_not_changed(
    host: Any, playbook: Playbook, command: str, script: str, sentence: str
) -> None:
    shadow = f"/usr/local/sbin/{command}"
    host.check_output("printf '#!/bin/sh\\n%%s\\n' %s | sudo tee %s && sudo chmod 755 %s", script, shadow, shadow)
    try:
        run = playbook("provision")
    finally:
        host.check_output("sudo rm %s", shadow)
    assert run.code == 2
    assert sentence in run.output
    assert run.changed == 0
