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
    there = ["sh", "-c", f'echo "$SLIPWAY_HOST $(id -u) $SLIPWAY_RELEASE" >> {LOG}; curl -s localhost:8422 >> {LOG}']
    hooks = [
        {"at": "before_begin", "command": words},
        {"at": "before_switch", "command": there, "run_on": "host", "name": "still the old one"},
        {"at": "before_finalize", "command": there, "run_on": "host", "name": "smoke"},
        {"at": "after_finalize", "command": words},
    ]
    before = _version(trio[0])
    for _run in ("rolls out", "has nothing to do"):
        run = playbook("deploy", trio_version="6", deploy_hooks=hooks)
        assert run.code == 0, run.output
        assert here.read_text().splitlines() == [
            "before_begin step1 step2 step3 6 ",
            "after_finalize step1 step2 step3 6 succeeded",
        ]
        for stack in trio:
            told = f"{stack.host.check_output('hostname')} 0 {stack.live()}"
            lines = stack.host.check_output("cat %s", LOG).splitlines()
            assert lines == [told, before, told, "trio 6"]


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
    reason = "step2: hook 'drain' (before_switch, on step2) failed with exit code 4; its output ends with: the load"
    assert run.output.count(f"every host runs its previous release again. {reason}") >= 3, run.output
    assert [(stack.live(), stack.containers()) for stack in trio] == before
    assert {seen[0] for seen in visitor.seen} == {200}
