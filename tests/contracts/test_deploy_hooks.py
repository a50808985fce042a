"""Hooks around the verbs of a rollout, run by the real role. The hosts are directories of this machine."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.test_several_hosts import HOSTS, Machine, machine, write_releases

__all__ = ["machine"]
OLD, NEW = "20261121T101500Z-aaaaaaaa", "20261122T101500Z-bbbbbbbb"
#: Writes what a hook is told to a log beside the inventory.
TELL = 'echo "$SLIPWAY_POINT ${SLIPWAY_HOST:-controller}" >> FOLDER/log'
POINTS = [f"{when}_{verb}" for verb in ("begin", "prepare", "switch", "finalize") for when in ("before", "after")]


class Hooked:
    """Rolls out the release NEW over OLD, with hooks."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.folder = machine, machine.folder
        for release_id in (OLD, NEW):
            write_releases(machine, dict.fromkeys(HOSTS, release_id))
        for host in HOSTS:
            machine.home(host).current.symlink_to(f"releases/{OLD}")

    def run(self, *hooks: dict[str, Any], options: tuple[str, ...] = (), **variables: Any) -> tuple[int, str]:
        """Return the exit code, and the output as one line."""
        given = {"deploy_hooks": list(hooks), "deploy_release": NEW, **variables}
        text = json.dumps(given).replace("FOLDER", str(self.folder))
        role = {"name": "Roll out", "ansible.builtin.import_role": {"name": "slipway.stack.deploy"}}
        play = {"tasks": [role], "strategy": "linear", "any_errors_fatal": True}
        done = self.machine.run([play], "-e", text, *options)
        return done.returncode, re.sub(r"\s+", " ", done.stdout + done.stderr)

    def log(self) -> list[str]:
        path = self.folder / "log"
        return path.read_text().splitlines() if path.exists() else []

    def live(self) -> set[str | None]:
        return {self.machine.home(host).current_id() for host in HOSTS}


@pytest.fixture
def hooked(machine: Machine) -> Hooked:
    return Hooked(machine)


def _hook(at: str, script: str, **keys: Any) -> dict[str, Any]:
    return {"at": at, "command": ["sh", "-c", script], "name": at, **keys}


def test_hooks_run_around_each_verb_once_or_on_each_host(hooked: Hooked) -> None:
    everywhere = [_hook(at, TELL) for at in [*POINTS, "after_revert"]]
    code, output = hooked.run(*everywhere, _hook("before_switch", f"sleep 0.2; {TELL}", run_on="host", name="drain"))
    assert code == 0, output
    assert hooked.live() == {NEW}
    log = hooked.log()
    # All hosts are done with a hook before the next one starts.
    position = log.index("before_switch controller") + 1
    assert sorted(log[position : position + 3]) == sorted(f"before_switch {host}" for host in HOSTS)
    assert [*log[:position], *log[position + 3 :]] == [f"{at} controller" for at in POINTS]
    assert "hook 'drain' (before_switch, on three) ended after 0." in output
    assert "hook 'after_finalize' (after_finalize, on the controller) ended after 0." in output


def test_a_hook_is_told_about_the_release_and_no_secret_of_it_is_shown(hooked: Hooked) -> None:
    home = hooked.machine.home("one")
    generated = home.path / "secrets/generated/db_password"
    generated.parent.mkdir(parents=True)
    generated.write_text("only-the-server-knows")
    (hooked.folder / "token").write_text("T0ken-of-the-api")
    code, output = hooked.run(
        _hook("before_begin", "env | grep SLIPWAY_ | sort > FOLDER/before; cat FOLDER/token"),
        _hook("after_finalize", f"env | sort > FOLDER/after; pwd >> FOLDER/after; cat {generated}", run_on="host"),
        options=("--limit", "one"),
        stack_secrets={"api_token": "T0ken-of-the-api", "in_a_store_that_is_down": "{{ not_available }}"},
    )
    assert code == 0, output
    known = f"SLIPWAY_HOSTS=one|SLIPWAY_POINT=before_begin|SLIPWAY_RELEASE={NEW}|SLIPWAY_STACK=shop|SLIPWAY_VERSION=1"
    assert (hooked.folder / "before").read_text().split() == known.split("|")
    after = (hooked.folder / "after").read_text().splitlines()
    assert after[-1] == str(home.path)
    assert {"SLIPWAY_HOST=one", "SLIPWAY_OUTCOME=succeeded", f"SLIPWAY_RELEASE={NEW}"} <= set(after)
    # A server's hook gets nothing else of its module's environment.
    assert {line.partition("=")[0] for line in after[:-1] if not line.startswith("SLIPWAY_")} <= {
        *("PATH", "HOME", "LANG", "USER", "LOGNAME"),
        *("PWD", "OLDPWD", "SHLVL", "_"),
    }
    assert "T0ken" not in output
    assert "only-the-server-knows" not in output
    assert output.count("***") >= 2


