"""The published ports of a service. Pure.

Place in the pipeline: compose_reader, where the services of a stack are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .source_positions import KeyPath, Map
from .units import integer

#: Limit for the ports of a range.
MAX_RANGE = 1000


@dataclass(frozen=True)
class Port:
    """A published port, or a range of ``count`` ports.

    ``published`` is the port of the host, the first one of a range. It is ``None`` if the engine chooses the port.
    ``any_of`` says that the engine takes any port of the range for one port of the container. ``target`` is the port
    inside of the container.
    """

    host: str
    published: int | None
    count: int
    target: int | None
    protocol: str
    path: KeyPath
    any_of: bool = False

    @property
    def loopback(self) -> bool:
        """Whether only the host itself reaches it. An address from an unknown variable counts as loopback."""
        return self.host.startswith("127.") or self.host in ("localhost", "::1") or "${" in self.host


def ports(keys: Map) -> Iterable[Port]:
    """Yield the published ports of a service in long syntax."""
    entries = keys.get("ports")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if not isinstance(entry, dict):
            continue
        first, _dash, last = str(entry.get("published") or "").partition("-")
        begin, end = integer(first), integer(last)
        count = end - begin + 1 if begin is not None and end is not None and 0 <= end - begin < MAX_RANGE else 1
        target, dash, _last = str(entry.get("target") or "").partition("-")
        yield Port(
            host=str(entry.get("host_ip") or ""),
            published=begin,
            count=count,
            target=integer(target),
            protocol=str(entry.get("protocol") or "tcp"),
            path=("ports", index),
            any_of=count > 1 and not dash,
        )
