"""The labelled corpus: Compose files in the style of public projects, and the findings of a person who read them."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.file_check import Options, check

FOLDER = Path(__file__).resolve().parents[1] / "policy"
#: The rules that an ordinary service breaks; `B` in the labels.
ORDINARY = (30, 31, 33, 35, 93, 94, 99)

#: File, service (or an empty text), and rule.
Found = set[tuple[str, str, str]]


@dataclass(frozen=True)
class Score:
    """How findings compare with labels: right findings, wrong findings, and labels without a finding."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """The share of findings that are right."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """The share of labels that were found."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0


def files() -> list[Path]:
    """Return the Compose files, sorted by name."""
    return sorted((FOLDER / "corpus").glob("*.yaml"))


@functools.cache
def labels() -> frozenset[tuple[str, str, str]]:
    """Return the labels: what there is to find."""
    content = yaml.safe_load((FOLDER / "labels.yml").read_text(encoding="utf-8"))
    return frozenset(
        (file, "" if service == "stack" else service, rule)
        for file, services in content.items()
        for service, numbers in services.items()
        for rule in _rules(str(numbers))
    )


def _rules(numbers: str) -> Iterable[str]:
    for word in numbers.split():
        yield from (f"SLP{number:03}" for number in (ORDINARY if word == "B" else (int(word),)))


def found() -> Found:
    """Return the findings in all files, for production."""
    return {
        (path.stem, finding.service, finding.rule)
        for path in files()
        for finding in check(Options(files=[path]), "2026-11-21").findings
    }


def score(findings: Found, expected: Iterable[tuple[str, str, str]]) -> Score:
    """Return how *findings* compare with the *expected* labels."""
    labelled = set(expected)
    return Score(len(findings & labelled), len(findings - labelled), len(labelled - findings))
