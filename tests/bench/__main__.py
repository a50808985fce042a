"""`make bench`: boot a server, deploy to it in four ways in turns, and compare their times with ours.

No time is a limit. Seconds depend on the machine and on its other work. Ratios are comparable, because the sides take
turns in one run and so have the same load. `docs/performance.md` says what is measured and why.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from importlib.metadata import version

from tests.bench import hosts, hot_reload, masked, policy, rendering, repository, server, under_load
from tests.bench.figures import Contest, shares
from tests.bench.sides import AIMS, OURS, Bench, Sides
from tests.bench.under_load import Outcome

#: The share of a rollout's time that is not spent on containers: they are not created, started, drained or stopped.
OWN = "for everything else"


def _take_turns(
    title: str, sides: Sides, rounds: int, uncounted: int = 0, aims: Mapping[str, str] | None = None
) -> Contest:
    """Let each side do its work once per round. Return the seconds of all rounds except the first *uncounted*."""
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    for number in range(1 - uncounted, rounds + 1):
        for side, work in sides.items():
            started = time.perf_counter()
            afterwards = work()
            taken = time.perf_counter() - started
            if afterwards:
                afterwards()
            if number > 0:
                seconds[side].append(taken)
            when = f"round {number} of {rounds}" if number > 0 else "not counted"
            _say(f"{title}, {when}: {side} {taken:.2f} s")
    return Contest(title, seconds, OURS if OURS in sides else None, aims or {})


def _rendering(rounds: int) -> Contest:
    sizes = {"100 services": lambda: rendering.render(100), "1000 services": lambda: rendering.render(1000)}
    aims = {"1000 services": "below 2 s"}
    return _take_turns("description to release, in Python alone", sizes, rounds, uncounted=1, aims=aims)


def _deploys(bench: Bench, rounds: int, version_rounds: int) -> list[Contest]:
    return [
        _take_turns("nothing to do", bench.nothing(), rounds, uncounted=1, aims=AIMS),
        _take_turns("a line of the edge's configuration", bench.reload(), rounds),
        _take_turns("another version of the application", bench.version(), version_rounds),
    ]


def _far_away(bench: Bench, rounds: int, round_trip: float) -> Contest:
    # The path of a socket must be short, so it cannot be in the checkout.
    with tempfile.TemporaryDirectory(prefix="bench-") as sockets:
        bench.move(server.Server(sockets, round_trip))
        bench.settle()
        title = f"nothing to do, {round_trip:g} ms away"
        return _take_turns(title, bench.nothing(), rounds, uncounted=1, aims=AIMS)


def _under_load(bench: Bench, rounds: int) -> list[Outcome]:
    outcomes = []
    for number in range(1, rounds + 1):
        for side, port, work in bench.under_load():
            outcomes.append(under_load.measure(side, server.ADDRESS, port, work))
            result = f"{outcomes[-1].seconds:.1f} s, {outcomes[-1].failed} failed"
            _say(f"under load, round {number} of {rounds}: {side} {result}")
    return outcomes


def _rollouts(where: str, accounts: Iterable[str]) -> Contest:
    return Contest(f"our rollouts to another version{where}", shares(accounts), None, {OWN: "below 2 s"})


def _on_the_server(arguments: argparse.Namespace) -> tuple[list[Contest], list[Outcome]]:
    contests = []
    with tempfile.TemporaryDirectory(prefix="bench-") as sockets:
        bench = Bench(server.Server(sockets))
        _say("deploying both stacks for the first time")
        bench.prepare()
        if arguments.load_only:
            # The times without load, to compare with those under load.
            _take_turns("another version", {OURS: bench.version()[OURS]}, arguments.load_rounds)
        else:
            contests += _deploys(bench, arguments.rounds, arguments.version_rounds)
        contests.append(_rollouts("", bench.accounts))
        before = len(bench.accounts)
        outcomes = _under_load(bench, arguments.load_rounds)
        contests.append(_rollouts(", under load", bench.accounts[before:]))
        if arguments.round_trip and not arguments.load_only:
            contests.append(_far_away(bench, arguments.rounds, arguments.round_trip))
    return contests, outcomes


def _say(text: str) -> None:
    print(f"==> bench: {text}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench", description="Compare the time of a deploy with that of other tools."
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds of a contest (default: %(default)s)")
    parser.add_argument(
        "--version-rounds", type=int, default=2, help="rounds of deploys of another version (default: %(default)s)"
    )
    parser.add_argument("--load-rounds", type=int, default=3, help="rounds under load (default: %(default)s)")
    parser.add_argument(
        "--round-trip",
        type=float,
        default=50,
        metavar="MS",
        help="round trip of the last contest, 0 to leave it out (default: %(default)s)",
    )
    parser.add_argument(
        "--load-only", action="store_true", help="only run the contest under load, and our rollouts without load"
    )
    parser.add_argument(
        "--hot-reload", action="store_true", help="only time files saved in a checkout; boots no server"
    )
    parser.add_argument(
        "--data", action="store_true", help="only mask and load a database of a million rows, and save one in restic"
    )
    parser.add_argument("--hosts", action="store_true", help="only measure what each further host costs the controller")
    parser.add_argument(
        "--policy", action="store_true", help="only check the corpus against the policy; boots no server"
    )
    return parser.parse_args()


def _data(rounds: int) -> int:
    try:
        # This builds the image of Postgres, too.
        server.boot()
        for contest in masked.measure(rounds):
            print("", *contest.lines(), sep="\n", flush=True)
        with tempfile.TemporaryDirectory(prefix="bench-") as sockets:
            contests, added = repository.measure(server.Server(sockets), rounds)
        for contest in contests:
            print("", *contest.lines(), sep="\n")
        print(*added, sep="\n")
    except server.BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        server.remove()
    return 0


def _hosts(rounds: int) -> int:
    try:
        server.boot()
        with tempfile.TemporaryDirectory(prefix="bench-") as sockets:
            one = server.Server(sockets)
            bench = Bench(one)
            bench.prepare()
            costs = hosts.measure(one, bench, rounds, _say)
    except server.BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        server.remove()
    print("", *hosts.lines(costs), sep="\n")
    return 0


def main() -> int:
    """Run the bench; print tables and write `.testbed/bench/TIME.json`."""
    arguments = _arguments()
    if arguments.hot_reload:
        print(*hot_reload.measure(arguments.rounds).lines(), sep="\n")
        return 0
    if arguments.hosts:
        return _hosts(arguments.load_rounds)
    if arguments.data:
        return _data(arguments.load_rounds)
    print(*policy.lines(), sep="\n", flush=True)
    if arguments.policy:
        return 0
    load = [os.getloadavg()[0]]
    contests = [] if arguments.load_only else [_rendering(arguments.rounds)]
    try:
        server.boot()
        deploys, outcomes = _on_the_server(arguments)
    except server.BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        server.remove()
    load.append(os.getloadavg()[0])
    machine = {
        "cores": os.cpu_count(),
        "load": load,
        "python": sys.version.split()[0],
        "ansible_core": version("ansible-core"),
    }
    print(f"\n{machine['cores']} cores, load {load[0]:.1f} before and {load[1]:.1f} after, rounds in turns")
    contests += deploys
    for contest in contests:
        print("", *contest.lines(), sep="\n")
    print("", *under_load.lines(outcomes), sep="\n")
    report = server.STATE / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.json"
    results = {
        "machine": machine,
        "contests": [one.data() for one in contests],
        "under_load": [one.data() for one in outcomes],
    }
    report.write_text(json.dumps(results, indent=1) + "\n")
    print(f"\nall times: {report.relative_to(server.ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
