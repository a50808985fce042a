"""The review of a release before it is shipped: the documents that were rendered, as data, without a file being read.

Place in the pipeline: bundle -> check -> ship. A ten-service stack takes a few milliseconds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from . import settings
from .registry import RULES
from .review import Review, review
from .stack import Stack, from_data


def stack(
    documents: tuple[Mapping[str, Any], ...],
    told: Mapping[str, Mapping[str, Any]],
    services: Mapping[str, Any],
    version: str,
) -> Stack:
    """Return the stack of a release.

    :param documents: base and overlay, in the order in which Compose merges them.
    :param told: by service, the variables that it is told.
    :param services: ``stack_services``: what is meant to be in some environments only, and what is built.
    :param version: ``stack_version``; an image with that tag is the application's own.
    """
    written = {name: given for name, given in services.items() if isinstance(given, Mapping)}
    built = {given.get("image") for given in written.values() if given.get("build")}
    read = from_data(documents, told, ("compose.yaml",))
    return dataclasses.replace(
        read,
        elsewhere=frozenset(name for name, given in written.items() if given.get("only_in")),
        own=frozenset(
            name
            for name, service in read.services.items()
            if service.image and (service.image.text in built or service.image.tag == version)
        ),
    )


def check(
    given: Stack,
    environment: str,
    level: Any,
    exceptions: Any,
    today: str,
    others: Mapping[str, Stack] | None = None,
) -> Review:
    """Return the review of a release.

    :param level: ``stack_policy_level``: from which severity on a deploy is stopped.
    :param exceptions: ``stack_policy_exceptions``.
    :param others: the same stack in other environments.
    :raises ValueError: for a level that is none, a rule that is none, an exception without a reason.
    """
    wanted = settings.Settings(
        settings.levels(level, "stack_policy_level"), settings.exceptions(exceptions, "stack_policy_exceptions")
    )
    return review(given, environment, wanted, today, others)


def refusal(given: Review) -> str:
    """Return why a release is not shipped: every finding that stops it, with its repair."""
    count = len(given.failing)
    amount = "1 finding of the policy stops" if count == 1 else f"{count} findings of the policy stop"
    lines = [f"{amount} this deploy to {given.environment}:"]
    for finding in given.failing:
        lines.append(f"  {finding.rule}  {finding.service or 'the stack'} {finding.message}")
        lines.append(f"          {RULES[finding.rule].fix}")
    lines.append("Repair them, or except them in stack_policy_exceptions with a reason.")
    return "\n".join(lines)


def remarks(given: Review, more: Iterable[str] = ()) -> list[str]:
    """Return what is worth saying of a release that is shipped: warnings, exceptions, notes on them, and *more*."""
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
    lines += [f"  {note}" for note in (*given.notes, *more)]
    return [given.summary + ":", *lines] if lines else []
