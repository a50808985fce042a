"""A service that the Swarm of a stack runs, in place of Compose on each host.

Place in the pipeline: description, a part of the model. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scheduled:
    """What the Swarm has to know about a service.

    ``constraints``: those of its nodes, in the notation of Docker. ``network``: the overlay network of the stack.
    ``acts``: whether the host creates the service. One manager does it, the others see it.
    """

    constraints: tuple[str, ...]
    network: str
    acts: bool
