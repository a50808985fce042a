"""The rules by id: what each says, why, how it is repaired, how bad it is in which environment.

A rule is a pure function. One about a service takes it and its stack and yields a sentence and the keys that lead to
the value; one about a stack yields the name of a service before these; one about environments takes a stack for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .parts import Path
from .stack import Service, Stack

ENVIRONMENTS = ("development", "test", "staging", "production")
#: From harmless to what must not go there; ``off`` is not even looked for.
SEVERITIES = ("off", "info", "warning", "error")
_LETTERS = {"-": "off", "i": "info", "w": "warning", "e": "error"}

Problem = tuple[str, Path]
StackProblem = tuple[str, str, Path]
ServiceCheck = Callable[[Service, Stack], Iterable[Problem]]
StackCheck = Callable[[Stack], Iterable[StackProblem]]
ParityCheck = Callable[[Mapping[str, Stack]], Iterable[StackProblem]]


@dataclass(frozen=True)
class Rule:
    """``peers`` are the rules of other tools that find the same, for docs/policy.md; ``repair`` names that of --fix."""

    id: str
    title: str
    reason: str
    fix: str
    reference: str
    severities: Mapping[str, str]
    scope: str
    check: Callable[..., Iterable[Any]]
    peers: tuple[str, ...] = ()

    def severity(self, environment: str) -> str:
        """Return how bad it is in *environment*; one of another name counts as production."""
        return self.severities.get(environment, self.severities["production"])


RULES: dict[str, Rule] = {}


def _register(scope: str, severities: str, peers: str, fields: Mapping[str, str]) -> Callable[[Any], Any]:
    levels = {name: _LETTERS[letter] for name, letter in zip(ENVIRONMENTS, severities, strict=True)}

    def register(check: Callable[..., Any]) -> Callable[..., Any]:
        rule = Rule(severities=levels, scope=scope, check=check, peers=tuple(peers.split()), **fields)
        if rule.id in RULES:
            raise ValueError(f"two rules have the id {rule.id}")
        RULES[rule.id] = rule
        return check

    return register


def service_rule(severities: str, peers: str = "", **fields: str) -> Callable[[ServiceCheck], ServiceCheck]:
    """Register a rule about one service at a time.

    :param severities: a letter for each of the environments, in their order: ``-`` off, ``i``, ``w``, ``e``.
    :param fields: ``id``, ``title``, ``reason``, ``fix`` and ``reference`` of the rule.
    """
    return _register("service", severities, peers, fields)


def stack_rule(severities: str, peers: str = "", **fields: str) -> Callable[[StackCheck], StackCheck]:
    """Register a rule about a whole stack."""
    return _register("stack", severities, peers, fields)


def parity_rule(severities: str, peers: str = "", **fields: str) -> Callable[[ParityCheck], ParityCheck]:
    """Register a rule about several environments of one stack."""
    return _register("environments", severities, peers, fields)
