"""Findings as few lines for a person: a rule that most services break is one line, not one for each service. Pure.

Place in the pipeline: check, after the review, under the reports for people. Reports for programs have every finding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from .review import Finding
from .rule_registry import RULES, SEVERITIES

#: The lines of a report, so that it fits on a page with the lines around it. A longer one gets shorter step by step.
_MAX_LINES = 55
_MANY = 5000
#: A rule that fewer services break is never one line on the first steps.
_MIN_SERVICES = 3
_MIN_DIFFERENT = 10
_MAX_NAMES = 4
#: The steps go from every finding to the shortest report.
LAST_STEP = 3
_PLURALS = {"has": "have", "is": "are", "does": "do", "can": "can", "publishes": "publish", "watches": "watch"}


@dataclass(frozen=True)
class Entry:
    """One line of a report: a finding, or several findings of one rule.

    ``service``: the service that it is about, empty for the stack and for several services. ``text`` continues the name
    of the service, if there is one. ``finding`` is the first of ``count`` findings.
    """

    service: str
    text: str
    finding: Finding
    count: int = 1

    @property
    def sentence(self) -> str:
        """The line as a sentence of its own."""
        if self.service:
            return f"{self.service} {self.text}"
        return self.text if self.count > 1 else f"the stack {self.text}"


def entries(findings: Iterable[Finding], services: int, step: int = 0) -> list[Entry]:
    """Return findings as entries, several services first, then by service, each with the worst first.

    :param services: the number of services of the stack.
    :param step: 0 for every finding, 1 for one entry for a rule that most services break, 2 for one that several break,
        3 for one entry for each rule.
    """
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    result = []
    for found in by_rule.values():
        names = dict.fromkeys(finding.service for finding in found)
        least = {0: len(names) + 1, 1: max(_MIN_SERVICES, services // 2 + 1), 2: _MIN_SERVICES, 3: 2}[step]
        if step == 1 and len({finding.message for finding in found}) > 1:
            # Each message tells something of its own, which one line for all would hide.
            least = max(least, _MIN_DIFFERENT)
        if len(names) >= least:
            result.append(_of_services(found, list(names), services))
        else:
            result += _of_each(found, names, step)
    result = [replace(entry, service=printable(entry.service), text=printable(entry.text)) for entry in result]
    return sorted(result, key=_by_severity if step == LAST_STEP else _by_service)


def _by_service(entry: Entry) -> tuple[bool, str, int, str, int]:
    several = not entry.service and entry.count > 1
    return not several, entry.service, *_by_severity(entry)[:1], entry.finding.rule, entry.finding.line


def _by_severity(entry: Entry) -> tuple[int, str, int, str]:
    return -SEVERITIES.index(entry.finding.severity), entry.finding.rule, entry.finding.line, entry.service


def _of_services(found: Sequence[Finding], names: Sequence[str], services: int) -> Entry:
    """Return one entry for the findings of one rule in several services."""
    shown = [name or "the stack" for name in names]
    more = f" and {len(shown) - _MAX_NAMES + 1} more" if len(shown) > _MAX_NAMES else ""
    listed = ", ".join(shown[: _MAX_NAMES - 1] if more else shown) + more
    messages = {finding.message for finding in found}
    problem = _plural(found[0].message) if len(messages) == 1 else f"break {RULES[found[0].rule].title!r}"
    return Entry("", f"{len(names)} of {max(services, len(names))} services {problem}: {listed}", found[0], len(found))


def _of_each(found: Sequence[Finding], names: Iterable[str], step: int) -> Iterable[Entry]:
    """Yield an entry for each finding of one rule; on the later steps at most one for each service."""
    for name in names:
        own = [finding for finding in found if finding.service == name]
        if step >= 2 and len(own) >= _MIN_SERVICES:
            yield Entry(name, f"{own[0].message}; and {len(own) - 1} more", own[0], len(own))
        else:
            yield from (Entry(name, finding.message, finding) for finding in own)


def _plural(message: str) -> str:
    """Return a message about one service as one about several: ``has its log`` is ``have their log``."""
    verb, _space, rest = message.partition(" ")
    text = re.sub(r"\band (has|is|requires|deletes)\b", lambda match: f"and {_verb(match[1])}", rest)
    text = re.sub(r"\bits\b", "their", text)
    text = re.sub(r"^a (worker|database)\b", r"\1s", text)
    return f"{_verb(verb)} {text}"


def _verb(word: str) -> str:
    """Return a verb for several services."""
    return _PLURALS.get(word) or (word[:-1] if word.endswith("s") else word)


def printable(text: str) -> str:
    """Return *text* with escapes in place of signs that control the terminal. Names and values come from the files."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def on_a_page(write: Callable[[int], list[str]], findings: int, verbose: bool) -> tuple[list[str], bool]:
    """Return the lines of a report that fits on a page, every line if *verbose*, and whether something is left out.

    :param write: returns the lines of the report for a step of :func:`entries`.
    :param findings: the number of findings in the report.
    """
    if verbose:
        return write(0), False
    # With so many findings, the first steps are too long in any case.
    step = 1 if findings < _MANY else LAST_STEP
    lines = write(step)
    while len(lines) > _MAX_LINES and step < LAST_STEP:
        step += 1
        lines = write(step)
    if len(lines) > _MAX_LINES:
        # The last line is a summary.
        return [*lines[: _MAX_LINES - 2], f"… and {len(lines) - _MAX_LINES + 1} more lines", lines[-1]], True
    return lines, findings >= _MANY or lines != write(0)
