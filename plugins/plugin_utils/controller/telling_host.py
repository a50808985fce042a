"""Which host of a play tells the receivers about a rollout: one message for all hosts, not one for each. Pure.

Place in the pipeline: controller, before a rollout begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def choose(task_vars: Mapping[str, Any]) -> str:
    """Return the first host of the play that gets the release: a host on which it is live already has left the play.

    Hosts of the first stage come first. If they fail, those of the others never begin.
    """
    hosts = list(task_vars.get("ansible_play_hosts") or [task_vars.get("inventory_hostname", "")])
    return str(min(hosts, key=lambda host: _stage(task_vars, host)))


def _stage(task_vars: Mapping[str, Any], host: str) -> int:
    found = (task_vars.get("hostvars") or {}).get(host) or {}
    return int((found.get("stack_release") or {}).get("stage") or 0)
