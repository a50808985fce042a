"""The report for people: a table of findings by service, with the fix for each. Pure.

Place in the pipeline: check, after the review.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from . import grouping
from .review import Finding, Review
from .rule_registry import RULES

_LETTERS = {"error": "E", "warning": "W", "info": "i"}


def table(review: Review, width: int = 120, verbose: bool = False) -> list[str]:
    """Return the lines of the report: findings by service, then exceptions and notes, then the summary.

    :param verbose: with every finding; otherwise a report that fits on a page.
    """
    lines, shortened = grouping.on_a_page(lambda step: _lines(review, width, step), len(review.findings), verbose)
    more = ["Not every finding is shown; --verbose shows all, --explain RULE explains one rule."] if shortened else []
    return [*lines[:-1], *more, lines[-1]]


def _lines(review: Review, width: int, step: int) -> list[str]:
    """Return the lines of the report. :param step: how much is left out, as in :func:`grouping.entries`."""
    lines: list[str] = []
    last = step == grouping.LAST_STEP
    block = None
    for entry in grouping.entries(review.open, review.services, step):
        title = entry.service or ("the stack" if entry.count == 1 else "several services")
        if not last and title != block:
            lines.append(title)
            block, explained = title, set[str]()
        indent = "" if last else "  "
        text = entry.sentence if last else entry.text
        prefix = f"{indent}{_LETTERS[entry.finding.severity]} {entry.finding.rule}  "
        lines += _wrapped(prefix, _located(entry, text), width)
        if not last and entry.finding.rule not in explained:
            lines += _wrapped("            -> ", RULES[entry.finding.rule].fix, width)
            explained.add(entry.finding.rule)
    excepted: dict[tuple[str, str], list[Finding]] = {}
    for finding in review.findings:
        if finding.excepted:
            excepted.setdefault((finding.rule, finding.excepted), []).append(finding)
    if excepted:
        lines.append("exceptions")
    for (rule, reason), findings in excepted.items():
        for entry in grouping.entries(findings, review.services, step):
            lines += _wrapped(f"  - {rule}  ", f"{entry.sentence}; reason: {reason}", width)
    lines += [grouping.printable(f"note: {note}") for note in review.notes]
    return [*lines, review.summary]


def location(finding: Finding) -> str:
    """Return file and line of a finding; without the line if it is not known."""
    return f"{finding.file}:{finding.line}" if finding.line else finding.file


def _located(entry: grouping.Entry, text: str) -> str:
    """Return a text with the file and line of its finding. Several findings of one rule have several lines."""
    several = entry.count > 1 and not entry.service
    return f"{text}  [{location(entry.finding)}]" if entry.finding.line and not several else text


def _wrapped(prefix: str, text: str, width: int) -> Iterable[str]:
    return textwrap.wrap(
        text,
        max(width, 60),
        initial_indent=prefix,
        subsequent_indent=" " * len(prefix),
        break_long_words=False,
        break_on_hyphens=False,
    )
