# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Start a rollout on the host and show its steps until it ends; documented in ``plugins/modules/rollout.py``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.playbook.block import Block
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.module_utils.rollout.barrier import BARRIER_OF_VERB
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import LIVE, WAITING
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import (
    arguments,
    canary,
    module_call,
    release_id,
    report,
    telling_host,
    terminal,
)

#: Strategies with which hosts do not wait for each other.
_OTHER_STRATEGIES = ("free", "host_pinned", "mitogen_free", "mitogen_host_pinned")

#: Part of the time until hosts revert that wait at a barrier.
_PATIENCE = 2 / 3


class ActionModule(ActionBase):
    """``slipway.stack.rollout``."""

    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        host = task_vars.get("inventory_hostname", "")
        given = arguments.given(self, task_vars, "rollout")
        if given.get("release") == "":
            raise AnsibleActionFail("there is no release; run the role stack first, or set deploy_release")
        if self._task.check_mode and _is_not_there_yet(given.get("release"), task_vars):
            return {**result, "changed": True, "release": given["release"], "records": []}
        given.setdefault("first_host", host == (task_vars.get("ansible_play_hosts_all") or [host])[0])
        given.setdefault("tells", host == telling_host.choose(task_vars))
        given["owner"] = given.get("owner") or module_call.owner()
        given["canary"] = _canary(given, len(task_vars.get("ansible_play_hosts") or []) > 1) or None
        verb = given.get("verb", "all")
        if verb != "all":
            _refuse_other_strategies(self._task)
        if verb == "begin":
            given["common_id"] = release_id.common(task_vars, given.get("release"))
        variables = module_call.prepare(self, task_vars)
        timeout = int(given.get("timeout", 3600))
        started = time.monotonic()
        deadline = started + timeout
        # A backup changes nothing, and a rollout that is proven only stops containers, so their end is waited for. The
        # other hosts have begun, and wait at a barrier.
        patience, is_waiting = int(given.get("barrier_timeout", 900)) * _PATIENCE, False
        records: list[dict[str, Any]] = []
        until = str(given.get("follow_until", "end"))
        while not any(_ends(record, verb, until) for record in records):
            if time.monotonic() > deadline:
                result.update(
                    failed=True,
                    msg=f"the rollout has not ended after {timeout} s; it continues on the host; "
                    "playbooks/abort.yml makes it revert",
                )
                return result
            answer = self._execute_module(module_name="slipway.stack.rollout", module_args=given, task_vars=variables)
            if "plan" in answer:
                lines = report.rollback_lines(host, str(given.get("name")), answer)
                terminal.show("\n".join(lines))
            if answer.get("held_by"):
                waited = time.monotonic() - started
                if waited > patience:
                    return {**result, "failed": True, "msg": _not_ended(given, answer["held_by"], waited)}
                if not is_waiting:
                    terminal.show(f"{host}  {answer['held_by']}; waiting for its end, for up to {patience:.0f} s")
                is_waiting = True
                continue
            # Without an offset in the journal there is nothing to follow.
            if answer.get("failed") or "offset" not in answer:
                return {**result, **answer, **({"reason": _reasons(task_vars)} if verb == "abort" else {})}
            if answer["joined"]:
                terminal.show(f"{host}  {answer['joined']}; following it")
            for record in answer["records"]:
                # The end of a failed rollout is the message of the task.
                if record["text"] and ((record["step"], record["state"]) != ("end", "failed") or verb == "abort"):
                    terminal.show(f"{host}  {report.step_line(record)}")
            records += answer["records"]
            # The module has resolved a name such as `previous` to a release.
            given.update(offset=answer["offset"], release=answer["release"])
        result.update(changed=True, release=answer["release"])
        if until == "proven":
            result["finishing"] = records[-1]["step"] != "end" and any(record["step"] == LIVE for record in records)
            if result["finishing"]:
                terminal.show(f"{host}  release {result['release']} is live; the host stops what it has replaced")
        failed = records[-1]["state"] == "failed" and verb != "abort"
        if failed:
            result.update(failed=True, msg=report.failure(records))
        if not failed or terminal.is_for_programs():
            # The steps are on the screen already; in a failed result they would be shown a second time.
            result["records"] = records
        if verb == "abort":
            result["reason"] = _reasons(task_vars)
        return result


def _canary(given: Mapping[str, Any], are_several: bool) -> dict[str, Any]:
    """Return the settings of a canary as the host reads them, checked. :param are_several: whether other hosts wait."""
    try:
        waits = int(given.get("barrier_timeout", 900)) if are_several else None
        return canary.read(given.get("canary"), int(given.get("timeout", 3600)), waits)
    except ValueError as error:
        raise AnsibleActionFail(str(error)) from None


def _is_not_there_yet(release: object, task_vars: dict[str, Any]) -> bool:
    """Return whether *release* would be uploaded in this play: in check mode it is not on the host."""
    shipped = task_vars.get("stack_release")
    return isinstance(shipped, Mapping) and bool(shipped.get("changed")) and shipped.get("release") == release


def _not_ended(given: Mapping[str, Any], held_by: str, waited: float) -> str:
    """Return why a rollout was not started that has waited for the end of other work."""
    return (
        f"stack '{given.get('name')}': {held_by}; the rollout was not started after {waited:.0f} s of waiting; run the "
        "playbook again when that has ended, or raise deploy_barrier_timeout"
    )


def _refuse_other_strategies(task: Task) -> None:
    """Check that the hosts of the play take each task together.

    :raises AnsibleActionFail: if they do not.
    """
    parent = task
    while parent and not isinstance(parent, Block):
        parent = parent._parent
    strategy = str(parent._play.strategy) if parent and parent._play else ""
    if strategy.rpartition(".")[2] in _OTHER_STRATEGIES:
        raise AnsibleActionFail(
            f"the play has the strategy {strategy!r}, but the hosts of a stack roll out together, one step after the "
            "other; set 'strategy: linear' in the play"
        )


def _reasons(task_vars: Mapping[str, Any]) -> str:
    """Return why the rollout failed, with the host on which it did, as sentences."""
    found = []
    for host in task_vars.get("ansible_play_hosts_all") or []:
        # Not ansible_failed_task, which says more: it has templates that only its own task can resolve.
        result = task_vars["hostvars"][host].get("ansible_failed_result") or {}
        message = str(result.get("msg") or "").rstrip(".")
        if message:
            found.append(f"{host}: {message}.")
    return " ".join(found) or "A host cannot be reached any more."


def _ends(record: dict[str, Any], verb: str, until: str) -> bool:
    """Return whether a rollout has reached the end of *verb*, or with *until* that its release is proven."""
    if until == "proven" and record["step"] == LIVE:
        return True
    return record["step"] == "end" or (record["step"], record["state"]) == (BARRIER_OF_VERB[verb], WAITING)
