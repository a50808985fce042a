"""Run a command under load: `python3 -m testbed.load [--fails] -- COMMAND`.

A line for each second is printed between the lines of the command.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from typing import IO

from testbed import shell
from testbed.load.session import Load, Profile, Report
from testbed.load.visitor import Second, seconds

#: Seconds of load before the command and after it.
MARGIN = 3


def main() -> int:
    """Return 0 if the command ended as expected and no request failed. Otherwise print the reasons and return 1."""
    arguments = _arguments()
    try:
        with Load(arguments.host, arguments.port, Profile(rate=arguments.rate)) as load:
            code = _run(arguments.command, load, arguments.timeout)
    except (shell.StepError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    report = load.report
    print("", *report.lines(), sep="\n", flush=True)
    problems = verdict(report, code, must_fail=arguments.fails)
    print("", *(problems or [_success(arguments.fails)]), sep="\n")
    return 1 if problems else 0


def verdict(report: Report, code: int, *, must_fail: bool) -> list[str]:
    """Return a sentence for each problem, an empty list if there is none."""
    problems = []
    if bool(code) is not must_fail:
        expected = "it should have failed" if must_fail else "it should have succeeded"
        problems.append(f"The command ended with code {code}; {expected}.")
    if report.failed:
        problems.append(f"{report.failed} of {report.requests} requests failed.")
    versions = {sample.version for sample in report.samples if not sample.failed}
    if must_fail and len(versions) > 1:
        problems.append(f"More than one version answered: {', '.join(sorted(map(str, versions)))}.")
    return problems


def _success(must_fail: bool) -> str:
    if must_fail:
        return "The deploy failed, as expected. The old version answered every request."
    return "No request failed."


def _run(command: list[str], load: Load, timeout: float) -> int:
    """Run the command, and print its lines as they come and a line of the timeline for each second."""
    ended = threading.Event()
    timeline = threading.Thread(target=_print_timeline, args=(load, ended), daemon=True)
    timeline.start()
    time.sleep(MARGIN)
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        limit = threading.Timer(timeout, process.kill)
        limit.start()
        _show(process.stdout)
        code = process.wait()
        limit.cancel()
    time.sleep(MARGIN)
    ended.set()
    timeline.join()
    return code


def _show(lines: IO[str] | None) -> None:
    for line in lines or ():
        # Ansible prints rows of stars and blank lines, which make the timeline hard to read.
        text = line.rstrip().rstrip("*").rstrip()
        if text:
            print(f"          | {text}", flush=True)


def _print_timeline(load: Load, ended: threading.Event) -> None:
    """Print a line for each second, half a second after its end. A request that takes longer is only in the report."""
    second = 0
    while not ended.wait(0.1):
        if load.now() >= second + 1.5:
            rows = seconds(sample for sample in load.samples() if int(sample.at) == second)
            print(*(rows or [Second(second)]), sep="\n", flush=True)
            second += 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m testbed.load", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="host of the application (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8420, help="its public port (default: %(default)s)")
    parser.add_argument("--rate", type=float, default=Profile.rate, help="short requests per second")
    parser.add_argument("--fails", action="store_true", help="the command must fail and the old version keep serving")
    parser.add_argument("--timeout", type=float, default=600, help="seconds after which the command is killed")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="-- and the command")
    arguments = parser.parse_args()
    if arguments.command[:1] == ["--"]:
        del arguments.command[0]
    if not arguments.command:
        parser.error("give the command to run under load after --")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
