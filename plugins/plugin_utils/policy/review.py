"""Runs the rules on a stack. The result is a review: findings, with exceptions and the baseline applied.

Place in the pipeline: check, after a stack is made from files or rendered documents. Pure: the day is an argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..compose_reader.source_positions import KeyPath, mark_at
from . import rules as _rules  # noqa: F401  (registers the rules)
from .rule_registry import RULES, SEVERITIES, Rule
from .settings import RuleException, Settings
from .stack import Service, Stack


@dataclass(frozen=True)
class Finding:
    """One violation of a rule. ``service`` is empty for the stack itself. ``line`` is 0 if the line is not known."""

    rule: str
    severity: str
    service: str
    message: str
    file: str
    line: int
    key: str
    environment: str
    #: The reason and the last day of the exception; empty without an exception.
    excepted: str = ""
    #: Whether the baseline has this finding.
    known: bool = False

    @property
    def fingerprint(self) -> str:
        """An id that does not change with the line: for baselines, and for tools that track findings over time."""
        return f"{self.rule}:{self.service}:{self.key}"

    @property
    def counts(self) -> bool:
        """Whether there is no exception for it and the baseline does not have it."""
        return not self.excepted and not self.known


@dataclass(frozen=True)
class Review:
    """All findings of one stack in one environment, errors first.

    ``notes``: exceptions that are over or not needed. ``services``: the number of services of the stack.
    """

    environment: str
    level: str
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    services: int = 0

    @property
    def open(self) -> list[Finding]:
        """The findings that count."""
        return [finding for finding in self.findings if finding.counts]

    @property
    def failing(self) -> list[Finding]:
        """The findings that count and have at least the severity of the level."""
        if self.level == "off":
            return []
        lowest = SEVERITIES.index(self.level)
        return [finding for finding in self.open if SEVERITIES.index(finding.severity) >= lowest]

    @property
    def summary(self) -> str:
        """The number of findings of each severity, as one line."""
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
    """Return the review of *stack*.

    :param today: the day, such as ``2026-11-21``, for exceptions with a last day.
    :param others: the same stack in other environments, to compare with.
    :param baseline: fingerprints of known findings.
    """
    found = findings(stack, environment, others or {})
    return review_of(found, environment, settings, today, len(stack.services), baseline)


def review_of(
    found: Iterable[Finding],
    environment: str,
    settings: Settings,
    today: str,
    services: int,
    baseline: Iterable[str] = (),
) -> Review:
    """Return the review of findings. :param services: the number of services of the stack."""
    known = frozenset(baseline)
    used: set[int] = set()
    result = []
    for finding in found:
        position = _exception(settings.exceptions, finding, today)
        if position is not None:
            used.add(position)
            finding = replace(finding, excepted=settings.exceptions[position].reason_and_end)
        elif finding.fingerprint in known:
            finding = replace(finding, known=True)
        result.append(finding)
    result.sort(key=lambda found: (-SEVERITIES.index(found.severity), found.service, found.rule, found.line, found.key))
    notes = tuple(_notes(settings.exceptions, used, environment, today))
    return Review(environment, settings.level(environment), tuple(result), notes, services)


def findings(stack: Stack, environment: str, others: Mapping[str, Stack]) -> Iterable[Finding]:
    """Yield what the rules find in a stack. :param others: the same stack in other environments."""
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


def _finding(
    rule: Rule, severity: str, environment: str, stack: Stack, name: str, message: str, path: KeyPath
) -> Finding:
    file, line = location(stack, stack.services.get(name), path)
    key = ".".join(_key_text(stack.services.get(name), path, index) for index in range(len(path)))
    return Finding(rule.id, severity, name, message, file, line, key, environment)


def _key_text(service: Service | None, path: KeyPath, index: int) -> str:
    """Return one key of a path as text.

    An item of a list is named by its content, because its index changes when items before it change.
    """
    if isinstance(path[index], int) and service is not None and index == 1:
        items = service.keys.get(path[0])
        item = items[path[index]] if isinstance(items, list) and path[index] < len(items) else ""
        if isinstance(item, dict):
            item = item.get("short") or item.get("target") or item.get("source") or ""
        return str(item)[:80]
    return str(path[index])


def location(stack: Stack, service: Service | None, path: KeyPath) -> tuple[str, int]:
    """Return the file and the line of the last existing key of *path*; line 0 if none has a mark."""
    default = stack.files[0] if stack.files else ""
    mark = mark_at(stack.top if service is None else service.keys, path)
    if mark is None and service is not None:
        mark = stack.marks.get(service.name)
    return (mark.file, mark.line) if mark is not None else (default, 0)


def _exception(exceptions: tuple[RuleException, ...], finding: Finding, today: str) -> int | None:
    """Return the index of the first exception for a finding."""
    for position, entry in enumerate(exceptions):
        if entry.covers(finding.rule, finding.service, finding.environment) and not entry.expired(today):
            return position
    return None


def _notes(exceptions: tuple[RuleException, ...], used: set[int], environment: str, today: str) -> Iterable[str]:
    for position, entry in enumerate(exceptions):
        subject = f"the exception of {entry.rule} for {entry.service or 'all services'}"
        if entry.expired(today):
            yield f"{subject} ended on {entry.until}: {entry.reason}"
        elif position not in used and entry.environment in ("", environment):
            yield f"{subject} is not needed any more: there is no such finding"
