"""Reports for other programs: JSON, SARIF 2.1.0, JUnit and annotations of GitHub. Pure.

Place in the pipeline: check, after the review. The names of fields are fixed: other programs read them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from .report import location
from .review import Finding, Review
from .rule_registry import RULES

_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def as_json(reviews: Iterable[Review]) -> str:
    """Return all findings as JSON, with excepted and known ones, and whether a review fails."""
    all_reviews = list(reviews)
    content = {
        "failed": any(review.failing for review in all_reviews),
        "reviews": [
            {
                "environment": review.environment,
                "level": review.level,
                "failed": bool(review.failing),
                "findings": [_finding_fields(finding) for finding in review.findings],
                "notes": list(review.notes),
            }
            for review in all_reviews
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def _finding_fields(finding: Finding) -> dict[str, Any]:
    rule = RULES[finding.rule]
    return {
        "rule": finding.rule,
        "title": rule.title,
        "severity": finding.severity,
        "service": finding.service or None,
        "message": finding.message,
        "key": finding.key,
        "file": finding.file or None,
        "line": finding.line or None,
        "reason": rule.reason,
        "fix": rule.fix,
        "reference": rule.reference,
        "excepted": finding.excepted or None,
        "known": finding.known,
        "fingerprint": finding.fingerprint,
    }


def as_sarif(reviews: Iterable[Review]) -> str:
    """Return a SARIF 2.1.0 log with one run. Excepted and known findings are suppressed, with the reason."""
    findings = [finding for review in reviews for finding in review.findings]
    used = [rule for rule in RULES.values() if any(finding.rule == rule.id for finding in findings)]
    positions = {rule.id: position for position, rule in enumerate(used)}
    driver = {
        "name": "slipway policy",
        "rules": [
            {
                "id": rule.id,
                "shortDescription": {"text": rule.title},
                "fullDescription": {"text": rule.reason},
                "help": {"text": f"{rule.fix} ({rule.reference})"},
                "defaultConfiguration": {"level": _LEVELS.get(rule.severities["production"], "none")},
            }
            for rule in used
        ],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, positions[finding.rule]) for finding in findings],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _result(finding: Finding, position: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": position,
        "level": _LEVELS[finding.severity],
        "message": {"text": _sentence(finding)},
        "partialFingerprints": {"slipwayPolicy/v1": hashlib.sha256(finding.fingerprint.encode()).hexdigest()[:32]},
    }
    if finding.file:
        physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.file)}}
        if finding.line:
            physical["region"] = {"startLine": finding.line}
        result["locations"] = [{"physicalLocation": physical}]
    if not finding.counts:
        reason = finding.excepted or "in the baseline"
        result["suppressions"] = [{"kind": "external", "justification": reason}]
    return result


def _uri(path: str) -> str:
    safe = path.replace("\\", "/").removeprefix("./")
    return "".join(
        sign if sign.isalnum() or sign in "/._-~" else f"%{ord(sign):02X}" for sign in safe if ord(sign) < 128
    )


def _sentence(finding: Finding) -> str:
    return f"{finding.service} {finding.message}" if finding.service else f"The stack {finding.message}"


def as_junit(reviews: Iterable[Review]) -> str:
    """Return a JUnit report: a suite for each review, and a case for each rule, which fails with the review."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites name="slipway policy">']
    for review in reviews:
        rules = [rule for rule in RULES.values() if rule.severity(review.environment) != "off"]
        failing: dict[str, list[Finding]] = {}
        for finding in review.failing:
            failing.setdefault(finding.rule, []).append(finding)
        lines.append(
            f'  <testsuite name="policy {_xml(review.environment)}" tests="{len(rules)}" failures="{len(failing)}" '
            'errors="0" skipped="0">'
        )
        for rule in rules:
            name = quoteattr(_xml(f"{rule.id} {rule.title}"))
            found = failing.get(rule.id, [])
            if not found:
                lines.append(f'    <testcase classname="policy" name={name}/>')
                continue
            text = "\n".join(f"{location(finding)}: {_sentence(finding)}" for finding in found)
            message = quoteattr(_xml(f"{len(found)} found; {rule.fix}"))
            lines.append(f'    <testcase classname="policy" name={name}>')
            lines.append(f"      <failure message={message}>{escape(_xml(text))}</failure>")
            lines.append("    </testcase>")
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"])


def _xml(text: str) -> str:
    """Return *text* with `?` in place of characters that XML 1.0 does not allow."""
    return "".join(
        sign if sign in "\t\n\r" or " " <= sign < "\ud800" or sign > "\udfff" else "?" for sign in text
    ).replace("\ufffe", "?")


def as_github(reviews: Iterable[Review]) -> str:
    """Return a workflow command for each finding that counts. GitHub shows it at the line of the file."""
    lines = []
    for review in reviews:
        for finding in review.open:
            properties = {"file": finding.file, "line": str(finding.line or 1), "title": f"{finding.rule}"}
            fields = ",".join(f"{name}={_escaped(value, True)}" for name, value in properties.items() if value)
            message = _escaped(f"{_sentence(finding)}. {RULES[finding.rule].fix}", False)
            lines.append(f"::{_COMMANDS[finding.severity]} {fields}::{message}")
    return "\n".join(lines)


def _escaped(text: str, is_property: bool) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if is_property else text
