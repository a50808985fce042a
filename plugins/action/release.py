# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the description to a release on the host: an adapter over ``plugin_utils``, and one call of ``ship``."""

from __future__ import annotations

import base64
import json
import subprocess
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.slipway.stack.plugins.plugin_utils import bundle, describe, kinds, report, target, units

display = Display()

_SHIPPED_KINDS = Path(__file__).parents[2] / "kinds"


class ActionModule(ActionBase):
    """``slipway.stack.release``; documented in ``plugins/modules/release.py``."""

    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            {
                "name": {"type": "str", "required": True},
                "root": {"type": "path", "default": "/opt/stacks"},
                "environment": {"type": "str", "required": True},
                "domain": {"type": "str", "default": ""},
                "version": {"type": "str", "default": ""},
                "services": {"type": "dict", "required": True},
                "secrets": {"type": "dict", "default": {}, "no_log": True},
                "probes": {"type": "list", "elements": "dict", "default": []},
                "kinds_paths": {"type": "list", "elements": "path", "default": []},
                "min_free": {"type": "str", "default": "1g"},
            }
        )
        # Ansible's values carry their origin with them, and may still be encrypted; from here on they are plain.
        arguments = json.loads(json.dumps(arguments, default=str))
        base = Path(task_vars.get("inventory_dir") or task_vars.get("playbook_dir") or ".")
        try:
            parcel = _parcel(arguments, base)
            min_free = units.parse_size(arguments["min_free"])
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        answer = self._execute_module(
            module_name="slipway.stack.ship",
            module_args={
                "bundle": base64.b64encode(zlib.compress(json.dumps(parcel.content()).encode(), 9)).decode(),
                "secrets": json.dumps(parcel.secrets()),
                "release_id": f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{parcel.digest[:8]}",
                "origin": {"owner": target.owner(), "version": arguments["version"], "commit": _commit(base)},
                "min_free": min_free,
            },
            task_vars=target.prepare(self, task_vars),
        )
        result.update(answer)
        host = task_vars.get("inventory_hostname", "")
        if result.get("changed"):
            lines = report.plan_lines(result["plan"])
            display.display("\n".join([f"plan for {parcel.stack} on {host}:", *(f"  {line}" for line in lines)]))
        return result


def _parcel(arguments: Mapping[str, Any], base: Path) -> bundle.Bundle:
    """Return the release that *arguments* describe; relative paths in them start at *base*."""
    folders = [_SHIPPED_KINDS, *(base / path for path in arguments["kinds_paths"])]
    stack = describe.describe(
        name=arguments["name"],
        environment=arguments["environment"],
        domain=arguments["domain"],
        root=arguments["root"],
        services={name: _with_contents(name, given, base) for name, given in arguments["services"].items()},
        secrets=arguments["secrets"],
        kinds=kinds.load(folders),
    )
    return bundle.bundle(stack, arguments["probes"])


def _with_contents(name: str, given: Any, base: Path) -> Any:
    """Return a service with the files that it names by ``src`` read into ``content``."""
    if not isinstance(given, Mapping) or not isinstance(given.get("files"), Mapping):
        return given
    files = {}
    for path, source in given["files"].items():
        files[path] = source
        if isinstance(source, Mapping) and set(source) == {"src"}:
            try:
                files[path] = {"content": (base / str(source["src"])).read_text(encoding="utf-8")}
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(f"service {name!r}, file {path!r}: {source['src']} cannot be read: {error}") from None
    return {**given, "files": files}


def _commit(base: Path) -> str:
    """Return the commit of the working copy that the inventory is in, empty where it is in none."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"], cwd=base, capture_output=True, text=True, timeout=5, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
