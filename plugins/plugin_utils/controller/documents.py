"""Results of all hosts as one document: JSON for programs, Markdown to paste into an issue.

Place in the pipeline: used by the action ``show``, after the hosts have answered. Pure.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller.report import maintenance_line, table

#: What Ansible adds to every result.
_OF_ANSIBLE = frozenset({"changed", "invocation", "warnings", "deprecations", "ansible_facts", "exception"})
_NO_ANSWER = "the host did not answer"
_MARKS = {"up": "ok", "waiting": "waiting", "down": "**down**"}

Results = Mapping[str, Mapping[str, Any]]


def as_json(stack: str, results: Results) -> str:
    """Return one document: ``{"stack": …, "at": …, "hosts": {HOST: …}}``.

    A host that did not answer, or whose task failed, has ``failed`` and ``msg`` only.

    :param results: the result of the task on each host; empty where there is none.
    """
    hosts = {host: _answer(result) for host, result in results.items()}
    document = {"stack": stack, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "hosts": hosts}
    return json.dumps(document, indent=2)


def _answer(result: Mapping[str, Any]) -> dict[str, Any]:
    if problem := _problem(result):
        return {"failed": True, "msg": problem}
    kept = {key: value for key, value in result.items() if key not in _OF_ANSIBLE and not key.startswith("_ansible")}
    return {**kept, "failed": False}


def _problem(result: Mapping[str, Any]) -> str:
    """Return why a host has no answer; empty if it has one."""
    failed = not result or result.get("failed") or result.get("unreachable")
    return str(result.get("msg") or _NO_ANSWER) if failed else ""


def status_markdown(stack: str, results: Results) -> str:
    """Return the status of a stack on all hosts, as a table for each host."""
    return _by_host(f"Status of {stack}", results, _status_of_host)


def history_markdown(stack: str, results: Results) -> str:
    """Return the history of a stack on all hosts, as a table for each host."""
    return _by_host(f"History of {stack}", results, _history_of_host)


def _by_host(title: str, results: Results, of_host: Callable[[Mapping[str, Any]], list[str]]) -> str:
    lines = [f"### {title}"]
    for host, result in results.items():
        problem = _problem(result)
        lines += ["", f"**{_cell(host)}**", "", *([_cell(problem)] if problem else of_host(result))]
    return "\n".join(lines)


def _status_of_host(status: Mapping[str, Any]) -> list[str]:
    rows = (
        (_MARKS.get(one["state"], one["state"]), one["service"], one["reason"], one["image"], one["since"])
        for one in status["services"]
    )
    lines = [f"Release {status['release']}" if status["release"] else "No release is live", ""]
    lines += _table(("state", "service", "reason", "image", "since"), rows)
    notes = [f"damaged: {problem}" for problem in status["damage"]]
    notes += [f"under way: {status['under_way']}"] if status["under_way"] else []
    notes += [f"stopped: {status['stopped']}"] if status["stopped"] else []
    notes += [f"drained: {sentence}" for sentence in [status["drained"], *status["away"]] if sentence]
    notes += [f"maintenance: {maintenance_line(status['maintenance'])}"] if status["maintenance"] else []
    notes += [f"differs from the release: {one['service']}: {one['reason']}" for one in status["drift"]]
    notes += [f"since the release went live: {one['service']}: {one['reason']}" for one in status["incidents"]]
    last = next(iter(status["rollouts"]), None)
    if last and last["outcome"] == "failed":
        notes.append(f"the last rollout failed: {last['reason']}")
    return [*lines, *([""] if notes else []), *(f"- {_cell(note)}" for note in notes)]


def _history_of_host(result: Mapping[str, Any]) -> list[str]:
    return _table(("at", "what", "version", "commit", "who", "seconds", "outcome"), map(_entry, result["entries"]))


def _entry(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return an entry of the history as cells."""
    outcome = f"failed: {entry['reason']}" if entry["outcome"] == "failed" and entry["reason"] else entry["outcome"]
    values = (entry["at"], entry["what"], entry["version"], entry["commit"][:12], entry["owner"])
    return (*(value or "-" for value in values), f"{entry['seconds']:g}", outcome)


def history_lines(host: str, result: Mapping[str, Any]) -> list[str]:
    """Return the history of a stack on one host, a line for each entry, the newest one last."""
    rows = ((*cells[:5], f"{cells[5]} s", cells[6]) for cells in map(_entry, result["entries"]))
    return [f"history on {host}:", *(f"  {line}" for line in table(rows) or ["nothing was rolled out yet"])]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    names = list(head)
    lines = (f"| {' | '.join(map(_cell, row))} |" for row in rows)
    return [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}", *lines]


def _cell(value: object) -> str:
    """Return a text that stays in its cell: applications decide what is in it."""
    text = " ".join(str(value).split()).replace("\\", "\\\\").replace("|", "\\|")
    return text.replace("<", "&lt;").replace("`", "\\`")
