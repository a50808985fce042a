"""The report for people: a table of findings by service, with the fix for each. Pure.

Place in the pipeline: check, after the review.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from .review import Finding, Review
from .rule_registry import RULES

_LETTERS = {"error": "E", "warning": "W", "info": "i"}


def table(review: Review, width: int = 120, fixes: bool = True) -> list[str]:
    """Return the lines of the report: findings by service, then exceptions and notes, then the summary."""
    lines: list[str] = []
    by_service: dict[str, list[Finding]] = {}
    for finding in review.open:
        by_service.setdefault(finding.service, []).append(finding)
    for service, findings in sorted(by_service.items()):
        lines.append(service or "the stack")
        explained: set[str] = set()
        for finding in findings:
            lines += _wrapped(f"  {_LETTERS[finding.severity]} {finding.rule}  ", _line(finding), width)
            if fixes and finding.rule not in explained:
                lines += _wrapped("            -> ", RULES[finding.rule].fix, width)
            explained.add(finding.rule)
    excepted = [finding for finding in review.findings if finding.excepted]
    if excepted:
        lines.append("exceptions")
        for finding in excepted:
            text = f"{finding.service or 'the stack'} {finding.message}; reason: {finding.excepted}"
            lines += _wrapped(f"  - {finding.rule}  ", text, width)
    lines += [f"note: {note}" for note in review.notes]
    return [*lines, review.summary]


def location(finding: Finding) -> str:
    """Return file and line of a finding; without the line if it is not known."""
    return f"{finding.file}:{finding.line}" if finding.line else finding.file


def _line(finding: Finding) -> str:
    suffix = f"  [{location(finding)}]" if finding.line else ""
    return f"{finding.message}{suffix}"


def _wrapped(prefix: str, text: str, width: int) -> Iterable[str]:
    return textwrap.wrap(
        text,
        max(width, 60),
        initial_indent=prefix,
        subsequent_indent=" " * len(prefix),
        break_long_words=False,
        break_on_hyphens=False,
    )
