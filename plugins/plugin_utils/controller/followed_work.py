"""Long work on a host, followed from the controller: call a module until its work has ended, and show the steps.

Place in the pipeline: between controller and host, for actions whose work is a detached process on the host.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any, ClassVar

from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import arguments, module_call, report, terminal

#: Calls a module with arguments, and returns its answer.
Call = Callable[[dict[str, Any]], dict[str, Any]]


def follow(call: Call, given: dict[str, Any], host: str, first_only: Collection[str] = ()) -> dict[str, Any]:
    """Call a module until its work has ended, each time from where the answer before has ended.

    :param given: the arguments; ``offset`` and ``release`` change. Its ``timeout`` is in seconds.
    :param host: the name that is shown before each step.
    :param first_only: keys that the first answer has, and later ones do not know.
    :return: the result of the task. It has no records if the work failed: they are on the screen already.
    """
    timeout = int(given.get("timeout", 43200))
    deadline = time.monotonic() + timeout
    records: list[dict[str, Any]] = []
    first: dict[str, Any] = {}
    while True:
        answer = {**call(given), **first}
        first = {key: answer[key] for key in first_only if key in answer}
        for record in answer.get("records", []):
            # The end of failed work is the message of the task.
            if record["text"] and (record["step"], record["state"]) != ("end", "failed"):
                terminal.show(f"{host}  {report.step_line(record)}")
        records += answer.get("records", [])
        if records and records[-1]["step"] == "end":
            break
        # Without an offset in the journal there is nothing to follow.
        if answer.get("failed") or "offset" not in answer:
            return {**answer, "records": records}
        if time.monotonic() > deadline:
            return {"failed": True, "msg": f"it has not ended after {timeout} s, and goes on on the host"}
        given.update(offset=answer["offset"], release=answer["release"])
    if records[-1]["state"] == "failed":
        return {"failed": True, "msg": report.failure(records)}
    return {**answer, "records": records}


class FollowedAction(ActionBase):
    """An action that calls the module of its name until the work of the module has ended."""

    #: The name of the module, without that of the collection.
    module: ClassVar[str]
    #: Keys that the first answer of the module has and later ones do not know.
    first_only: ClassVar[tuple[str, ...]] = ()
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments.given(self, task_vars, self.module)
        given["owner"] = given.get("owner") or module_call.owner()
        variables = module_call.prepare(self, task_vars)

        def call(module_arguments: dict[str, Any]) -> dict[str, Any]:
            answer: dict[str, Any] = self._execute_module(
                module_name=f"slipway.stack.{self.module}", module_args=module_arguments, task_vars=variables
            )
            return answer

        return {**result, **follow(call, given, task_vars.get("inventory_hostname", ""), self.first_only)}
