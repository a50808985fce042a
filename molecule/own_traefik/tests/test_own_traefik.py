"""Requests through a team's Traefik while a service behind it rolls. The tests depend on their order."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed.load import hey
from tests.support.stacks import Stack, address

Playbook = Callable[..., Any]
OLD, NEW = "1.0.0", "1.1.0"
PORT = 8429
#: Requests per second: half of them on connections that stay open, half on new ones.
RATE = 400
#: Seconds of load after a rollout.
REST = 5


@pytest.fixture(scope="session")
def scenario() -> Path:
    return Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / "molecule/own_traefik"


@pytest.fixture(scope="session")
def figures() -> Iterator[dict[str, str]]:
    """Collect the failed and all requests of each way, and write them to a file at the end."""
    result: dict[str, str] = {}
    yield result
    path = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / ".testbed/reports/own_traefik-load.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")


@pytest.fixture
def deploy(playbook: Playbook, scenario: Path) -> Callable[..., Any]:
    """Return a function that deploys a version with additional Compose files."""

    def run(version: str, *files: str) -> Any:
        paths = [str(scenario / "project" / name) for name in files]
        done = playbook("deploy", app_version=version, additional_files=paths)
        assert done.code == 0, done.output
        return done

    return run


def _failed_while(roll: Callable[[], Any]) -> tuple[int, int, dict[str, int]]:
    """Return how many requests failed, how many there were, and why they failed."""
    hey.install()
    url = f"http://{address()}:{PORT}/"
    argv = [hey.arguments(url, seconds=600, workers=30, rate=RATE / 2, keepalive=kept) for kept in (True, False)]
    running = [hey.Hey(one) for one in argv]
    try:
        time.sleep(2)
        roll()
        time.sleep(REST)
    finally:
        for one in running:
            one.end()
    summaries = [one.summary() for one in running]
    reasons: Counter[str] = Counter()
    for summary in summaries:
        reasons.update(summary.reasons)
    return sum(one.failed for one in summaries), sum(one.requests for one in summaries), dict(reasons)


def _wait_until_served(stack: Stack) -> None:
    """Wait until Traefik has found the containers. Requests to one that it does not know to be gone take long."""
    deadline = time.monotonic() + 60
    good = 0
    while good < 20 and time.monotonic() < deadline:
        try:
            good = good + 1 if stack.get().status == 200 else 0
        except OSError:
            good = 0
        time.sleep(0.1)
    assert good == 20


WAYS = {
    "directly": (),
    "with a retry": ("retry.yml",),
    "with a pre_stop": ("leaving.yml",),
    "through an edge": ("edge.yml",),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_rollout_behind_a_label_driven_traefik(
    way: str, deploy: Callable[..., Any], figures: dict[str, str], host: Any
) -> None:
    deploy(OLD, *WAYS[way])
    _wait_until_served(Stack(host, "labelled", PORT))
    failed, requests, reasons = _failed_while(lambda: deploy(NEW, *WAYS[way]))
    figures[way] = f"{failed} of {requests} failed: {reasons}"
    print(f"{way}: {figures[way]}")
    # Each request that waits for a container that is gone keeps one of the workers for seconds.
    assert requests > 1_000
    assert failed == 0 or way in ("directly", "with a retry")


def test_the_plan_says_that_requests_are_lost_and_where(playbook: Playbook, scenario: Path) -> None:
    directly = playbook("plan", app_version=OLD)
    sentence = "is served by the Traefik of service 'traefik' by its labels"
    assert sentence in directly.output
    between = playbook("plan", app_version=OLD, additional_files=[str(scenario / "project/edge.yml")])
    assert sentence not in between.output
