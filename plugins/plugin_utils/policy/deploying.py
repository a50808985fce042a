"""The review of a release before it is shipped: the documents that were rendered, as data, without a file being read.

Place in the pipeline: bundle -> check -> ship. A ten-service stack takes a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import settings
from .registry import RULES
from .review import Review, review
from .stack import from_data


def check(
    documents: tuple[Mapping[str, Any], ...],
    told: Mapping[str, Mapping[str, Any]],
    environment: str,
    level: Any,
    exceptions: Any,
    today: str,
) -> Review:
    """Return the review of a release.

    :param documents: base and overlay, in the order in which Compose merges them.
    :param told: by service, the variables that it is told.
    :param level: ``stack_policy_level``: from which severity on a deploy is stopped.
    :param exceptions: ``stack_policy_exceptions``.
    :raises ValueError: for a level that is none, a rule that is none, an exception without a reason.
    """
    given = settings.Settings(
        settings.levels(level, "stack_policy_level"), settings.exceptions(exceptions, "stack_policy_exceptions")
    )
    stack = from_data(documents, told, ("compose.yaml",))
    return review(stack, environment, given, today)


def refusal(given: Review) -> str:
    """Return why a release is not shipped: every finding that stops it, with its repair."""
    lines = [f"{len(given.failing)} findings of the policy stop this deploy to {given.environment}:"]
    for finding in given.failing:
        lines.append(f"  {finding.rule}  {finding.service or 'the stack'} {finding.message}")
        lines.append(f"          {RULES[finding.rule].fix}")
    lines.append("Repair them, or except them in stack_policy_exceptions with a reason.")
    return "\n".join(lines)


def remarks(given: Review) -> list[str]:
    """Return what is worth saying of a release that is shipped: warnings, exceptions and what became of them."""
    lines = [
        f"  {finding.rule}  {finding.service or 'the stack'} {finding.message}"
        for finding in given.open
        if finding.severity in ("warning", "error")
    ]
    lines += [
        f"  {finding.rule}  {finding.service or 'the stack'} {finding.message}; excepted: {finding.excepted}"
        for finding in given.findings
        if finding.excepted
    ]
    lines += [f"  {note}" for note in given.notes]
    return [given.summary + ":", *lines] if lines else []
