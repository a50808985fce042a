"""Add up the JUnit reports of all test runs: name what failed, and print one closing line in pytest's form."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

OUTCOMES = {"failure": "failed", "error": "error", "skipped": "skipped"}


def count(reports: Path) -> Counter[str]:
    """Return the number of tests by outcome over all `*.xml` in the directory `reports`."""
    totals: Counter[str] = Counter()
    for path in sorted(reports.glob("*.xml")):
        for case in ElementTree.parse(path).iter("testcase"):
            totals[next((name for tag, name in OUTCOMES.items() if case.find(tag) is not None), "passed")] += 1
    return totals


def failed(reports: Path) -> list[str]:
    """Return the tests of all reports that failed or broke, as `FAILED report: class::test`."""
    return [
        f"FAILED {path.stem}: {case.get('classname')}::{case.get('name')}"
        for path in sorted(reports.glob("*.xml"))
        for case in ElementTree.parse(path).iter("testcase")
        if case.find("failure") is not None or case.find("error") is not None
    ]


def closing_line(totals: Counter[str], seconds: int) -> str:
    """Return for example `===== 2 failed, 140 passed in 412s =====`."""
    parts = [f"{totals[name]} {name}" for name in ("failed", "error", "passed", "skipped") if totals[name]]
    return f"===== {', '.join(parts) or 'no tests ran'} in {seconds}s ====="


def main() -> None:
    """Print what failed and the closing line; a step without a failing test that failed (lint) counts as one error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reports", type=Path)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--failed-step", default="none")
    arguments = parser.parse_args()
    totals = count(arguments.reports)
    if arguments.failed_step != "none" and not totals["failed"] and not totals["error"]:
        totals["error"] = 1
    for line in failed(arguments.reports):
        print(line)
    print(closing_line(totals, arguments.seconds))


if __name__ == "__main__":
    main()
