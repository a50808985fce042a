"""A stack held against the rules: findings, less what is excepted with a reason or known from a baseline.

Pure; the day is an argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from . import rules as _rules  # noqa: F401  (registers the rules)
from .notation import mark_of
from .parts import Path
from .registry import RULES, SEVERITIES, Rule
from .settings import Except, Settings
from .stack import Service, Stack


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. ``line`` is 0 where there is no file to look into; ``service`` empty for the whole."""

    rule: str
    severity: str
    service: str
    message: str
    file: str
    line: int
    key: str
    environment: str
    #: The reason of the exception, and until when it holds; empty where it is none.
    excepted: str = ""
    known: bool = False

    @property
    def fingerprint(self) -> str:
        """What stays the same while lines move: for baselines, and for tools that follow a finding over time."""
        return f"{self.rule}:{self.service}:{self.key}"

    @property
    def counts(self) -> bool:
        """Whether it is neither excepted nor known."""
        return not self.excepted and not self.known


@dataclass(frozen=True)
class Review:
    """All findings of one stack in one environment, the worst first, and what there is to say of the exceptions."""

    environment: str
    level: str
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    @property
    def open(self) -> list[Finding]:
        """The findings that count."""
        return [finding for finding in self.findings if finding.counts]

    @property
    def failing(self) -> list[Finding]:
        """The findings that count and are as bad as the level or worse."""
        if self.level == "off":
            return []
        least = SEVERITIES.index(self.level)
        return [finding for finding in self.open if SEVERITIES.index(finding.severity) >= least]

    @property
    def summary(self) -> str:
        """How many findings of each severity there are, in a line."""
        numbers = [
            f"{sum(1 for finding in self.open if finding.severity == severity)} {word}"
            for severity, word in (("error", "errors"), ("warning", "warnings"), ("info", "hints"))
        ]
        excepted = sum(1 for finding in self.findings if finding.excepted)
        known = sum(1 for finding in self.findings if finding.known)
        numbers += [f"{excepted} excepted"] if excepted else []
        numbers += [f"{known} known from the baseline"] if known else []
        return f"policy for {self.environment}: {', '.join(numbers)}"


def review(
    stack: Stack,
    environment: str,
    settings: Settings,
    today: str,
    others: Mapping[str, Stack] | None = None,
    baseline: Iterable[str] = (),
) -> Review:
    """Return what the rules find in *stack*.

    :param today: the day as ``2026-11-21``; exceptions end with the day they name.
    :param others: the same stack in other environments, to compare with.
    :param baseline: fingerprints of findings that are known.
    """
    found = list(_findings(stack, environment, others or {}))
    known = frozenset(baseline)
    used: set[int] = set()
    result = []
    for finding in found:
        position = _exception(settings.exceptions, finding, today)
        if position is not None:
            used.add(position)
            finding = replace(finding, excepted=settings.exceptions[position].said)
        elif finding.fingerprint in known:
            finding = replace(finding, known=True)
        result.append(finding)
    result.sort(key=lambda one: (-SEVERITIES.index(one.severity), one.service, one.rule, one.line, one.key))
    notes = tuple(_notes(settings.exceptions, used, environment, today))
    return Review(environment, settings.level(environment), tuple(result), notes)


def _findings(stack: Stack, environment: str, others: Mapping[str, Stack]) -> Iterable[Finding]:
    for rule in RULES.values():
        severity = rule.severity(environment)
        if severity == "off":
            continue
        if rule.scope == "service":
            for service in stack.services.values():
                for message, path in rule.check(service, stack):
                    yield _finding(rule, severity, environment, stack, service.name, message, path)
        elif rule.scope == "stack":
            for name, message, path in rule.check(stack):
                yield _finding(rule, severity, environment, stack, name, message, path)
        elif others:
            for name, message, path in rule.check({environment: stack, **others}):
                yield _finding(rule, severity, environment, stack, name, message, path)


def _finding(rule: Rule, severity: str, environment: str, stack: Stack, name: str, message: str, path: Path) -> Finding:
    file, line = place(stack, stack.services.get(name), path)
    key = ".".join(_word(stack.services.get(name), path, index) for index in range(len(path)))
    return Finding(rule.id, severity, name, message, file, line, key, environment)


def _word(service: Service | None, path: Path, index: int) -> str:
    """Return a step of a path; an item of a list by what it is, since its number changes with its neighbours."""
    if isinstance(path[index], int) and service is not None and index == 1:
        items = service.keys.get(path[0])
        item = items[path[index]] if isinstance(items, list) and path[index] < len(items) else ""
        if isinstance(item, dict):
            item = item.get("short") or item.get("target") or item.get("source") or ""
        return str(item)[:80]
    return str(path[index])


def place(stack: Stack, service: Service | None, path: Path) -> tuple[str, int]:
    """Return the file and the line of the last key on *path* that is there; line 0 where nothing has a mark."""
    default = stack.files[0] if stack.files else ""
    value: Any = stack.top
    mark = None
    if service is not None:
        mark = stack.marks.get(service.name)
        value = service.keys
    for key in path:
        here = mark_of(value, key)
        if here is None or not isinstance(value, (dict, list)):
            break
        mark = here if here.file else mark
        value = value.get(key) if isinstance(value, dict) else value[key] if key < len(value) else None
    return (mark.file, mark.line) if mark is not None else (default, 0)


def _exception(exceptions: tuple[Except, ...], finding: Finding, today: str) -> int | None:
    for position, one in enumerate(exceptions):
        if one.covers(finding.rule, finding.service, finding.environment) and not one.expired(today):
            return position
    return None


def _notes(exceptions: tuple[Except, ...], used: set[int], environment: str, today: str) -> Iterable[str]:
    for position, one in enumerate(exceptions):
        where = f"the exception of {one.rule} for {one.service or 'all services'}"
        if one.expired(today):
            yield f"{where} ended on {one.until}: {one.reason}"
        elif position not in used and one.environment in ("", environment):
            yield f"{where} is not needed any more: nothing is found"
