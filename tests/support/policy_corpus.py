"""The labelled corpus: Compose files in the manner of public projects, and what a reviewer found in them by hand."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.checking import Wanted, check

FOLDER = Path(__file__).resolve().parents[1] / "policy"
#: What an ordinary service lacks; `B` in the labels.
ORDINARY = (30, 31, 35, 93, 94, 99)

#: File, service or empty, rule.
Found = set[tuple[str, str, str]]


@dataclass(frozen=True)
class Score:
    """How what was found compares with what there is."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """The share of findings that are right."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """The share of what there is that was found."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0


def files() -> list[Path]:
    """Return the Compose files, by name."""
    return sorted((FOLDER / "corpus").glob("*.yaml"))


@functools.cache
def labels() -> frozenset[tuple[str, str, str]]:
    """Return what there is to be found."""
    given = yaml.safe_load((FOLDER / "labels.yml").read_text(encoding="utf-8"))
    return frozenset(
        (file, "" if service == "stack" else service, rule)
        for file, services in given.items()
        for service, numbers in services.items()
        for rule in _rules(str(numbers))
    )


def _rules(numbers: str) -> Iterable[str]:
    for word in numbers.split():
        yield from (f"SLP{number:03}" for number in (ORDINARY if word == "B" else (int(word),)))


def found() -> Found:
    """Return what the rules find in all files, for production."""
    return {
        (path.stem, finding.service, finding.rule)
        for path in files()
        for finding in check(Wanted(files=[path]), "2026-11-21").findings
    }


def score(given: Found, wanted: Iterable[tuple[str, str, str]]) -> Score:
    """Return how *given* compares with *wanted*."""
    there = set(wanted)
    return Score(len(given & there), len(given - there), len(there - given))
