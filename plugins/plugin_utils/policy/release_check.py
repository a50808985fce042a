"""The check of a release before it is uploaded. It reads the rendered documents and no file.

Place in the pipeline: bundle -> check -> ship. A stack of ten services takes a few milliseconds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..compose_reader.units import seconds
from . import grouping, settings
from .placeholders import placeholder
from .report import location
from .review import Finding, Review, findings, review_of
from .rule_registry import RULES
from .stack import Stack, from_data

#: So many findings are recorded with a release. They are sorted, the worst first.
_MOST_RECORDED = 100
#: The last line of a message that has less than every finding.
_MORE = "Run the playbook with -v to see every finding."


def stack(
    documents: tuple[Mapping[str, Any], ...],
    variables: Mapping[str, Mapping[str, Any]],
    services: Mapping[str, Any],
    version: str,
    secrets: Mapping[str, Any] | None = None,
    elsewhere: Iterable[str] = (),
    private_address: str = "",
) -> Stack:
    """Return the stack of a release.

    :param documents: base and overlay, in the order in which Compose merges them.
    :param variables: the variables of each service.
    :param services: ``stack_services``, for the keys ``only_in`` and ``build``.
    :param version: ``stack_version``; an image with that tag belongs to the application.
    :param secrets: ``stack_secrets``. Only the names of those that are placeholders are kept.
    :param elsewhere: the services of the stack that other hosts have.
    :param private_address: that of this host, where other hosts of the stack reach its data services.
    """
    described = {name: keys for name, keys in services.items() if isinstance(keys, Mapping)}
    built_images = {keys.get("image") for keys in described.values() if keys.get("build")}
    read = from_data(documents, variables, ("compose.yaml",))
    return dataclasses.replace(
        read,
        placeholder_secrets=_placeholders(secrets or {}),
        only_in_some_environments=frozenset(
            [*(name for name, keys in described.items() if keys.get("only_in")), *elsewhere]
        ),
        private_addresses=frozenset([private_address] if private_address else []),
        own_images=frozenset(
            name
            for name, service in read.services.items()
            if service.image and (service.image.text in built_images or service.image.tag == version)
        ),
    )


def _placeholders(secrets: Mapping[str, Any]) -> dict[str, str]:
    values = {name: source.get("value") if isinstance(source, Mapping) else source for name, source in secrets.items()}
    found = {name: placeholder(value) for name, value in values.items() if isinstance(value, str)}
    return {name: text for name, text in found.items() if text}


@dataclass(frozen=True)
class Written:
    """A team's own Compose files, as they are written. ``folder``: the directory that paths in findings start from."""

    stack: Stack
    folder: str


#: The rules about what the release no longer shows. There, secrets are in files, every service has a grace period, and
#: every value is in quotes.
_AS_WRITTEN = frozenset(
    {"SLP015", "SLP050", "SLP051", "SLP052", "SLP053", "SLP054", "SLP055", "SLP057", "SLP058", "SLP059"}
    | {"SLP120", "SLP121", "SLP141", "SLP142"}
)
#: Seconds: the grace period of a service of Compose files that set none.
_DEFAULT_GRACE = 10.0


def _with_written(found: Iterable[Finding], release: Stack, written: Written, environment: str) -> list[Finding]:
    """Return the findings of a release with those of the files that it was made of. These have the line."""
    own = [
        dataclasses.replace(finding, file=finding.file.removeprefix(written.folder))
        for finding in findings(written.stack, environment, {})
        if finding.rule in _AS_WRITTEN and _is_unchanged(finding, release)
    ]
    known = {(finding.rule, finding.service) for finding in own}
    return [*own, *(finding for finding in found if (finding.rule, finding.service) not in known)]


