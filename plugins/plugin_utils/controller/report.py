"""The output for the terminal: plans, steps and states as lines of aligned text.

Place in the pipeline: used by the action plugins, next to their results. Pure.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

#: So many services of a team's Compose files with the same notes share them.
_MANY_ALIKE = 5
#: The file and the line at the beginning of a note.
_POSITION = re.compile(r"^[^\s:]+:[0-9]+: ")
_MIB = 1024**2
#: What the last results of the work on backups are called.
_RESULTS = {"take": "last backup", "drill": "last drill", "restore": "last restore", "revert": "last revert"}
_MARKS = {"up": "ok", "waiting": "..", "down": "!!"}


def table(rows: Iterable[Iterable[str]]) -> list[str]:
    """Return *rows* as lines with aligned columns."""
    texts = [[str(cell) for cell in row] for row in rows]
    if not texts:
        return []
    widths = [max(len(row[column]) for row in texts) for column in range(len(texts[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in texts]


def plan_lines(plan: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return a line for each service that a rollout changes, and a line with the number of the others."""
    entries = list(plan)
    changed = [entry for entry in entries if entry["action"] != "unchanged"]
    lines = table((entry["service"], _action(entry), ", ".join(entry["because"])) for entry in changed)
    unchanged = len(entries) - len(changed)
    if unchanged:
        lines.append(f"{unchanged} unchanged")
    return lines


def _action(entry: Mapping[str, Any]) -> str:
    return f"{entry['action']} (downtime)" if entry["downtime"] else str(entry["action"])


def release_lines(host: str, stack: str, result: Mapping[str, Any]) -> list[str]:
    """Return the result of ``slipway.stack.release`` on one host: the plan, or the services of the live release."""
    if result["changed"]:
        return [f"plan for {stack} on {host}:", *(f"  {line}" for line in plan_lines(result["plan"]))]
    return [
        f"release {result['release']} is live on {host}:",
        *(f"  {line}" for line in state_lines(result["services"])),
    ]


def rollback_lines(host: str, stack: str, result: Mapping[str, Any]) -> list[str]:
    """Return what a rollout to a release on *host* would do."""
    if result.get("restart"):
        # In the order of the release.
        named = [entry["service"] for entry in result["plan"] if entry["service"] in result["restart"]]
        return [
            f"restart of {', '.join(named)} of {stack} on {host}:",
            *(f"  {line}" for line in plan_lines(result["plan"])),
        ]
    version = f" (version {result['version']})" if result.get("version") else ""
    return [
        f"rollback of {stack} on {host} to release {result['release']}{version}:",
        *(f"  {line}" for line in plan_lines(result["plan"])),
    ]


def note_lines(stack: str, notes: Mapping[str, Iterable[str]], verbose: bool = False) -> list[str]:
    """Return what was decided about the services of a team's Compose files, and why.

    :param verbose: each service alone; otherwise many services with the same notes share them, whatever the lines of
        the files are.
    """
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, lines in notes.items():
        alike.setdefault(_without_positions(lines), []).append(name)
    shared = {} if verbose else {lines: names for lines, names in alike.items() if len(names) >= _MANY_ALIKE}
    blocks = [
        (f"each of {len(names)} services, such as {names[0]}", tuple(notes[names[0]])) for names in shared.values()
    ]
    blocks += [(name, tuple(lines)) for name, lines in notes.items() if _without_positions(lines) not in shared]
    rows = ((name if number == 0 else "", line) for name, lines in blocks for number, line in enumerate(lines))
    return [f"the Compose files of {stack}:", *(f"  {line}" for line in table(rows))]


