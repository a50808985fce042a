"""Names of the collection's variables: one that nobody reads is misspelt, or it is a variable of the team.

Place in the pipeline: before describe; used by the action plugins, before they read a variable.
"""

from __future__ import annotations

import difflib
import fnmatch
import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_ROLES = Path(__file__).parents[3] / "roles"
#: The variable that names a team's own variables, as names or patterns.
_OWN = "stack_own_variables"
#: An option of an entry point in the argument spec of a role. Reading these files as YAML takes 20 ms.
_OPTION = re.compile(r"^ {6}(\w+):", re.MULTILINE)
#: Variables of the playbooks, of which no role has a specification.
_OF_PLAYBOOKS = frozenset(
    {
        "stack_hosts",
        "adopt",
        "adopt_to",
        "plan_exit_code",
        "rollback_release",
        "rollback_compatible",
        "rollback_statuses",
        "rollback_to",
        "report_hosts",
        "report_requests",
        "report_times",
        "status_engine",
        "status_file",
        "status_format",
        "swarm_report",
        "report_path",
        "report_rollouts",
    }
    | {"maintenance", "maintenance_allow", "maintenance_retry_after", "drain", "drain_wait", "undrain"}
    | {"command", "run_on", "run_timeout", "interactive"}
    | {"service", "since", "grep", "lines", "follow", "follow_for", "history"}
    | {"policy_files", "policy_environment", "policy_level", "policy_also", "policy_exceptions", "policy_baseline"}
    | {"policy_report", "policy_format"}
    | {"stop_data", "stop_maintenance"}
)
#: Variables that tasks of the roles set themselves.
_OF_TASKS = frozenset(
    {
        "stack_release",
        "deploy_begun",
        "deploy_reverted",
        "deploy_step",
        "engine_info",
        "engine_python",
    }
    | {
        "certificates_installed",
        "certificates_result",
        "images_built",
        "images_pruned",
        "images_pruned_host",
        "images_pulled",
        "images_sent",
        "refresh_folder",
        "refresh_made",
        "refresh_prepared",
        "refresh_production",
        "report_counted",
        "report_read",
        "rollback_status",
        "status_result",
        "history_result",
        "logs_result",
        "services_result",
        "verify_result",
        "workspace_adopted",
    }
    | {"secrets_shared", "stack_shared", "start_done", "stop_closed", "workspace_result"}
)
#: Variables that tasks give to the tasks that they include.
_OF_INCLUDES = frozenset({"refresh_file", "deploy_batches", "deploy_stages", "deploy_steps"})
#: What a task registers has both keys.
_RESULT_KEYS = frozenset({"changed", "failed"})
#: How similar a part of a name must be to the same part of one of ours.
_SIMILAR = 0.72
#: Variables of Ansible with the variables of other hosts, or with these variables again.
_NOT_OURS = ("hostvars", "vars", "groups")


@functools.cache
def known() -> frozenset[str]:
    """Return the names of all variables that the collection reads or sets."""
    found = _OF_PLAYBOOKS | _OF_TASKS | _OF_INCLUDES
    for path in _ROLES.glob("*/meta/argument_specs.yml"):
        names = _OPTION.findall(path.read_text(encoding="utf-8"))
        found |= {name for name in names if name.startswith(f"{path.parents[1].name}_")}
    return found


def problems(variables: Mapping[str, Any], own: list[str]) -> list[str]:
    """Return a sentence for each variable with a name as ours that the collection does not know.

    A variable of the team is accepted if it is in *own*, or if another variable uses it: nothing uses a misspelt one.

    :param variables: the variables of a host, templates unevaluated.
    :param own: names and patterns of the team's own variables: ``stack_own_variables``.
    """
    found = {name: near for name, near in _unknown(variables) if not any(fnmatch.fnmatch(name, one) for one in own)}
    used = _used(variables, found) if found else set()
    lines = [
        f"{name}: the collection has no such variable{f'; did you mean {near}?' if near else ''}"
        for name, near in sorted(found.items())
        if name not in used
    ]
    return [*lines, f"Correct the name, or add a variable of your own to {_OWN}"] if lines else []


def _unknown(variables: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return the unknown variables with names as ours, each with the known name that is probably meant."""
    every = sorted(known() - _OF_TASKS - _OF_INCLUDES)
    prefixes, rests = ({name.partition("_")[place] for name in every} for place in (0, 2))
    for name, value in variables.items():
        prefix, line, rest = str(name).partition("_")
        if name in known() or not line or (isinstance(value, Mapping) and value.keys() >= _RESULT_KEYS):
            continue
        if prefix in prefixes:
            near = _nearest(rest, {one.partition("_")[2]: one for one in every if one.startswith(f"{prefix}_")})
            near = near or next((one for one in every if one.partition("_")[2] == rest), "")
            # Teams have a deploy_user or a registry_password of their own.
            if near or prefix == "stack":
                yield name, near
        elif rest in rests:
            near = _nearest(prefix, {one.partition("_")[0]: one for one in every if one.endswith(f"_{rest}")})
            if near:
                yield name, near


def _nearest(word: str, names: Mapping[str, str]) -> str:
    """Return the name whose part is most similar to *word*; empty if none is similar."""
    return next((names[part] for part in difflib.get_close_matches(word, names, n=1, cutoff=_SIMILAR)), "")


def _used(variables: Mapping[str, Any], names: Mapping[str, str]) -> set[str]:
    """Return those of *names* that a template in another variable uses."""
    word = re.compile(rf"\b({'|'.join(map(re.escape, names))})\b")
    others = {name: value for name, value in variables.items() if name not in _NOT_OURS}
    return {
        match
        for name, value in others.items()
        for text in _templates(value)
        for match in word.findall(text)
        if match != name
    }


def _templates(value: Any) -> Iterator[str]:
    """Return all templates in a value."""
    if isinstance(value, str):
        if "{{" in value or "{%" in value:
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _templates(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _templates(item)
