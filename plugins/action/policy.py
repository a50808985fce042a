# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Check Compose files against the policy, on the controller: an adapter over ``plugin_utils/policy``."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import arguments, terminal
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import file_check, settings
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.review import Finding, Review

display = Display()


class ActionModule(ActionBase):
    """``slipway.stack.policy``; documented in ``plugins/modules/policy.py``."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        problems = arguments.misspelt(self, task_vars or {})
        if problems:
            raise AnsibleActionFail("\n".join(problems))
        given = self.validate_argument_spec(
            {
                "files": {"type": "list", "elements": "path", "required": True},
                "environment": {"type": "str", "default": "production"},
                "also": {"type": "dict", "default": {}},
                "profiles": {"type": "list", "elements": "str"},
                "config": {"type": "path"},
                "level": {"type": "str"},
                "exceptions": {"type": "list", "elements": "dict", "default": []},
                "baseline": {"type": "path"},
                "report": {"type": "path"},
                "format": {"type": "str", "default": "json", "choices": list(file_check.FORMATS)},
            }
        )[1]
        try:
            review = _review(given)
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        terminal.show(file_check.render([review], "table", verbose=display.verbosity > 0))
        if given["report"] and not self._task.check_mode:
            _write(Path(given["report"]), file_check.render([review], given["format"], verbose=True))
        result.update(changed=False, findings=[_plain(finding) for finding in review.findings])
        if review.failing:
            result.update(
                failed=True, msg=f"{review.summary}; {len(review.failing)} of them are {review.level} or worse"
            )
        return result


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise AnsibleActionFail(f"key 'report': {path} cannot be written: {error.strerror}") from None


def _plain(finding: Finding) -> dict[str, Any]:
    keys = ("rule", "severity", "service", "message", "file", "line", "excepted", "known")
    return {key: getattr(finding, key) for key in keys if getattr(finding, key)}


def _review(arguments: Mapping[str, Any]) -> Review:
    plain = json.loads(json.dumps(dict(arguments), default=str))
    extra = settings.Settings(
        {plain["environment"]: plain["level"]} if plain["level"] else {},
        settings.exceptions(plain["exceptions"], "exceptions"),
    )
    settings.levels(plain["level"] or None, "level")
    also = {name: [files] if isinstance(files, str) else files for name, files in plain["also"].items()}
    options = file_check.Options(
        files=[Path(path) for path in plain["files"]],
        environment=plain["environment"],
        also={name: [Path(path) for path in files] for name, files in also.items()},
        profiles=plain["profiles"],
        config=Path(plain["config"]) if plain["config"] else None,
        baseline=Path(plain["baseline"]) if plain["baseline"] else None,
        extra=extra,
        exported=os.environ,
    )
    found = file_check.check(options, datetime.datetime.now(tz=datetime.UTC).date().isoformat())
    file_check.require_services([found])
    return found
