"""Each rule finds the text that breaks it and not the text that keeps it, and the rules find the labelled corpus."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import file_check
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.rule_registry import RULES, SEVERITIES

from tests.support import policy_corpus
from tests.support.policy_review import DAY, reviewed, rules

CASES: dict[str, dict[str, Any]] = yaml.safe_load((policy_corpus.FOLDER / "rules.yml").read_text(encoding="utf-8"))
EDGES: dict[str, list[Any]] = yaml.safe_load((policy_corpus.FOLDER / "edges.yml").read_text(encoding="utf-8"))


def test_every_rule_has_its_cases() -> None:
    assert sorted(CASES) == sorted(RULES)


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_finds_only_the_text_that_breaks_it(rule: str) -> None:
    case = CASES[rule]
    broken, kept = (
        reviewed(case[key], config=case.get("settings"), other=case.get("other", ""), files=case.get("files"))
        for key in ("breaks", "keeps")
    )
    assert rule in rules(broken)
    assert rule not in rules(kept)


@pytest.mark.parametrize("rule", CASES)
def test_a_finding_has_a_file_a_line_and_a_service(rule: str) -> None:
    case = CASES[rule]
    result = reviewed(case["breaks"], config=case.get("settings"), other=case.get("other", ""), files=case.get("files"))
    for finding in result.findings:
        if finding.rule == rule:
            assert finding.severity in SEVERITIES[1:]
            assert finding.file.endswith("compose.yaml")
            assert finding.line > 0 or rule in ("SLP150", "SLP151")
            assert finding.service in case["breaks"] + case.get("other", "")


@pytest.mark.parametrize("rule", EDGES)
def test_a_rule_decides_edge_cases(rule: str) -> None:
    for case in EDGES[rule]:
        entry = case if isinstance(case, dict) else {"text": case}
        result = reviewed(
            entry["text"], config=entry.get("settings"), other=entry.get("other", ""), files=entry.get("files")
        )
        names = re.findall(r"\bbad[\w-]*(?=:\s*[{\n])", entry["text"] + entry.get("other", ""))
        assert sorted({finding.service for finding in result.findings if finding.rule == rule}) == sorted({*names})


@pytest.mark.parametrize(
    ("rule", "keys", "key", "expected"),
    [
        ("SLP002", "healthcheck: {test: 'exit 0'}", "healthcheck.test", "cannot fail: 'exit 0'"),
        ("SLP003", "healthcheck: {test: x, interval: 0s}", "healthcheck.interval", "uses its default instead"),
        ("SLP003", "healthcheck: {test: x, interval: 1h}", "healthcheck.interval", "only every 1h"),
        ("SLP003", "healthcheck: {test: x, interval: 9s, timeout: 10s}", "healthcheck.timeout", "above its interval"),
        ("SLP003", "healthcheck: {test: x, start_period: 1h}", "healthcheck.start_period", "do not count for 1h"),
        ("SLP003", "healthcheck: {test: x, retries: 0}", "healthcheck.retries", "0 retries"),
        ("SLP020", "restart: on-failure", "restart", "only after a failure"),
        ("SLP020", "deploy: {restart_policy: {condition: on-failure}}", "restart", "only after a failure"),
        ("SLP020", "tty: true", "restart", "has no restart policy"),
        (
            "SLP020",
            "{restart: false, deploy: {restart_policy: {condition: on-failure}}}",
            "restart",
            "no restart policy",
        ),
        ("SLP030", "tty: true", "deploy.resources.limits.memory", "has no memory limit"),
        ("SLP031", "tty: true", "deploy.resources.limits.cpus", "has no processor limit"),
        ("SLP036", "logging: {driver: none}", "logging.driver", "has its log disabled"),
        ("SLP040", "image: 'a:${TAG:-latest}'", "image", "(in the file: 'a:${TAG:-latest}'), whose tag is latest"),
        ("SLP040", "image: a", "image", "runs 'a', which has no tag and so means latest"),
        ("SLP045", "build: {context: ., target: dev}", "build.target", "the stage 'dev'"),
        ("SLP051", "environment: {TOKEN: 'a://b:${PW}@c'}", "environment.TOKEN", "a URL with a password"),
        ("SLP053", "healthcheck: {test: redis-cli -a hunter2 ping}", "healthcheck.test", "line of its healthcheck"),
        ("SLP080", "ports: ['10.0.0.1:5432:5432']", "ports.10.0.0.1:5432:5432", "port 5432 on 10.0.0.1"),
        ("SLP080", "ports: ['5432:5432']", "ports.5432:5432", "port 5432 on all addresses"),
        ("SLP111", "entrypoint: nodemon a.js", "entrypoint", "nodemon"),
        ("SLP111", "command: nodemon a.js", "command", "nodemon"),
        ("SLP112", "develop: {watch: [{action: sync, path: ., target: /a}]}", "develop.watch", "is watched"),
        ("SLP120", "command: worker --time-limit=60", "command", "after 10 s, but time-limit allows 60 s"),
        ("SLP120", "{command: w --job-timeout=60, stop_grace_period: 1s}", "stop_grace_period", "after 1 s"),
        ("SLP122", "entrypoint: sh -c 'a; b'", "entrypoint", "does not pass SIGTERM on"),
        ("SLP122", "command: sh -c 'a; b'", "command", "does not pass SIGTERM on"),
        ("SLP142", "build: {context: ., args: {A: yes}}", "build.args.A", "yes without quotes under build.args"),
        ("SLP142", "logging: {options: {a: yes}}", "logging.options.a", "yes without quotes under logging.options"),
        ("SLP144", "enviroment: {A: b}", "enviroment", "'enviroment'; did you mean 'environment'?"),
        ("SLP144", "unheard-of: {A: b}", "unheard-of", "the unknown key 'unheard-of'"),
    ],
)
def test_a_finding_names_the_key_and_the_problem(rule: str, keys: str, key: str, expected: str) -> None:
    found = reviewed(f"web: {keys if keys.startswith('{') else '{' + keys + '}'}").findings
    [finding] = [one for one in found if one.rule == rule]
    assert finding.key == key
    assert expected in finding.message
    assert ("did you mean" in finding.message) == ("did you mean" in expected)
    assert "None" not in finding.message


def test_a_text_that_looks_random_has_at_most_two_hundred_characters() -> None:
    random = "aB3dE5fG7hI9jK1lM3nO5pQ7" * 9
    assert "SLP050" in rules(reviewed(f"web: {{image: a:1, environment: {{SAMPLE: {random[:200]}}}}}"))
    assert "SLP050" not in rules(reviewed(f"web: {{image: a:1, environment: {{SAMPLE: {random[:201]}}}}}"))


def test_a_value_of_dotenv_is_not_in_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PW=hunter2hunter2\n", encoding="utf-8")
    path = tmp_path / "compose.yaml"
    path.write_text("services: {web: {image: a:1, environment: {TOKEN: '${PW}', KEPT: '${PW}'}}}", encoding="utf-8")
    found = {
        (finding.rule, finding.key) for finding in file_check.check(file_check.Options(files=[path]), DAY).findings
    }
    assert ("SLP051", "environment.TOKEN") in found
    assert ("SLP050", "environment.TOKEN") not in found


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_texts_of_a_rule_are_complete(rule: Any) -> None:
    assert rule.title[0].isupper() or rule.title.startswith("`")
    assert not rule.title.endswith(".")
    assert rule.reason.endswith(".")
    assert rule.fix.endswith((".", "`", "is."))
    assert rule.reference
    assert any(severity != "off" for severity in rule.severities.values())


def test_severities_do_not_decrease_towards_production() -> None:
    for rule in RULES.values():
        ranks = [SEVERITIES.index(rule.severities[name]) for name in ("development", "test", "staging", "production")]
        assert ranks == sorted(ranks), rule.id


def test_the_findings_in_the_corpus_are_those_of_its_labels() -> None:
    assert len(policy_corpus.files()) >= 30
    assert {path.stem for path in policy_corpus.files()} >= {file for file, _, _ in policy_corpus.labels()}
    found, labels = policy_corpus.found(), policy_corpus.labels()
    score = policy_corpus.score(found, labels)
    assert score.precision >= 0.95
    assert score.recall >= 0.95
    # No finding may get lost or be added. A label that turns out to be wrong is changed with its reason.
    assert (sorted(found - labels), sorted(labels - found)) == ([], [])
