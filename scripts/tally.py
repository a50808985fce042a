"""Count the tests in all JUnit reports, list what failed and why, and print a last line like pytest's."""

from __future__ import annotations

import argparse
import textwrap
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

OUTCOMES = {"failure": "failed", "error": "error", "skipped": "skipped"}
#: Characters of a reason that are printed. The whole text is far above, in the output of the test.
_MAX_REASON = 600


@dataclass(frozen=True)
class Case:
    """One test of a report. ``outcome`` is ``passed``, ``failed``, ``error`` or ``skipped``; ``reason`` says why."""

    name: str
    outcome: str
    reason: str


def cases(reports: Path) -> list[Case]:
    """Return the tests of all `*.xml` files in the directory `reports`, with names like `report: class::test`."""
    return [
        Case(f"{path.stem}: {case.get('classname')}::{case.get('name')}", *_outcome(case))
        for path in sorted(reports.glob("*.xml"))
        for case in ElementTree.parse(path).iter("testcase")
    ]


def _outcome(case: ElementTree.Element) -> tuple[str, str]:
    for tag, name in OUTCOMES.items():
        if (found := case.find(tag)) is not None:
            return name, found.get("message", "")
    return "passed", ""


def last_line(totals: Counter[str], seconds: int) -> str:
    """Return a line such as `===== 2 failed, 140 passed in 412s =====`."""
    parts = [f"{totals[name]} {name}" for name in ("failed", "error", "passed", "skipped") if totals[name]]
    return f"===== {', '.join(parts) or 'no tests ran'} in {seconds}s ====="


def main() -> None:
    """Print the failed tests and the last line. A failed step without a failed test, such as lint, is one error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reports", type=Path)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--failed-step", default="none")
    arguments = parser.parse_args()
    found = cases(arguments.reports)
    totals = Counter(case.outcome for case in found)
    if arguments.failed_step != "none" and not totals["failed"] and not totals["error"]:
        totals["error"] = 1
    for case in found:
        if case.outcome in ("failed", "error"):
            print(f"FAILED {case.name}")
            print(textwrap.indent(case.reason[:_MAX_REASON], "  "))
    print(last_line(totals, arguments.seconds))


if __name__ == "__main__":
    main()
