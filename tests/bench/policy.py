"""Run the policy on the labelled corpus, and other reviewers of Compose files too if they are on the PATH.

Each finding of a peer counts as our finding with the same meaning (``Rule.peers``). So all reviewers are compared with
one list: what a person found in the files by hand. Findings without a counterpart are counted separately. Many of them
are about style.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.policy.rule_registry import RULES

from tests.support import policy_corpus

#: Command line of each peer.
_COMMANDS: dict[str, tuple[str, ...]] = {
    "compose-lint": ("check", "--format", "json"),
    "compose-auditor": ("lint", "--format", "json", "--fail-on", "never"),
    "dclint": ("-f", "json"),
}


@dataclass(frozen=True)
class Result:
    """The result of one reviewer.

    ``right``: number of labels that it found; ``there``: number of all labels; ``others``: number of its findings that
    are not among the labels, by rule.
    """

    name: str
    findings: int
    right: int
    there: int
    seconds: float
    others: Counter[str]

    @property
    def precision(self) -> float:
        """The share of findings that are among the labels."""
        return 1 - sum(self.others.values()) / self.findings if self.findings else 1.0

    @property
    def recall(self) -> float:
        """The share of labels that were found."""
        return self.right / self.there


def ours() -> Result:
    """Return the result of the policy."""
    started = time.perf_counter()
    found = policy_corpus.found()
    seconds = time.perf_counter() - started
    labels = policy_corpus.labels()
    wrong = Counter(rule for file, service, rule in found if (file, service, rule) not in labels)
    return Result("slipway.stack.policy", len(found), len(found & labels), len(labels), seconds, wrong)


def peer(name: str) -> Result | None:
    """Return the result of a peer, ``None`` if it is not installed."""
    program = shutil.which(name)
    if program is None:
        return None
    started = time.perf_counter()
    found: set[tuple[str, str, str]] = set()
    for path in policy_corpus.files():
        done = subprocess.run([program, *_COMMANDS[name], str(path)], capture_output=True, text=True, check=False)
        found |= {(path.stem, service, rule) for service, rule in _READERS[name](_json(done.stdout))}
    seconds = time.perf_counter() - started
    labels = policy_corpus.labels()
    met: set[tuple[str, str, str]] = set()
    others: Counter[str] = Counter()
    for file, service, rule in found:
        same = {one.id for one in RULES.values() if f"{name}:{rule}" in one.peers}
        mine = {(file, owner, one) for one in same for owner in (service, "")} & labels
        met |= mine
        if not mine:
            others[rule] += 1
    return Result(name, len(found), len(met), len(labels), seconds, others)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return {}


def _flat(output: Any) -> Iterable[tuple[str, str]]:
    for finding in output.get("findings", ()) if isinstance(output, dict) else ():
        yield finding.get("service") or "", finding["rule_id"]


def _dclint(output: Any) -> Iterable[tuple[str, str]]:
    for file in output if isinstance(output, list) else ():
        for message in file["messages"]:
            yield (message.get("data") or {}).get("serviceName", ""), message["rule"]


#: For each peer: how to read the service and the rule of each finding from its output.
_READERS: dict[str, Callable[[Any], Iterable[tuple[str, str]]]] = {
    "compose-lint": _flat,
    "compose-auditor": _flat,
    "dclint": _dclint,
}


def lines() -> list[str]:
    """Run all installed reviewers, and return the table and each reviewer's other findings."""
    results = [ours(), *(found for found in map(peer, _COMMANDS) if found)]
    rows = [f"policy: {len(policy_corpus.files())} files, {len(policy_corpus.labels())} labels"]
    rows.append(f"  {'':<22}{'findings':>9}{'precision':>11}{'recall':>8}{'seconds':>9}")
    for one in results:
        rows.append(f"  {one.name:<22}{one.findings:>9}{one.precision:>11.3f}{one.recall:>8.3f}{one.seconds:>9.2f}")
    for one in results:
        if one.others:
            others = ", ".join(f"{rule} {count}" for rule, count in one.others.most_common())
            rows.append(f"  not among the labels, {one.name}: {others}")
    missing = [name for name in _COMMANDS if shutil.which(name) is None]
    return [*rows, *([f"  not on the PATH: {', '.join(missing)}"] if missing else [])]
