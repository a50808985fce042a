"""The id of a new release: one for all hosts of a play, so that a rollback can name it on all of them.

Ansible runs an action in a process of its own for each host. It imports the plugin before that, in the process of which
the others are copies. So what is chosen here during the import is the same for all hosts.

Place in the pipeline: before upload; used by the action plugins. The host makes the id later than all that it has.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from typing import Any

_STARTED = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
_RUN = secrets.token_hex(8)


def new(task: str) -> str:
    """Return the id for the release that a task uploads: the time of the run, and eight digits.

    :param task: what identifies the task, the same for all hosts.
    """
    return f"{_STARTED}-{hashlib.sha256(f'{_RUN} {task}'.encode()).hexdigest()[:8]}"


def common(task_vars: Mapping[str, Any], release: object) -> str:
    """Return the id that *release* gets on all hosts of the play; empty if it keeps its id.

    The hosts have the same id already, except if one has a release with a later time, or one of a failed deploy that it
    uses again.
    """
    hostvars, hosts = task_vars.get("hostvars") or {}, task_vars.get("ansible_play_hosts") or []
    if len(hosts) < 2 or _uploaded(task_vars) != release:
        return ""
    ids = {_uploaded(hostvars[host]) for host in hosts}
    return str(max(ids)) if len(ids) > 1 and "" not in ids else ""


def _uploaded(variables: Mapping[str, Any]) -> str:
    """Return the id of the release that a host has got in this play; empty if it has got none."""
    result = variables.get("stack_release")
    return str(result.get("release", "")) if isinstance(result, Mapping) and result.get("changed") else ""
