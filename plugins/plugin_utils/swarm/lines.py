"""What the person at the terminal reads about a Swarm: its plan, its nodes, and what the proof of its network found.

Place in the pipeline: controller, used by the action plugins. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.node_labels import GROUP_LABEL, HOST_LABEL
from ansible_collections.slipway.stack.plugins.module_utils.swarm.asking import COMPLETE, SHORT_ONLY
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm.cluster import (
    Network,
    Node,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.swarm.plan import Labels, Plan


def of_plan(plan: Plan, network: Network) -> list[str]:
    """Return a line for each step of a plan, and for each node that nobody asked to remove."""
    return [*_steps(plan, network), *_left(plan)]


def of_untried(hosts: Sequence[str], network: Network) -> list[str]:
    """Return a line for the hosts between which the network is not tried."""
    told = ", ".join(hosts)
    return [f"network {network.name} is not tried on {told}, to which Swarm gives no tasks now"] if hosts else []


def _steps(plan: Plan, network: Network) -> Iterator[str]:
    if plan.make:
        yield f"{plan.via}  makes a Swarm"
    for name in plan.join:
        yield f"{name}  joins the Swarm of {plan.via}"
    for step in plan.promote:
        yield f"{step.title}  becomes a manager"
    for step in plan.demote:
        yield f"{step.title}  becomes a worker"
    for labels in plan.labels:
        yield f"{labels.title}  {_labels(labels)}"
    if plan.autolock is not None:
        yield f"{plan.via}  autolock is turned {'on' if plan.autolock else 'off'}"
    if plan.network:
        yield f"network {network.name} is made, {'encrypted' if network.encrypted else 'not encrypted'}"
    for step in plan.remove:
        yield f"{step.title}  is drained and removed ({step.id})"


def _labels(labels: Labels) -> str:
    added = [f"+{key}={value}" for key, value in labels.add.items()]
    return " ".join(["labels", *added, *(f"-{key}" for key in labels.remove)])


def _left(plan: Plan) -> Iterator[str]:
    for step in plan.left:
        yield (
            f"{step.title}  is in the Swarm and not among the hosts; to remove it, run the playbook with "
            f"-e swarm_remove={step.title}, or on {plan.via}: docker node update --availability drain {step.id}"
            f"{f' && docker node demote {step.id}' if step.is_manager else ''}, and when its tasks have moved: "
            f"docker node rm --force {step.id}"
        )


def of_nodes(nodes: Sequence[Node]) -> list[str]:
    """Return the table of the nodes."""
    rows = [("node", "role", "state", "availability", "address", "engine", "labels")]
    for node in nodes:
        role = f"{node.role} (leader)" if node.leader else node.role
        state = node.state if node.reachability in ("", "reachable") else f"{node.state}, {node.reachability}"
        rows.append((node.title, role, state, node.availability, node.address, node.version, _short(node.labels)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _short(labels: Mapping[str, str]) -> str:
    """Return the labels of a node: of ours the names of the groups only."""
    groups = sorted(key.removeprefix(GROUP_LABEL) for key in labels if key.startswith(GROUP_LABEL))
    others = sorted(f"{key}={value}" for key, value in labels.items() if not key.startswith(GROUP_LABEL))
    return " ".join([*groups, *(one for one in others if not one.startswith(f"{HOST_LABEL}="))])


@dataclass(frozen=True)
class Proof:
    """What the requests between the hosts have shown. ``problem``: why the network is not proven, empty if it is.

    ``again``: a probe could not be started, or has ended, so nothing is known yet. ``pairs``: how many were tried.
    """

    problem: str
    again: bool = False
    pairs: int = 0


def of_proof(opened: Mapping[str, Any], asked: Mapping[str, Any], network: Network) -> Proof:
    """Return whether every host answers every other one.

    :param opened: of each host, what ``probe`` returned for its start, with ``problem``.
    :param asked: of each host, ``problem``, or ``answers``: how each other host answered it.
    """
    broken = [
        f"{host}: {said['problem']}" for part in (opened, asked) for host, said in part.items() if said["problem"]
    ]
    if broken:
        return Proof(f"network {network.name!r} could not be tried: {'; '.join(broken)}", again=True)
    return Proof(_lost(asked, network), pairs=sum(len(one["answers"]) for one in asked.values()))


def _lost(answers: Mapping[str, Mapping[str, Any]], network: Network) -> str:
    """Return which answers are missing, and why probably, in one or two sentences."""
    pairs = [(host, other, how) for host, said in answers.items() for other, how in said.get("answers", {}).items()]
    bad = [(host, other, how) for host, other, how in pairs if how != COMPLETE]
    if not bad:
        return ""
    told = ", ".join(f"{host} from {other}" for host, other, _how in bad)
    if all(how == SHORT_ONLY for _host, _other, how in bad):
        return (
            f"network {network.name!r}: only short answers arrive ({told}); the packets between the hosts have to be "
            "smaller than Docker expects, so set swarm_network_mtu to 50 less than the MTU of their network (100 less "
            "for an encrypted network)"
        )
    lost = f"network {network.name!r}: no answer arrives ({told})"
    if network.encrypted:
        return (
            f"{lost}; it is encrypted, and either the kernels of the hosts have no IPsec, or IP protocol 50 or UDP "
            "port 4789 is closed between them; open it, or set swarm_encrypted: false if their network is private"
        )
    return f"{lost}; open UDP port 4789 and TCP and UDP port 7946 between the hosts"