def _without_positions(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(_POSITION.sub("", line) for line in lines)


def step_line(record: Mapping[str, Any]) -> str:
    """Return the line for one record of a rollout's journal, with its details below."""
    mark = "!" if record["state"] == "failed" else " "
    first = f"{mark}{record['elapsed']:7.1f} s  {record['service'] or '':<12}  {record['text']}".rstrip()
    return "\n".join([first, *(f"             {line}" for line in record["detail"])])


def failure(records: Iterable[Mapping[str, Any]]) -> str:
    """Return why a rollout failed and which release serves now, as sentences, from the records of its journal."""
    texts = [str(record["text"]).rstrip(".") for record in records if _says_why(record)]
    return ". ".join(dict.fromkeys(text for text in texts if text)) or "the rollout failed"


def _says_why(record: Mapping[str, Any]) -> bool:
    return record["state"] == "failed" and record["step"] in ("rollout", "end")


def state_lines(services: Iterable[Mapping[str, str]]) -> list[str]:
    """Return a line for each service and its state."""
    return table((_MARKS[service["state"]], service["service"], service["reason"]) for service in services)


def exposure_lines(host: str, origin: str, result: Mapping[str, Any]) -> list[str]:
    """Return the result of ``slipway.stack.exposure`` for one host: which ports answer *origin* at each address."""
    rows = []
    for heard in result.get("addresses", []):
        ports = (f"{port} (edge)" if port in result["expected"] else str(port) for port in heard["open"][:20])
        others = f"{heard['refused']} closed, {heard['silent']} silent"
        rows.append((heard["address"], f"open: {', '.join(ports) or 'none'}", others, f"{heard['seconds']} s"))
    return [f"ports of {host} as {origin} reaches them:", *(f"  {line}" for line in table(rows))] if rows else []


def status_lines(host: str, status: Mapping[str, Any]) -> list[str]:
    """Return the result of ``slipway.stack.status`` on one host."""
    rows = [
        (
            _MARKS[service["state"]],
            service["service"],
            service["reason"],
            service["image"],
            f"since {service['since']}" if service["since"] else "",
        )
        for service in status["services"]
    ]
    live = f"release {status['release']}" if status["release"] else "no release is live"
    lines = [f"{host}: {live}", *(f"  {line}" for line in table(rows))]
    if status["damage"]:
        lines += ["damaged:", *(f"  {problem}" for problem in status["damage"])]
    if status["under_way"]:
        lines.append(f"under way: {status['under_way']}")
    if status["stopped"]:
        lines.append(f"stopped: {status['stopped']}")
    if status["drained"]:
        lines.append(f"drained: {status['drained']}")
    lines += [f"drained: {sentence}" for sentence in status["away"]]
    if status["maintenance"]:
        lines.append(f"maintenance: {maintenance_line(status['maintenance'])}")
    if status["drift"]:
        lines.append("differs from the release:")
        lines += [f"  {line}" for line in table((item["service"], item["reason"]) for item in status["drift"])]
    if status["incidents"]:
        lines.append("since the release went live:")
        lines += [f"  {line}" for line in table((item["service"], item["reason"]) for item in status["incidents"])]
    lines += certificate_lines(status["certificate"])
    lines += backup_lines(status["backups"])
    lines += receiver_lines(status["receivers"])
    last = next(iter(status["rollouts"]), None)
    if last and last["outcome"] == "failed":
        lines.append(f"the last rollout failed: {last['reason']}")
    lines.append("last rollouts:")
    rollouts = (
        (
            rollout["at"],
            rollout["outcome"],
            rollout["version"] or "-",
            f"{rollout['seconds']} s",
            rollout["owner"],
            rollout["reason"],
        )
        for rollout in status["rollouts"]
    )
    return lines + [f"  {line}" for line in table(rollouts)]


def maintenance_line(maintenance: Mapping[str, Any] | None) -> str:
    """Return whether the edge is closed for maintenance, as a part of a sentence."""
    if maintenance is None:
        return "the edge is open"
    allowed = ", ".join(maintenance["allow"])
    through = f"; {allowed} get through" if allowed else ""
    interrupted = "" if maintenance["complete"] else "; the switch was interrupted, run playbooks/maintenance.yml again"
    return f"the edge is closed since {_time(maintenance['since'])} by {maintenance['owner']}{through}{interrupted}"


def receiver_lines(receivers: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return who is told about events, and whether the last message arrived."""
    if not receivers:
        return []
    rows = []
    for one in receivers:
        if not one["at"]:
            said = "was told nothing yet"
        elif one["reason"]:
            said = f"last failed at {_time(one['at'])} ({one['event']}) because {one['reason']}"
        else:
            said = f"last told at {_time(one['at'])} ({one['event']})"
        rows.append((one["receiver"], said))
    return ["receivers:", *(f"  {line}" for line in table(rows))]


def certificate_lines(certificate: Mapping[str, Any] | None) -> list[str]:
    """Return where the certificate of a stack stands. A stack without HTTPS has no lines."""
    if certificate is None:
        return []
    if not certificate["source"]:
        rows = [("in use", "there is none")]
    else:
        until = f"until {_time(certificate['not_after'])}, {certificate['days']} days left"
        names = ", ".join(certificate["names"])
        nobody = ", which nobody trusts" if certificate["source"] == "moment" else ""
        rows = [("in use", f"{names}, {until}"), ("issuer", f"{certificate['issuer']}{nobody}")]
    if certificate["missing"]:
        rows.append(("missing", ", ".join(certificate["missing"])))
    if certificate["problem"]:
        rows.append(("last try", f"failed: {certificate['problem']}"))
    return ["certificate:", *(f"  {line}" for line in table(rows))]


def backup_lines(backups: Mapping[str, Any]) -> list[str]:
    """Return where the backups of a stack stand, for its status. A stack without data has no lines."""
    rows = []
    if backups["services"]:
        newest = f"{backups['newest']}, {age(backups['age'])} old, {backups['size'] / _MIB:.1f} MiB"
        rows.append(("newest", newest if backups["newest"] else "there is none; run playbooks/backup.yml"))
    for verb, title in _RESULTS.items():
        last = backups["last"].get(verb)
        if last and (last["outcome"] != "ok" or verb != "take"):
            outcome = "ok" if last["outcome"] == "ok" else f"failed: {last['reason']}"
            rows.append((title, f"{_time(last['at'])}, {last['seconds']} s, {outcome}"))
    rows += [("continuous", _continuous_line(state)) for state in backups["continuous"]]
    rows += [("damaged", problem) for problem in backups["damage"]]
    rows += [
        ("not saved", f"volume {entry['volume']} of service {entry['service']}; say how with its key 'backup'")
        for entry in backups["unsaved"]
    ]
    return ["backups:", *(f"  {line}" for line in table(rows))] if rows else []


def _continuous_line(state: Mapping[str, Any]) -> str:
    where = f"service {state['service']}"
    if state["problem"]:
        return f"{where}: not known: {state['problem']}"
    back_to = f"back to {_time(state['from'])}" if state["from"] is not None else "without a base backup"
    received = (
        "WAL is received" if state["state"] == "receiving" else f"WAL is not received ({state['state'] or 'off'})"
    )
    sent = state.get("sent_until")
    until = "" if sent is None else f", in the repository until {_time(sent)}" if sent else ", not in the repository"
    return f"{where}: {received}, {back_to}{until}"


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def age(seconds: float) -> str:
    """Return a time in the largest unit that fits: seconds, minutes, hours or days."""
    for limit, length, unit in ((120, 1, "s"), (7200, 60, "min"), (172800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / 86400:.0f} d"