def test_a_hook_that_fails_before_the_switch_reverts(hooked: Hooked) -> None:
    code, output = hooked.run(
        _hook("before_switch", "echo the partner is closed; exit 3", name="ask"),
        *(_hook(at, TELL) for at in ("after_prepare", "after_switch", "after_finalize", "after_revert")),
    )
    assert code != 0
    reason = "one: hook 'ask' (before_switch, on the controller) failed with exit code 3; its output ends with: the "
    assert f"every host runs its previous release again. {reason}partner is closed." in output
    assert hooked.live() == {OLD}
    assert hooked.log() == ["after_prepare controller", "after_revert controller"]


def test_the_last_hook_that_reverts_is_before_finalize(hooked: Hooked) -> None:
    code, output = hooked.run(
        _hook("before_finalize", '[ "$SLIPWAY_HOST" != two ]', run_on="host"),
        _hook("after_revert", 'echo "$SLIPWAY_OUTCOME" >> FOLDER/log', run_on="host"),
    )
    assert code != 0
    assert "two: hook 'before_finalize' (before_finalize, on two) failed with exit code 1." in output
    assert hooked.live() == {OLD}
    assert hooked.log() == ["reverted"] * 3


def test_a_hook_that_hangs_is_killed_at_its_limit_and_reverts(hooked: Hooked) -> None:
    started = time.monotonic()
    hang = "trap '' TERM; sleep 300 & echo $! > FOLDER/child; echo asked; wait"
    code, output = hooked.run(
        _hook("before_prepare", hang, timeout=1, run_on="host", name="hang"), options=("--limit", "one")
    )
    assert time.monotonic() - started < 60
    assert code != 0
    assert "hook 'hang' (before_prepare, on one) did not end within 1 s, so it was killed; its output ends" in output
    assert not _is_running(int((hooked.folder / "child").read_text()))
    assert hooked.live() == {OLD}


def _is_running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_hook_that_fails_after_a_verb_is_a_warning(hooked: Hooked) -> None:
    code, output = hooked.run(
        _hook("after_switch", "echo no route; exit 7"),
        {"at": "after_finalize", "command": "no-such-program --now", "run_on": "host"},
        _hook("after_finalize", TELL),
    )
    assert code == 0, output
    assert "[WARNING]: hook 'after_switch' (after_switch, on the controller) failed with exit code 7" in output
    assert "hook 'no-such-program --now' (after_finalize, on two) cannot be started" in output
    assert hooked.live() == {NEW}
    assert hooked.log() == ["after_finalize controller"]


def test_check_mode_lists_the_hooks_and_runs_none(hooked: Hooked) -> None:
    code, output = hooked.run(
        _hook("before_begin", TELL), {"at": "after_finalize", "command": "sync", "run_on": "host"}, options=("--check",)
    )
    assert code == 0, output
    assert "would run hook 'before_begin' (before_begin, on the controller): sh -c 'echo" in output
    assert "would run hook 'sync' (after_finalize, on three): sync" in output
    assert hooked.log() == []
    assert hooked.live() == {OLD}


@pytest.mark.parametrize(
    ("hook", "problem"),
    [
        ({"at": "before_swich", "command": "true"}, "'before_swich' is not valid; valid values: before_begin, "),
        ({"at": "before_switch", "command": "true", "timeout": 901}, "or raise deploy_barrier_timeout"),
    ],
)
def test_a_hook_that_cannot_be_is_refused_before_a_rollout_begins(
    hooked: Hooked, hook: dict[str, Any], problem: str
) -> None:
    code, output = hooked.run(_hook("before_begin", TELL), hook)
    assert code != 0
    assert "deploy_hooks" in output
    assert problem in output
    assert "Revert the rollout" not in output
    assert hooked.log() == []
    assert hooked.live() == {OLD}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {
                "deploy_hooks": [{"at": "before_begin", "command": "curl -H T0ken-of-the-api"}],
                "stack_secrets": {"api_token": "T0ken-of-the-api"},
            },
            "deploy_hooks, entry 1: it has the secret 'api_token'",
        ),
        ({"deploy_canary": {"for": "{{ 90 }}m"}}, "deploy_canary: key 'for': '90m' is not less than deploy_timeout"),
    ],
)
def test_a_deploy_refuses_settings_of_its_rollout_before_it_uploads_anything(
    machine: Machine, settings: dict[str, Any], sentence: str
) -> None:
    done = machine.run("deploy", "-e", json.dumps(settings))
    assert done.returncode != 0
    assert sentence in re.sub(r"\s+", " ", done.stdout + done.stderr)
    assert [path.name for path in machine.folder.iterdir()] == ["hosts.yml"]
