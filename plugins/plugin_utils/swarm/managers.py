"""Which hosts are managers, and that a majority of them stays reachable at each change.

Place in the pipeline: controller, before the plan of the Swarm. Pure. The rules are Docker's: an odd number of
managers, and at most seven, because more of them make every change slower (docs.docker.com, "Administer and maintain a
swarm of Docker Engines" and "How nodes work"). One manager tolerates no loss, three tolerate the loss of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.slipway.stack.plugins.plugin_utils.swarm.cluster import Node

#: Managers of a stack that names none: three are the fewest that tolerate a loss.
_USUAL = 3
_MOST = 7


@dataclass(frozen=True)
class Change:
    """A node that becomes a manager (``verb`` is ``promote``), or ceases to be one (``demote`` or ``remove``)."""

    verb: str
    title: str
    is_reachable: bool = True


def choose(hosts: Sequence[str], pattern: str, matched: Sequence[str]) -> tuple[str, ...]:
    """Return the hosts that are to be managers, in the order of the inventory.

    :param pattern: ``swarm_managers``, empty if the inventory names none.
    :param matched: the hosts of the stack that the pattern means.
    :raises ValueError: for a pattern without a host, an even number of managers, or more than seven.
    """
    if not pattern:
        return tuple(hosts[: _USUAL if len(hosts) >= _USUAL else 1])
    count = len(matched)
    if not count:
        raise ValueError(f"swarm_managers: {pattern!r} matches no host of the stack; the stack has {', '.join(hosts)}")
    if count % 2 == 0:
        raise ValueError(
            f"swarm_managers: {pattern!r} matches {count} hosts ({', '.join(matched)}); an even number of managers "
            f"tolerates no more losses than {count - 1}, so name {count - 1} or {count + 1}"
        )
    if count > _MOST:
        raise ValueError(
            f"swarm_managers: {pattern!r} matches {count} hosts; Docker recommends at most {_MOST} managers, so name "
            "fewer, and let the others be workers"
        )
    return tuple(name for name in hosts if name in matched)


def without_majority(nodes: Sequence[Node], changes: Sequence[Change]) -> str:
    """Return a sentence about the first change after which too few managers are reachable; empty if there is none."""
    total = sum(node.is_manager for node in nodes)
    reachable = sum(node.is_manager and node.reachability == "reachable" for node in nodes)
    for change in changes:
        step = 1 if change.verb == "promote" else -1
        total, reachable = total + step, reachable + (step if change.is_reachable else 0)
        if reachable * 2 <= total:
            return (
                f"to {change.verb} {change.title} would leave {reachable} of {total} managers reachable, which is no "
                "majority, and the Swarm could not be changed any more; bring back the managers that are down first"
            )
    return ""
