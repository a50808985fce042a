"""Exceptions, levels and baselines, and the reports for people and programs."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import cli, file_check, formats, report, settings
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.file_check import Options, check

from tests.support.errors import error_of
from tests.support.policy_corpus import FOLDER
from tests.support.policy_review import DAY, reviewed

OPEN = "db: {image: postgres:17, ports: ['5432:5432']}"
REASON = "a firewall of our own protects it"


def _except(**keys: Any) -> dict[str, Any]:
    return {"exceptions": [{"rule": "SLP080", "reason": REASON, **keys}]}


def _finding_and_review(config: Any) -> Any:
    result = reviewed(OPEN, "production", config)
    return next(one for one in result.findings if one.rule == "SLP080"), result


@pytest.mark.parametrize("keys", [{}, {"service": "db"}, {"environment": "production"}, {"until": "2026-11-21"}])
def test_an_excepted_finding_does_not_count_and_is_listed(keys: dict[str, str]) -> None:
    finding, result = _finding_and_review(_except(**keys))
    assert REASON in finding.excepted
    assert finding not in result.open
    assert finding not in result.failing
    assert any(REASON in line for line in report.table(result, width=200))


@pytest.mark.parametrize("keys", [{"service": "web"}, {"environment": "staging"}, {"until": "2026-11-20"}])
def test_an_exception_of_something_else_has_no_effect(keys: dict[str, str]) -> None:
    finding, result = _finding_and_review(_except(**keys))
    assert finding in result.failing


def test_an_exception_that_is_over_or_not_needed_is_noted() -> None:
    assert "ended on 2026-11-20" in _finding_and_review(_except(until="2026-11-20"))[1].notes[0]
    assert "not needed any more" in _finding_and_review(_except(service="web"))[1].notes[0]
    assert _finding_and_review(_except(environment="staging"))[1].notes == ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"exceptions": [{"rule": "SLP080"}]}, "has no reason"),
        ({"exceptions": [{"rule": "SLP080", "reason": " "}]}, "has no reason"),
        ({"exceptions": [{"rule": "SLP08", "reason": "because"}]}, "there is no rule 'SLP08'; did you mean"),
        ({"exceptions": [{"rule": "SLP080", "reason": "because", "until": "soon"}]}, "is not a day"),
        ({"exceptions": [{"rule": "SLP080", "reason": "because", "services": "a"}]}, "did you mean 'service'?"),
        ({"exceptions": {}}, "a list is needed"),
        ({"exceptions": ["SLP080"]}, "is not a mapping"),
        ({"level": "fatal"}, "is not valid; valid values: error"),
        ({"levels": "error"}, "did you mean 'level'?"),
        ({"registries": "a"}, "a list of names"),
        ([], "a mapping is needed"),
    ],
)
def test_settings_that_are_not_valid_are_refused(value: Any, expected: str) -> None:
    assert expected in error_of(settings.read, value, "settings")


@pytest.mark.parametrize(
    ("level", "environment", "failing"),
    [
        (None, "production", True),
        ("off", "production", False),
        (False, "production", False),
        ("False", "production", False),
        ({"production": "off"}, "production", False),
        ({"production": "off"}, "staging", True),
        ({"development": "warning"}, "development", True),
        ("error", "development", False),
    ],
)
def test_the_level_of_an_environment_decides_what_fails(level: Any, environment: str, failing: bool) -> None:
    assert bool(reviewed(OPEN, environment, {"level": level}).failing) is failing


def test_an_unknown_environment_counts_as_production() -> None:
    assert [one.severity for one in reviewed(OPEN, "live").findings] == [
        one.severity for one in reviewed(OPEN).findings
    ]


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    path = tmp_path / "compose.yaml"
    path.write_text(f"services:\n  {OPEN}\n", encoding="utf-8")
    return path


def test_only_findings_of_the_baseline_are_known(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = stack.with_name("known.json")
    assert cli.main([str(stack), "--write-baseline", str(known)]) == 0
    assert cli.main([str(stack), "--baseline", str(known)]) == 0
    assert "0 errors, 0 warnings, 0 hints" in capsys.readouterr().out
    stack.write_text("\n\nservices:\n\n  web: {image: nginx}\n  " + OPEN + "\n", encoding="utf-8")
    assert cli.main([str(stack), "--baseline", str(known)]) == 1
    result = check(Options(files=[stack], baseline=known), DAY)
    assert "SLP080" not in {finding.rule for finding in result.open}
    assert {finding.service for finding in result.failing} == {"web"}


def test_settings_next_to_the_file_and_in_it_are_used(stack: Path) -> None:
    stack.with_name(settings.FILE).write_text(
        "level: {production: 'off'}\nregistries: [images.example.org]\n", encoding="utf-8"
    )
    result = check(Options(files=[stack]), DAY)
    assert result.level == "off"
    assert "SLP043" in {finding.rule for finding in result.findings}
    text = stack.read_text() + f"x-slipway: {{policy: {{exceptions: [{{rule: SLP080, reason: {REASON}}}]}}}}\n"
    stack.write_text(text, encoding="utf-8")
    assert [one.rule for one in check(Options(files=[stack]), DAY).findings if one.excepted] == ["SLP080"]


def test_the_exit_code_says_whether_the_check_failed(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([str(FOLDER / "corpus/hardened.yaml")]) == 0
    assert cli.main([str(stack)]) == 1
    assert cli.main([str(stack), "--level", "off"]) == 0
    assert cli.main([str(stack.with_name("none.yaml"))]) == 2
    assert cli.main([str(stack), "--also", "staging"]) == 2
    assert cli.main(["--explain", "SLP999"]) == 2
    assert "there is no rule 'SLP999'" in capsys.readouterr().err


def test_every_rule_can_be_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert cli.main(["--explain", lines[0].split()[0]]) == 0
    assert "\nFix: " in capsys.readouterr().out


def test_each_file_can_be_a_stack_of_its_own(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([str(stack), str(FOLDER / "corpus/hardened.yaml"), "--each"]) == 1
    assert capsys.readouterr().out.count("policy for production:") == 2


def test_another_environment_is_compared(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = stack.with_name("staging.yaml")
    other.write_text("services: {db: {image: postgres:15}}", encoding="utf-8")
    assert cli.main([str(stack), "--also", f"staging={other}"]) == 1
    assert "postgres:15 in staging, postgres:17 in production" in capsys.readouterr().out


def test_the_table_is_grouped_by_service_and_has_the_fix(stack: Path) -> None:
    lines = file_check.render([check(Options(files=[stack]), DAY)], "table", 200).splitlines()
    assert lines[0] == "db"
    assert f"  E SLP080  publishes the datastore's port 5432 on all addresses  [{stack}:2]" in lines
    assert any(line.startswith("            -> Remove `ports`") for line in lines)
    assert lines[-1].startswith("policy for production: ")


def test_json_and_github_have_the_file_and_the_line(stack: Path) -> None:
    reviews = [check(Options(files=[stack]), DAY)]
    finding = next(
        one for one in json.loads(formats.as_json(reviews))["reviews"][0]["findings"] if one["rule"] == "SLP080"
    )
    assert (finding["service"], finding["line"], finding["severity"]) == ("db", 2, "error")
    assert f"::error file={stack},line=2,title=SLP080::db publishes" in formats.as_github(reviews)


def test_sarif_has_what_the_standard_requires(stack: Path) -> None:
    log = json.loads(formats.as_sarif([check(Options(files=[stack], extra=settings.read(_except(), "x")), DAY)]))
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert log["version"] == "2.1.0"
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["locations"][0]["physicalLocation"]["region"]["startLine"] >= 1
    suppressed = [result for result in run["results"] if result.get("suppressions")]
    assert [result["ruleId"] for result in suppressed] == ["SLP080"]
    assert suppressed[0]["suppressions"][0]["justification"] == REASON


def test_junit_fails_for_the_rules_that_fail_the_review(stack: Path) -> None:
    result = check(Options(files=[stack]), DAY)
    suite = ET.fromstring(formats.as_junit([result])).find("testsuite")
    assert suite is not None
    failed = {case.get("name", "")[:6] for case in suite if case.find("failure") is not None}
    assert failed == {finding.rule for finding in result.failing}
    assert int(suite.get("failures", "0")) == len(failed)
    assert int(suite.get("tests", "0")) == len(suite)
