"""Run a command under load: `python3 -m testbed.load [--fails] -- COMMAND`, with a timeline between its own lines."""

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
    """Return 0 where the command ended as it should and no request failed; print why where it is not so."""
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
    print("", *(problems or [_praise(arguments.fails)]), sep="\n")
    return 1 if problems else 0


def verdict(report: Report, code: int, *, must_fail: bool) -> list[str]:
    """Return sentences on what is not as it should be, none where all is."""
    problems = []
    if bool(code) is not must_fail:
        should = "it should have failed" if must_fail else "it should have succeeded"
        problems.append(f"The command ended with code {code}; {should}.")
    if report.failed:
        problems.append(f"{report.failed} of {report.requests} requests failed.")
    versions = {sight.version for sight in report.sights if not sight.failed}
    if must_fail and len(versions) > 1:
        problems.append(f"More than one version answered: {', '.join(sorted(map(str, versions)))}.")
    return problems


def _praise(failed: bool) -> str:
    if failed:
        return "The deploy failed, as it should: the old version answered every request."
    return "No request failed."


def _run(command: list[str], load: Load, timeout: float) -> int:
    """Run the command with its lines shown as they come, and a line of the timeline for each second."""
    over = threading.Event()
    clock = threading.Thread(target=_tell, args=(load, over), daemon=True)
    clock.start()
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
    over.set()
    clock.join()
    return code


def _show(lines: IO[str] | None) -> None:
    for line in lines or ():
        # Ansible's rows of stars and blank lines would tear the timeline apart.
        text = line.rstrip().rstrip("*").rstrip()
        if text:
            print(f"          | {text}", flush=True)


def _tell(load: Load, over: threading.Event) -> None:
    """Print each second once it is over; a request still on its way then is told of in the report alone."""
    told = 0
    while not over.wait(0.1):
        if load.now() >= told + 1.5:
            rows = seconds(sight for sight in load.sights() if int(sight.at) == told)
            print(*(rows or [Second(told)]), sep="\n", flush=True)
            told += 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m testbed.load", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="where the application's public port is")
    parser.add_argument("--port", type=int, default=8420, help="that port (default: %(default)s)")
    parser.add_argument("--rate", type=float, default=Profile.rate, help="short requests a second")
    parser.add_argument("--fails", action="store_true", help="the command must fail, and the old version serve on")
    parser.add_argument("--timeout", type=float, default=600, help="seconds that the command may take")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="-- and the command")
    arguments = parser.parse_args()
    if arguments.command[:1] == ["--"]:
        del arguments.command[0]
    if not arguments.command:
        parser.error("name the command to run under load after --")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
