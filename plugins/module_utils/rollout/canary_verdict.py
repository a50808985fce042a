"""What the new containers of a service have answered during a canary, compared with the old ones in the same time.

Place in the pipeline: target, prepare. Pure.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from ansible_collections.slipway.stack.plugins.module_utils.state.transaction import CanarySettings

#: The quantile of the standard normal distribution for 99.5 % on one side: the question is asked at each look.
_Z = 2.576
#: The part of the requests whose time is compared, and how many of them it takes for that on each side.
_PART, _FOR_TIMES = 0.95, 100
#: Times are counted in classes, each so much longer than the one before.
_STEP = math.log(1.05)
#: Seconds below which a difference is none, however large it is in proportion.
_SMALL = 0.05


@dataclass
class Tally:
    """The answers of one service's containers of one release. ``failed``: those with a status of 500 or more."""

    requests: int = 0
    failed: int = 0
    _classes: Counter[int] = field(default_factory=Counter)

    def count(self, status: int, seconds: float | None) -> None:
        """Count an answer. The time of one that changes the protocol, such as a websocket, is no time of an answer."""
        self.requests += 1
        self.failed += status >= 500
        if seconds is not None and status != 101:
            self._classes[math.ceil(math.log(max(seconds, 0.001)) / _STEP)] += 1

    @property
    def share(self) -> float:
        """The share of requests that failed, from 0 to 1."""
        return self.failed / self.requests if self.requests else 0.0

    @property
    def seconds(self) -> float | None:
        """The time within which 95 % of the requests were answered, to 5 %; ``None`` with too few requests."""
        rest = sum(self._classes.values()) * _PART
        if rest < _FOR_TIMES * _PART:
            return None
        for one in sorted(self._classes):
            rest -= self._classes[one]
            if rest <= 0:
                break
        return math.exp(one * _STEP)

    def __str__(self) -> str:
        within = f", 95 % within {self.seconds * 1000:.0f} ms" if self.seconds is not None else ""
        return f"{self.failed} of {self.requests} failed{within}"


def problems(service: str, new: Tally, old: Tally, settings: CanarySettings, at_end: bool) -> Iterator[str]:
    """Yield why the new containers of a service must not get all requests.

    :param at_end: whether the time of the canary is over. Before that, so many must have failed that it is no chance:
        the lower end of Wilson's confidence interval for their share (E. B. Wilson, 1927) is above the limit.
    """
    allowed = old.share + settings.max_errors / 100
    found = new.share if at_end else lowest_share(new.failed, new.requests)
    if new.requests >= settings.min_requests and new.failed and found > allowed:
        yield (
            f"service '{service}': {_percent(new.share)} of {new.requests} requests to the new containers failed, and "
            f"{_percent(old.share)} of {old.requests} to the old ones; {_percent(settings.max_errors / 100)} more are "
            "permitted (max_errors)"
        )
    if not settings.max_slowdown or new.seconds is None or old.seconds is None:
        return
    if new.seconds > old.seconds * settings.max_slowdown and new.seconds - old.seconds > _SMALL:
        yield (
            f"service '{service}': 95 % of the requests to the new containers took up to {new.seconds:.2f} s, and "
            f"{old.seconds:.2f} s to the old ones; {settings.max_slowdown:g} times as long is permitted (max_slowdown)"
        )


def lowest_share(failed: int, requests: int) -> float:
    """Return the lower end of the confidence interval for the share of requests that fail."""
    if not requests:
        return 0.0
    share, square = failed / requests, _Z * _Z
    middle = share + square / (2 * requests)
    spread = _Z * math.sqrt(share * (1 - share) / requests + square / (4 * requests * requests))
    return max(0.0, (middle - spread) / (1 + square / requests))


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"
