"""A report of a stack as one page of HTML that asks for nothing else.

Place in the pipeline: from the results of ``slipway.stack.report`` on all hosts to text. Pure, apart from its template.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import report as lines
from ansible_collections.slipway.stack.plugins.plugin_utils.report import rollouts, topology

#: The first line of each page, by which one of ours is known.
MARK = "<!-- written by slipway.stack.report_page -->"
_FOLDER = Path(__file__).parent / "templates"
#: From the best to the worst.
_STATES = ("up", "waiting", "down")

Results = Mapping[str, Mapping[str, Any]]


def page(stack: str, results: Results, requests: Sequence[Mapping[str, Any]], most: int, now: float) -> str:
    """Return the page.

    :param results: by host, ``{status, facts}``, or ``{msg}`` of a host that has not answered.
    :param requests: those that edges have answered, see ``module_utils/report/requests.py``.
    :param most: how many rollouts.
    :param now: seconds of the epoch.
    """
    answered = {host: one for host, one in results.items() if "facts" in one}
    facts = {host: one["facts"] for host, one in answered.items()}
    status = {host: one["status"] for host, one in answered.items()}
    states = _worst_states(status)
    text = _template().render(
        mark=MARK,
        stack=stack,
        now=now,
        environment=next((one["environment"] for one in facts.values() if one["environment"]), ""),
        missing={
            host: str(one.get("msg") or "it has not answered") for host, one in results.items() if host not in facts
        },
        facts=facts,
        status=status,
        verdict=_verdict(results, status),
        drawing=topology.draw({host: one["services"] for host, one in facts.items()}, states),
        size=(topology.BOX_WIDTH, topology.BOX_HEIGHT),
        rollouts=rollouts.rollouts(
            {host: one["timelines"] for host, one in facts.items()},
            {host: one["rollouts"] for host, one in status.items()},
            requests,
            most,
        ),
        chart_height=rollouts.HEIGHT,
        secrets=_secrets(facts),
        ports=_ports(facts),
        findings=_findings(facts),
        certificates={host: lines.certificate_lines(one["certificate"])[1:] for host, one in status.items()},
        backups={host: lines.backup_lines(one["backups"])[1:] for host, one in status.items()},
        remarks={host: _remarks(one) for host, one in status.items()},
    )
    return f"{text.rstrip()}\n"


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    environment.filters["moment"] = lambda at: time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at))
    environment.filters["age"] = lines.age
    return environment.get_template("report.html.j2")


def _worst_states(status: Results) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in status.values():
        for service in one["services"]:
            name = service["service"]
            found[name] = max(found.get(name, "up"), service["state"], key=_STATES.index)
    return found


def _verdict(results: Results, status: Results) -> tuple[str, str]:
    """Return the state of the whole stack, and a sentence that says it."""
    silent = [host for host in results if host not in status]
    down = sorted({entry["service"] for one in status.values() for entry in one["services"] if entry["state"] != "up"})
    without = [host for host, one in status.items() if not one["release"]]
    if silent:
        return "down", f"{', '.join(silent)} did not answer"
    if without:
        return "down", f"no release is live on {', '.join(without)}"
    if down:
        return "down", f"not up: {', '.join(down)}"
    if any(one["drift"] for one in status.values()):
        return "waiting", "everything is up, and something differs from the release"
    return "up", "everything is up, as the release says"


def _secrets(facts: Results) -> list[tuple[str, str]]:
    """Return the name of each secret, and the services that read it."""
    readers: dict[str, dict[str, None]] = {}
    for one in facts.values():
        for service in one["services"]:
            for name in service["secrets"]:
                readers.setdefault(name, {})[service["name"]] = None
    return [(name, ", ".join(services)) for name, services in sorted(readers.items())]


def _ports(facts: Results) -> list[tuple[str, str, str]]:
    """Return the host, the service and the text of each published port."""
    return [
        (host, service["name"], port)
        for host, one in facts.items()
        for service in one["services"]
        for port in service["ports"]
    ]


def _findings(facts: Results) -> list[dict[str, str]]:
    """Return the findings of all hosts, each once, in the order of the first host that has it."""
    every = [tuple(sorted(finding.items())) for one in facts.values() for finding in one["findings"]]
    return [dict(finding) for finding in dict.fromkeys(every)]


def _remarks(status: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Return what differs from the release or is not as usual: a short title and a sentence each."""
    rows = [("damaged", problem) for problem in status["damage"]]
    rows += [("under way", str(status["under_way"]))] if status["under_way"] else []
    rows += [("stopped", status["stopped"])] if status["stopped"] else []
    rows += [("drained", sentence) for sentence in [status["drained"], *status["away"]] if sentence]
    rows += [("maintenance", lines.maintenance_line(status["maintenance"]))] if status["maintenance"] else []
    rows += [(f"{item['service']} differs", item["reason"]) for item in status["drift"]]
    rows += [(item["service"], item["reason"]) for item in status["incidents"]]
    return rows