def _is_unchanged(finding: Finding, release: Stack) -> bool:
    """Return whether a service of the files is in the release with the keys that a finding is about."""
    service = release.services.get(finding.service)
    if service is None or service.labels.get("slipway.kind") != "compose":
        return finding.service == ""
    is_grace = finding.rule in ("SLP120", "SLP121")
    return not is_grace or seconds(service.keys.get("stop_grace_period")) in (None, _DEFAULT_GRACE)


def check(
    release: Stack,
    environment: str,
    level: Any,
    exceptions: Any,
    today: str,
    others: Mapping[str, Stack] | None = None,
    written: Written | None = None,
) -> Review:
    """Return the review of a release.

    :param level: ``stack_policy_level``: the severity from which a deploy is stopped.
    :param exceptions: ``stack_policy_exceptions``.
    :param today: the day, such as ``2026-11-21``, for exceptions with a last day.
    :param others: the same stack in other environments.
    :param written: the team's Compose files that the release was made of.
    :raises ValueError: if a level or a rule is unknown, or an exception has no reason.
    """
    policy_settings = settings.Settings(
        settings.levels(level, "stack_policy_level"), settings.exceptions(exceptions, "stack_policy_exceptions")
    )
    found = findings(release, environment, others or {})
    if written is not None:
        found = _with_written(found, release, written, environment)
    return review_of(found, environment, policy_settings, today, len(release.services))


def failure_text(result: Review, verbose: bool = False) -> str:
    """Return the message of a stopped deploy: what stops it, each rule with its fix.

    :param verbose: with every finding, not only one line for a rule that most services break.
    """
    count = len(result.failing)
    subject = "1 finding of the policy stops" if count == 1 else f"{count} findings of the policy stop"

    def write(step: int) -> list[str]:
        lines = [f"{subject} this deploy to {result.environment}:"]
        for entry in grouping.entries(result.failing, result.services, step):
            lines.append(_line(entry))
            lines.append(f"          {RULES[entry.finding.rule].fix}")
        return [*lines, "Fix them, or add an exception with a reason to stack_policy_exceptions."]

    lines, shortened = grouping.on_a_page(write, len(result.findings), verbose)
    return "\n".join([*lines, _MORE] if shortened else lines)


def report_lines(result: Review, more: Iterable[str] = (), verbose: bool = False) -> list[str]:
    """Return the lines to show for a release that is uploaded, an empty list if there is nothing to show.

    These are the warnings and errors, the exceptions, the notes of the review, and *more*.

    :param verbose: as in :func:`failure_text`.
    """
    shown = [finding for finding in result.open if finding.severity in ("warning", "error")]
    excepted: dict[str, list[Finding]] = {}
    for finding in result.findings:
        if finding.excepted:
            excepted.setdefault(finding.excepted, []).append(finding)
    notes = [f"  {note}" for note in (*result.notes, *more)]

    def write(step: int) -> list[str]:
        lines = [_line(entry) for entry in grouping.entries(shown, result.services, step)]
        for reason, accepted in excepted.items():
            entries = grouping.entries(accepted, result.services, step)
            lines += [f"{_line(entry)}; excepted: {reason}" for entry in entries]
        return [f"{result.summary}:", *lines, *notes] if lines or notes else []

    lines, shortened = grouping.on_a_page(write, len(result.findings), verbose)
    return [*lines, _MORE] if shortened else lines


def recorded(result: Review) -> list[dict[str, str]]:
    """Return the findings as the release keeps them: ``{rule, severity, service, message, excepted}``, the worst first.

    ``excepted`` is the reason of an exception, or empty.
    """
    return [
        {
            "rule": finding.rule,
            "severity": finding.severity,
            "service": finding.service,
            "message": finding.message,
            "excepted": finding.excepted,
        }
        for finding in result.findings[:_MOST_RECORDED]
    ]


def _line(entry: grouping.Entry) -> str:
    place = f"  [{location(entry.finding)}]" if entry.finding.line and entry.count == 1 else ""
    return f"  {entry.finding.rule}  {entry.sentence}{place}"
