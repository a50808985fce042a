"""How many requests one client may send in which time, as people write it.

Place in the pipeline: description, under ``schema`` and ``routes``. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_RATE = re.compile(r"([0-9]{1,9})/([sm])")
_KEYS = {"rate", "burst"}
#: More than any edge answers; Traefik and nginx both count this far.
_MOST = 100_000
_EXAMPLE = "such as 10/s or 300/m"


@dataclass(frozen=True)
class Rate:
    """``requests`` in ``seconds``, 1 or 60, over a longer time; ``burst``: how many more may come at once."""

    requests: int
    seconds: int
    burst: int

    @property
    def retry_after(self) -> int:
        """Whole seconds until one more request may come."""
        return -(-self.seconds // self.requests)


def read(value: object) -> Rate | None:
    """Return the rate that *value* stands for: ``10/s``, ``{rate: 300/m, burst: 50}``, or an empty text for none.

    :raises ValueError: for anything else.
    """
    if value == "":
        return None
    given = value if isinstance(value, Mapping) else {"rate": value}
    if unknown := [key for key in given if key not in _KEYS]:
        raise ValueError(f"unknown key {unknown[0]!r}; write 'rate', {_EXAMPLE}, and 'burst', a number")
    found = _RATE.fullmatch(str(given.get("rate")))
    if not found:
        raise ValueError(f"{given.get('rate')!r} is not a number of requests per second or minute, {_EXAMPLE}")
    requests = int(found[1])
    if not 1 <= requests <= _MOST:
        raise ValueError(f"{given['rate']!r} is not between 1 and {_MOST} requests, {_EXAMPLE}")
    burst = given.get("burst", requests)
    if not (isinstance(burst, int) and not isinstance(burst, bool) and 0 <= burst <= _MOST):
        raise ValueError(f"'burst' is {burst!r}, not a whole number between 0 and {_MOST} of requests at once")
    return Rate(requests, 1 if found[2] == "s" else 60, burst)


def checked(value: object) -> object:
    """Return a rate as it is written. :raises ValueError: unless :func:`read` accepts it."""
    read(value)
    return value
