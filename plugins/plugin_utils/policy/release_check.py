"""The check of a release before it is uploaded. It reads the rendered documents and no file.

Place in the pipeline: bundle -> check -> ship. A stack of ten services takes a few milliseconds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from . import settings
from .review import Finding, Review, review
from .rule_registry import RULES
from .stack import Stack, from_data


def stack(
    documents: tuple[Mapping[str, Any], ...],
    variables: Mapping[str, Mapping[str, Any]],
    services: Mapping[str, Any],
    version: str,
) -> Stack:
    """Return the stack of a release.

    :param documents: base and overlay, in the order in which Compose merges them.
    :param variables: the variables of each service.
    :param services: ``stack_services``, for the keys ``only_in`` and ``build``.
    :param version: ``stack_version``; an image with that tag belongs to the application.
    """
    described = {name: keys for name, keys in services.items() if isinstance(keys, Mapping)}
    built_images = {keys.get("image") for keys in described.values() if keys.get("build")}
    read = from_data(documents, variables, ("compose.yaml",))
    return dataclasses.replace(
        read,
        only_in_some_environments=frozenset(name for name, keys in described.items() if keys.get("only_in")),
        own_images=frozenset(
            name
            for name, service in read.services.items()
            if service.image and (service.image.text in built_images or service.image.tag == version)
        ),
    )


def check(
    release: Stack,
    environment: str,
    level: Any,
    exceptions: Any,
    today: str,
    others: Mapping[str, Stack] | None = None,
) -> Review:
    """Return the review of a release.

    :param level: ``stack_policy_level``: the severity from which a deploy is stopped.
    :param exceptions: ``stack_policy_exceptions``.
    :param today: the day, such as ``2026-11-21``, for exceptions with a last day.
    :param others: the same stack in other environments.
    :raises ValueError: if a level or a rule is unknown, or an exception has no reason.
    """
    policy_settings = settings.Settings(
        settings.levels(level, "stack_policy_level"), settings.exceptions(exceptions, "stack_policy_exceptions")
    )
    return review(release, environment, policy_settings, today, others)


def failure_text(result: Review) -> str:
    """Return the message of a stopped deploy: every finding that stops it, each with its fix."""
    count = len(result.failing)
    subject = "1 finding of the policy stops" if count == 1 else f"{count} findings of the policy stop"
    lines = [f"{subject} this deploy to {result.environment}:"]
    for finding in result.failing:
        lines.append(f"  {_text(finding)}")
        lines.append(f"          {RULES[finding.rule].fix}")
    lines.append("Fix them, or add an exception with a reason to stack_policy_exceptions.")
    return "\n".join(lines)


def report_lines(result: Review, more: Iterable[str] = ()) -> list[str]:
    """Return the lines to show for a release that is uploaded, an empty list if there is nothing to show.

    These are the warnings and errors, the exceptions, the notes of the review, and *more*.
    """
    lines = [f"  {_text(finding)}" for finding in result.open if finding.severity in ("warning", "error")]
    lines += [f"  {_text(finding)}; excepted: {finding.excepted}" for finding in result.findings if finding.excepted]
    lines += [f"  {note}" for note in (*result.notes, *more)]
    return [result.summary + ":", *lines] if lines else []


def _text(finding: Finding) -> str:
    return f"{finding.rule}  {finding.service or 'the stack'} {finding.message}"
