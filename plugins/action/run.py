# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run a command in a container of its own and show its output; documented in ``plugins/modules/run.py``."""

from __future__ import annotations

import shlex
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import (
    arguments,
    known_services,
    module_call,
    terminal,
    terminal_command,
)

#: Lines that are shown. The command may say more.
_MAX_LINES = 20_000


class ActionModule(ActionBase):
    """``slipway.stack.run``."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action: start the command, and ask for its output until it has ended."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments.complete(self, task_vars, "run")
        given["command"] = _words(given["command"])
        host, results = task_vars.get("inventory_hostname", ""), given.pop("results")
        if results:
            if problem := known_services.unknown(str(given["name"]), [given["service"]], results.values()):
                raise AnsibleActionFail(problem)
            having = known_services.hosts_with(given["service"], results)
            if host not in (having if given["everywhere"] else having[:1]):
                return {**result, "skipped": True, "changed": False}
        variables = module_call.prepare(self, task_vars)

        def call() -> dict[str, Any]:
            answer: dict[str, Any] = self._execute_module(
                module_name="slipway.stack.run", module_args=given, task_vars=variables
            )
            return answer

        if self._task.check_mode or given["interactive"]:
            return {**result, **self._would(call(), host)}
        name = f"{host} {given['service']}" if given["everywhere"] else given["service"]
        return {**result, **_follow(call, given, name)}

    def _would(self, answer: dict[str, Any], host: str) -> dict[str, Any]:
        """Show the command line for a terminal; in check mode it is what would be run."""
        if answer.get("failed"):
            return answer
        options = self._connection.get_option
        login = {"host": host}
        if self._connection.transport == "ssh":
            login = {"host": options("host"), "user": options("remote_user"), "port": options("port")}
            login["key"] = options("private_key_file")
        words = answer["words"] if not self._task.check_mode else [one for one in answer["words"] if one != "--rm"]
        line = terminal_command.over_ssh(answer["words"], answer["folder"], login, login.get("user") != "root")
        shown = f"would run on {host}: {shlex.join(words)}" if self._task.check_mode else line
        terminal.show(shown)
        return {"changed": self._task.check_mode, "command": line}


def _words(command: object) -> list[str]:
    """Return the words of a command. :raises AnsibleActionFail: if it is none."""
    try:
        words = [str(word) for word in command] if isinstance(command, list) else shlex.split(str(command))
    except ValueError as error:
        raise AnsibleActionFail(f"command: {command!r} cannot be split into words: {str(error).lower()}") from None
    if not words:
        raise AnsibleActionFail("command: it is empty; write it like -e command='alembic current'")
    return words


def _follow(call: Any, given: dict[str, Any], name: str) -> dict[str, Any]:
    """Start the command, and show its output until its end. :return: the result of the task."""
    lines: list[str] = []
    while True:
        answer = call()
        if answer.get("failed"):
            return answer
        shown = answer["lines"][: max(_MAX_LINES - len(lines), 0)]
        notes = [*answer["notes"], *(["further lines are not shown"] if len(shown) < len(answer["lines"]) else [])]
        lines += shown
        if shown or notes:
            prefix = f"{name}  " if given["everywhere"] else ""
            terminal.show("\n".join([*(f"{prefix}{line}" for line in shown), *(f"{name}: {note}" for note in notes)]))
        if answer["code"] is not None:
            break
        given.update(container=answer["container"], cursor=answer["until"])
    result = {"changed": True, "code": answer["code"], "lines": lines}
    if answer["why"] or answer["code"]:
        why = answer["why"] or f"the command exited with {answer['code']}"
        # The output is on the screen already; in a failed result it would be shown a second time.
        kept = lines if terminal.is_for_programs() else []
        return {**result, "lines": kept, "failed": True, "msg": f"service '{given['service']}': {why}"}
    return result
