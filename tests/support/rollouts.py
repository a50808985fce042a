"""What the tests of the scenario `rollout` have in common: its two forms, and what they hand on to each other."""

from __future__ import annotations

from dataclasses import dataclass, field

from testbed.load.session import Report


@dataclass(frozen=True)
class Form:
    """How long the scenario takes. ``drain``: seconds; ``rest``: seconds of load after each step."""

    drain: int
    rest: int
    requests: int


LONG, SHORT = Form(drain=30, rest=40, requests=50_000), Form(drain=8, rest=2, requests=20_000)


@dataclass
class Rollouts:
    """What the tests of a session hand on to the last of them."""

    reports: dict[str, Report] = field(default_factory=dict)
    jobs: list[str] = field(default_factory=list)
