"""`make bench`: boot a server, deploy to it in four ways, in turns, and say how long each takes against ours.

Nothing is held to a time. Seconds depend on the machine and on what else it does; ratios come from sides that took
turns in one run and so saw the same load. What is measured and why is in `docs/performance.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from importlib.metadata import version

from tests.bench import rendering, server
from tests.bench.figures import Contest
from tests.bench.sides import AIMS, OURS, Bench, Sides


def _take_turns(
    title: str, sides: Sides, rounds: int, uncounted: int = 0, aims: Mapping[str, str] | None = None
) -> Contest:
    """Have each side do its work once a round, and return the seconds of all rounds but the first *uncounted*."""
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    for number in range(1 - uncounted, rounds + 1):
        for side, work in sides.items():
            begun = time.perf_counter()
            work()
            taken = time.perf_counter() - begun
            if number > 0:
                seconds[side].append(taken)
            when = f"round {number} of {rounds}" if number > 0 else "not counted"
            _say(f"{title}, {when}: {side} {taken:.2f} s")
    return Contest(title, seconds, OURS if OURS in sides else None, aims or {})


def _rendering(rounds: int) -> Contest:
    sizes = {"100 services": lambda: rendering.render(100), "1000 services": lambda: rendering.render(1000)}
    aims = {"1000 services": "below 2 s"}
    return _take_turns("description to release, in Python alone", sizes, rounds, uncounted=1, aims=aims)


def _deploys(rounds: int, version_rounds: int, round_trip: float) -> list[Contest]:
    # A socket has a short path, which a directory in the checkout may not have.
    with tempfile.TemporaryDirectory(prefix="bench-") as near, tempfile.TemporaryDirectory(prefix="bench-") as far:
        bench = Bench(server.Server(near))
        _say("deploying both stacks for the first time")
        bench.prepare()
        contests = [
            _take_turns("nothing to do", bench.nothing(), rounds, uncounted=1, aims=AIMS),
            _take_turns("a line of the edge's configuration", bench.reload(), rounds),
            _take_turns("another version of the application", bench.version(), version_rounds),
        ]
        if round_trip:
            bench.move(server.Server(far, round_trip))
            title = f"nothing to do, {round_trip:g} ms away"
            contests.append(_take_turns(title, bench.nothing(), rounds, uncounted=1, aims=AIMS))
    return contests


def _say(text: str) -> None:
    print(f"==> bench: {text}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Time a deploy against other ways to the same end.")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of a contest (default: %(default)s)")
    parser.add_argument(
        "--version-rounds", type=int, default=2, help="rounds of that with new images (default: %(default)s)"
    )
    parser.add_argument(
        "--round-trip",
        type=float,
        default=50,
        metavar="MS",
        help="round trip of the last contest, 0 for none of it (default: %(default)s)",
    )
    return parser.parse_args()


def main() -> int:
    """Run the bench; print tables and write `.testbed/bench/TIME.json`."""
    arguments = _arguments()
    load = [os.getloadavg()[0]]
    contests = [_rendering(arguments.rounds)]
    try:
        server.boot()
        contests += _deploys(arguments.rounds, arguments.version_rounds, arguments.round_trip)
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
    for contest in contests:
        print("", *contest.lines(), sep="\n")
    report = server.STATE / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.json"
    report.write_text(json.dumps({"machine": machine, "contests": [one.data() for one in contests]}, indent=1) + "\n")
    print(f"\nall times: {report.relative_to(server.ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
