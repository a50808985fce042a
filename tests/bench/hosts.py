"""The controller's processor time for each further host, in a deploy with nothing to do: ours, and the home-made role.

One server has many names in an inventory, each with a connection of its own. What the server does is not counted: only
`ansible-playbook` and the processes that it starts and waits for.
"""

from __future__ import annotations

import json
import resource
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.server import ADDRESS, BENCH, NAME, ROOT, STATE, Server
from tests.bench.sides import HOMEMADE, OURS, Bench

#: How many hosts a deploy goes to, by side. The home-made role takes minutes for more.
SIZES: Mapping[str, Sequence[int]] = {OURS: (1, 5, 20, 50), HOMEMADE: (1, 5, 20)}
AIM = "at least 8 x less for each further host"


@dataclass(frozen=True)
class Cost:
    """Seconds of processor time by number of hosts, one for each round."""

    side: str
    seconds: Mapping[int, Sequence[float]]

    def least(self, hosts: int) -> float:
        """Return the fewest seconds for a number of hosts: what other work on the machine adds is not ours."""
        return min(self.seconds[hosts])

    def per_host(self, most: int) -> float:
        """Return the seconds of each host after the first one, of *most* hosts."""
        return (self.least(most) - self.least(1)) / (most - 1)


def measure(server: Server, bench: Bench, rounds: int, say: Callable[[str], None]) -> list[Cost]:
    """Return the cost of each side. The sides take turns, and each number of hosts is deployed to once uncounted.

    :param bench: the stacks on the server, both of them deployed.
    """
    work = {side: done for side, done in bench.nothing().items() if side in SIZES}
    found: dict[str, dict[int, list[float]]] = {side: {size: [] for size in SIZES[side]} for side in work}
    for size in sorted({size for sizes in SIZES.values() for size in sizes}):
        with _many_names(server, size):
            for number in range(rounds + 1):
                for side, done in work.items():
                    if size not in SIZES[side]:
                        continue
                    before = _processor_seconds()
                    done()
                    taken = _processor_seconds() - before
                    if number:
                        found[side][size].append(taken)
                        say(f"{size} hosts, round {number} of {rounds}: {side} {taken:.2f} s of processor time")
    return [Cost(side, seconds) for side, seconds in found.items()]


def lines(costs: Sequence[Cost]) -> list[str]:
    """Return the table, and the ratio of what a further host costs."""
    by_side = {cost.side: cost for cost in costs}
    most = max(SIZES[HOMEMADE])
    rows = ["processor time of the controller, nothing to do"]
    for cost in costs:
        sizes = ", ".join(f"{size}: {cost.least(size):.2f} s" for size in cost.seconds)
        rows.append(f"  {cost.side:<46} {sizes}; each further host {cost.per_host(most):.3f} s")
    ratio = by_side[HOMEMADE].per_host(most) / by_side[OURS].per_host(most)
    return [*rows, f"  a further host costs the home-made role {ratio:.1f} x ours (aim: {AIM})"]


@contextmanager
def _many_names(server: Server, count: int) -> Iterator[None]:
    """Give the server so many names, each with a connection of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        (Path(folder) / "group_vars").symlink_to(BENCH / "inventory/group_vars")
        names = {f"{NAME}{number}": {"ansible_control_path": f"{folder}/{number}"} for number in range(1, count + 1)}
        common = {
            "ansible_host": ADDRESS,
            "ansible_user": "deploy",
            "ansible_ssh_private_key_file": str(ROOT / ".testbed/id_ed25519"),
            "ansible_ssh_common_args": f"-o UserKnownHostsFile={STATE / 'known_hosts'}",
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        (Path(folder) / "hosts.json").write_text(json.dumps({"stack": {"hosts": names, "vars": common}}))
        before, server.inventory = server.inventory, Path(folder)
        try:
            yield
        finally:
            server.inventory = before


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
