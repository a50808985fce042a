"""What other programs read of reviews: JSON, SARIF 2.1.0, JUnit, the annotations of GitHub. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from .registry import RULES
from .report import place
from .review import Finding, Review

_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def as_json(reviews: Iterable[Review]) -> str:
    """Return all findings, the excepted and the known among them, and the verdict."""
    given = list(reviews)
    content = {
        "failed": any(review.failing for review in given),
        "reviews": [
            {
                "environment": review.environment,
                "level": review.level,
                "failed": bool(review.failing),
                "findings": [_plain(finding) for finding in review.findings],
                "notes": list(review.notes),
            }
            for review in given
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def _plain(finding: Finding) -> dict[str, Any]:
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
    """Return a SARIF 2.1.0 log with one run; what is excepted or known is suppressed, with its reason."""
    found = [finding for review in reviews for finding in review.findings]
    used = [rule for rule in RULES.values() if any(finding.rule == rule.id for finding in found)]
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
        "results": [_result(finding, positions[finding.rule]) for finding in found],
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
        location: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.file)}}
        if finding.line:
            location["region"] = {"startLine": finding.line}
        result["locations"] = [{"physicalLocation": location}]
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
    """Return a JUnit report: a suite for each review, a case for each rule, failed where the rule has open findings."""
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
            text = "\n".join(f"{place(finding)}: {_sentence(finding)}" for finding in found)
            message = quoteattr(_xml(f"{len(found)} found; {rule.fix}"))
            lines.append(f'    <testcase classname="policy" name={name}>')
            lines.append(f"      <failure message={message}>{escape(_xml(text))}</failure>")
            lines.append("    </testcase>")
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"])


def _xml(text: str) -> str:
    """Return *text* without what XML 1.0 cannot hold."""
    return "".join(
        sign if sign in "\t\n\r" or " " <= sign < "\ud800" or sign > "\udfff" else "?" for sign in text
    ).replace("\ufffe", "?")


def as_github(reviews: Iterable[Review]) -> str:
    """Return workflow commands, one line for each open finding, which GitHub shows beside the line of the file."""
    lines = []
    for review in reviews:
        for finding in review.open:
            properties = {"file": finding.file, "line": str(finding.line or 1), "title": f"{finding.rule}"}
            told = ",".join(f"{name}={_escaped(value, True)}" for name, value in properties.items() if value)
            message = _escaped(f"{_sentence(finding)}. {RULES[finding.rule].fix}", False)
            lines.append(f"::{_COMMANDS[finding.severity]} {told}::{message}")
    return "\n".join(lines)


def _escaped(text: str, is_property: bool) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if is_property else text
