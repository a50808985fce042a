"""A report for a person fits on a page, whatever the number of services; a report for a program is complete."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import (
    cli,
    file_check,
    formats,
    grouping,
    release_check,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.review import Review
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.policy_review import reviewed

#: Keys that break a rule each.
KEYS = (
    "privileged: true",
    "user: '0:0'",
    "network_mode: host",
    "tty: true",
    "restart: on-failure",
    "command: npm run dev",
    "environment: {DEBUG: 'true', DB_PASSWORD: hunter2hunter2, TOKEN: hunter3hunter3, API_KEY: hunter4hunter4}",
    "volumes: ['/var/run/docker.sock:/x', './src:/app', '/etc:/host']",
    "healthcheck: {test: 'exit 0', intervall: 5s}",
    "cap_add: [SYS_ADMIN, NET_ADMIN]",
)


def _project(services: int, seed: int) -> str:
    """Return a project of the kind that is generated: all services are alike, and some have keys that break a rule."""
    chosen = random.Random(seed)
    keys = [", ".join(key for key in KEYS if chosen.random() < 0.3) for _ in range(services)]
    lines = [f"service-{number}: {{image: 'app:{number}', {own}}}" for number, own in enumerate(keys)]
    return "\n".join(lines)


def _table(review: Review, verbose: bool = False) -> list[str]:
    return file_check.render([review], "table", 120, verbose).splitlines()


def test_a_rule_that_most_services_break_is_one_line() -> None:
    text = "\n".join(
        f"s{number}: {{image: 'a:1', logging: {{driver: {'local' if number > 67 else ''}}}}}" for number in range(70)
    )
    lines = _table(reviewed(text))
    assert "  W SLP035  68 of 70 services write a log without a size limit: s0, s1, s10 and 65 more" in lines
    assert sum("SLP035" in line for line in lines) == 1
    assert any("--verbose" in line for line in lines)
    assert lines[-1].startswith("policy for production: ")


@settings(max_examples=15, deadline=None, derandomize=True)
@given(services=st.integers(1, 120), seed=st.integers(0, 1000))
def test_a_report_fits_on_a_page_and_verbose_has_every_finding(services: int, seed: int) -> None:
    review = reviewed(_project(services, seed))
    assert len(_table(review)) <= 60
    assert len(release_check.failure_text(review).splitlines()) <= 60
    assert len(release_check.report_lines(review)) <= 60
    count = sum(line.lstrip()[:5] in ("E SLP", "W SLP", "i SLP") for line in _table(review, verbose=True))
    assert count == len(review.findings)
    assert release_check.failure_text(review, verbose=True).count("\n  SLP") == len(review.failing)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(services=st.integers(1, 120), seed=st.integers(0, 1000), step=st.integers(0, grouping.LAST_STEP))
def test_no_finding_and_no_rule_is_lost_in_groups(services: int, seed: int, step: int) -> None:
    review = reviewed(_project(services, seed))
    entries = grouping.entries(review.findings, review.services, step)
    assert sum(entry.count for entry in entries) == len(review.findings)
    assert {entry.finding.rule for entry in entries} == {finding.rule for finding in review.findings}
    # An entry has the rule once for several services, and the worst of the report is first when it is cut.
    if step == grouping.LAST_STEP:
        ranks = [("error", "warning", "info").index(entry.finding.severity) for entry in entries]
        assert ranks == sorted(ranks)


def test_reports_for_programs_have_every_finding() -> None:
    review = reviewed(_project(70, 1))
    number = len(review.findings)
    assert number > 700
    assert len(json.loads(formats.as_json([review]))["reviews"][0]["findings"]) == number
    assert len(json.loads(formats.as_sarif([review]))["runs"][0]["results"]) == number
    assert len(formats.as_github([review]).splitlines()) == number
    assert formats.as_junit([review]).count("compose.yaml:") == len(review.failing)


def test_exceptions_of_many_services_are_one_line() -> None:
    text = "\n".join(f"s{number}: {{image: 'a:1', privileged: true}}" for number in range(40))
    settings_ = {"exceptions": [{"rule": "SLP092", "reason": "the runners build images"}]}
    review = reviewed(text, config=settings_)
    excepted = [line for line in release_check.report_lines(review) if "; excepted: " in line]
    assert excepted == [
        "  SLP092  40 of 40 services are privileged: s0, s1, s10 and 37 more; excepted: the runners build images"
    ]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("command: celery -A a worker", "services are workers and are killed after 10 s:"),
        ("logging: {driver: none}", "services have their log disabled:"),
        ("user: root", "services run as root:"),
        ("network_mode: none, ports: ['80']", "services publish ports, but network_mode 'none' ignores them:"),
        ("tty: true", "services have tty:"),
    ],
)
def test_the_message_about_several_services_is_a_sentence(keys: str, expected: str) -> None:
    review = reviewed("\n".join(f"s{number}: {{image: 'a:1', {keys}}}" for number in range(4)))
    assert any(expected in line for line in _table(review))


def test_a_name_cannot_control_the_terminal() -> None:
    lines = _table(reviewed('"a\\e[2J": {image: a:latest}'))
    assert all(line.isprintable() for line in lines)
    assert "a\\x1b[2J" in lines


def test_the_command_prints_a_page_or_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text("services:\n" + "".join(f"  {line}\n" for line in _project(70, 3).splitlines()), encoding="utf-8")
    assert cli.main([str(path)]) == 1
    assert len(capsys.readouterr().out.splitlines()) <= 60
    assert cli.main([str(path), "--verbose"]) == 1
    assert len(capsys.readouterr().out.splitlines()) > 1000
