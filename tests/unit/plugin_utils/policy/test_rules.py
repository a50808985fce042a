"""For each rule a text that breaks it and one that keeps it; and what the rules say of the corpus."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.registry import RULES, SEVERITIES

from tests.support import policy_corpus
from tests.support.policy_review import reviewed, rules

CASES: dict[str, dict[str, Any]] = yaml.safe_load((policy_corpus.FOLDER / "rules.yml").read_text(encoding="utf-8"))


def test_every_rule_has_its_cases() -> None:
    assert sorted(CASES) == sorted(RULES)


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_finds_what_breaks_it_and_only_that(rule: str) -> None:
    case = CASES[rule]
    broken, kept = (
        reviewed(case[key], given=case.get("settings"), other=case.get("other", "")) for key in ("breaks", "keeps")
    )
    assert rule in rules(broken)
    assert rule not in rules(kept)


@pytest.mark.parametrize("rule", CASES)
def test_a_finding_has_its_place(rule: str) -> None:
    case = CASES[rule]
    found = reviewed(case["breaks"], given=case.get("settings"), other=case.get("other", ""))
    for finding in found.findings:
        if finding.rule == rule:
            assert finding.severity in SEVERITIES[1:]
            assert finding.file.endswith("compose.yaml")
            assert finding.line > 0 or rule in ("SLP150", "SLP151")
            assert finding.service in case["breaks"] + case.get("other", "")


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_says_what_it_is(rule: Any) -> None:
    assert rule.title[0].isupper() or rule.title.startswith("`")
    assert not rule.title.endswith(".")
    assert rule.reason.endswith(".")
    assert rule.fix.endswith((".", "`", "is."))
    assert rule.reference
    assert any(severity != "off" for severity in rule.severities.values())


def test_severities_never_fall_on_the_way_to_production() -> None:
    for rule in RULES.values():
        ranks = [SEVERITIES.index(rule.severities[name]) for name in ("development", "test", "staging", "production")]
        assert ranks == sorted(ranks), rule.id


def test_the_corpus_is_found_as_it_was_labelled() -> None:
    assert len(policy_corpus.files()) >= 30
    assert {path.stem for path in policy_corpus.files()} >= {file for file, _, _ in policy_corpus.labels()}
    found, labels = policy_corpus.found(), policy_corpus.labels()
    score = policy_corpus.score(found, labels)
    assert score.precision >= 0.95
    assert score.recall >= 0.95
    # What is found today is to be found tomorrow; a label that turns out to be wrong is changed with its reason.
    assert (sorted(found - labels), sorted(labels - found)) == ([], [])
