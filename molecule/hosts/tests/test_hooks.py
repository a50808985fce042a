"""Commands of a team around the verbs of a deploy: on the controller, and on each of three servers over SSH."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.stacks import Stack, Visitor

Playbook = Callable[..., Any]

LOG = "/var/tmp/deploy-hooks.log"


def _version(stack: Stack) -> str:
    return stack.get("/").body.strip()


def test_hooks_run_where_they_should_and_not_if_nothing_is_to_be_done(
    trio: list[Stack], playbook: Playbook, tmp_path: Path
) -> None:
    here = tmp_path / "log"
    words = ["sh", "-c", f'echo "$SLIPWAY_POINT $SLIPWAY_HOSTS $SLIPWAY_VERSION $SLIPWAY_OUTCOME" >> {here}']
    ask = "import urllib.request as r; print(r.urlopen('http://localhost:8422').read().decode().strip())"
    there = ["sh", "-c", f'(echo "$SLIPWAY_HOST $(id -u) $SLIPWAY_RELEASE"; exec python3 -c "{ask}") >> {LOG}']
    hooks = [
        {"at": "before_begin", "command": words},
        {"at": "before_switch", "command": there, "run_on": "host", "name": "still the old one"},
        {"at": "before_finalize", "command": there, "run_on": "host", "name": "smoke"},
        {"at": "after_finalize", "command": words},
    ]
    before = _version(trio[0])
    version = "6" if before != "trio 6" else "8"
    for stack in trio:
        stack.host.check_output("sudo rm -f %s", LOG)
    for _run in ("rolls out", "has nothing to do"):
        run = playbook("deploy", trio_version=version, deploy_hooks=hooks)
        assert run.code == 0, run.output
        assert here.read_text().splitlines() == [
            f"before_begin step1 step2 step3 {version} ",
            f"after_finalize step1 step2 step3 {version} succeeded",
        ]
        for stack in trio:
            told = f"{stack.host.check_output('hostname')} 0 {stack.live()}"
            lines = stack.host.check_output("cat %s", LOG).splitlines()
            assert lines == [told, before, told, f"trio {version}"]


def test_a_hook_that_fails_before_the_switch_reverts_every_server(trio: list[Stack], playbook: Playbook) -> None:
    before = [(stack.live(), stack.containers()) for stack in trio]
    refuse = "sh -c 'test $SLIPWAY_HOST != step2 || { echo the load balancer keeps it; exit 4; }'"
    with Visitor(trio[1], "/") as visitor:
        run = playbook(
            "deploy",
            trio_version="7",
            deploy_hooks=[{"at": "before_switch", "command": refuse, "run_on": "host", "name": "drain"}],
        )
    assert run.code != 0
    reason = "hook 'drain' (before_switch, on step2) failed with exit code 4; its output ends with: the load balancer"
    assert f"every host runs its previous release again. step2: {reason} keeps it." in run.output, run.output
    assert [(stack.live(), stack.containers()) for stack in trio] == before
    assert {seen[0] for seen in visitor.seen} == {200}
