# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Show what all hosts have answered as one document; documented in ``plugins/modules/show.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.color import stringc
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import (
    arguments,
    documents,
    known_services,
    log_lines,
    terminal,
)

_MARKDOWN = {"status": documents.status_markdown, "history": documents.history_markdown}


class ActionModule(ActionBase):
    """``slipway.stack.show``."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = arguments.complete(self, task_vars or {}, "show")
        if problem := known_services.unknown(str(given["name"]), given["wanted"], given["results"].values()):
            raise AnsibleActionFail(problem)
        if given["what"] == "logs":
            _show_logs(given["results"])
        if given["format"] == "text" or given["what"] not in _MARKDOWN:
            return {**result, "changed": False, "document": ""}
        render = documents.as_json if given["format"] == "json" else _MARKDOWN[given["what"]]
        document = render(str(given["name"]), given["results"])
        terminal.show(document)
        if given["to"] and not self._task.check_mode:
            _write(Path(given["to"]), document)
        return {**result, "changed": False, "document": document}


def _show_logs(results: dict[str, Any]) -> None:
    lines = log_lines.merged(results, stringc)
    terminal.show("\n".join(lines) if lines else "no lines; go back further with -e since=1h")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise AnsibleActionFail(f"{path} cannot be written: {error.strerror}") from None
