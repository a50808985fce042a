"""What a person reads of a review: a table by service, each finding with its repair. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from .registry import RULES
from .review import Finding, Review

_MARKS = {"error": "E", "warning": "W", "info": "i"}


def table(review: Review, width: int = 120, fixes: bool = True) -> list[str]:
    """Return the lines of the report: open findings by service, then what is excepted, then a line that counts."""
    lines: list[str] = []
    by_service: dict[str, list[Finding]] = {}
    for finding in review.open:
        by_service.setdefault(finding.service, []).append(finding)
    for service, findings in sorted(by_service.items()):
        lines.append(service or "the stack")
        explained: set[str] = set()
        for finding in findings:
            lines += _wrapped(f"  {_MARKS[finding.severity]} {finding.rule}  ", _line(finding), width)
            if fixes and finding.rule not in explained:
                lines += _wrapped("            -> ", RULES[finding.rule].fix, width)
            explained.add(finding.rule)
    excepted = [finding for finding in review.findings if finding.excepted]
    if excepted:
        lines.append("excepted")
        for finding in excepted:
            said = f"{finding.service or 'the stack'}: {finding.message}: {finding.excepted}"
            lines += _wrapped(f"  - {finding.rule}  ", said, width)
    lines += [f"note: {note}" for note in review.notes]
    return [*lines, review.summary]


def place(finding: Finding) -> str:
    """Return file and line, as far as there are any."""
    return f"{finding.file}:{finding.line}" if finding.line else finding.file


def _line(finding: Finding) -> str:
    where = f"  [{place(finding)}]" if finding.line else ""
    return f"{finding.message}{where}"


def _wrapped(prefix: str, text: str, width: int) -> Iterable[str]:
    return textwrap.wrap(
        text,
        max(width, 60),
        initial_indent=prefix,
        subsequent_indent=" " * len(prefix),
        break_long_words=False,
        break_on_hyphens=False,
    )
