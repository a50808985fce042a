"""The registry of rules: title, reason, fix and severities of each, by id.

Place in the pipeline: check. Each module of ``rules/`` registers its rules here. A rule is a pure function:

- a rule about a service takes the service and its stack, and yields a message and the keys that lead to the value;
- a rule about a stack yields the name of a service first, or an empty text for the stack itself;
- a rule about environments takes one stack for each environment, and yields the same as a rule about a stack.

A message continues the name of the service: "db" and "has no health check".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..compose_reader.source_positions import KeyPath
from .stack import Service, Stack

ENVIRONMENTS = ("development", "test", "staging", "production")
#: In increasing order. A rule with the severity ``off`` does not run.
SEVERITIES = ("off", "info", "warning", "error")
_LETTERS = {"-": "off", "i": "info", "w": "warning", "e": "error"}

Problem = tuple[str, KeyPath]
StackProblem = tuple[str, str, KeyPath]
ServiceCheck = Callable[[Service, Stack], Iterable[Problem]]
StackCheck = Callable[[Stack], Iterable[StackProblem]]
ParityCheck = Callable[[Mapping[str, Stack]], Iterable[StackProblem]]


@dataclass(frozen=True)
class Rule:
    """One rule.

    ``title``: what holds if the rule has no finding, as one short sentence.
    ``reason``: what goes wrong in production otherwise.
    ``fix``: what to change, as an imperative.
    ``reference``: the document that the rule comes from.
    ``severities``: the severity in each environment.
    ``scope``: ``service``, ``stack`` or ``environments``.
    ``peers``: rules of other tools that find the same, for docs/policy.md.
    """

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
        """Return the severity in *environment*. An environment with an unknown name counts as production."""
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
    """Return a decorator that registers a rule about each service.

    :param severities: one letter for each of :data:`ENVIRONMENTS`: ``-`` off, ``i`` info, ``w`` warning, ``e`` error.
    :param peers: rules of other tools that find the same, as ``TOOL:RULE``, separated by blanks.
    :param fields: ``id``, ``title``, ``reason``, ``fix`` and ``reference`` of the rule.
    """
    return _register("service", severities, peers, fields)


def stack_rule(severities: str, peers: str = "", **fields: str) -> Callable[[StackCheck], StackCheck]:
    """Return a decorator that registers a rule about a whole stack."""
    return _register("stack", severities, peers, fields)


def parity_rule(severities: str, peers: str = "", **fields: str) -> Callable[[ParityCheck], ParityCheck]:
    """Return a decorator that registers a rule about several environments of one stack."""
    return _register("environments", severities, peers, fields)
