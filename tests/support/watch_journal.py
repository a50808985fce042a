"""On the server: wait for a record of the next rollout's journal, and if asked kill the rollout's process at once.

Run as ``python3 - HOME STEP kill|look`` before the rollout begins; STEP is the number of a record, from 1, or the name
of a step, of which the first record is meant. Prints ``watching`` and then one line of JSON: the record and the
processes killed, or ``null`` for a rollout that ended before.
"""

from __future__ import annotations

import glob
import json
import os
import signal
import sys
import time
from typing import Any

SECONDS = 150


def wanted(records: list[dict[str, Any]], step: str) -> dict[str, Any] | None:
    """Return the record that is waited for, once it is there; the end of a rollout is none."""
    steps = [record for record in records if record["step"] != "end"]
    if step.isdecimal():
        return steps[int(step) - 1] if len(steps) >= int(step) else None
    return next((record for record in steps if record["step"] == step), None)


def holders(lease: str) -> list[int]:
    """Return the processes that have the lease open for writing: who only asks for its holder reads it."""
    found = []
    for link in glob.glob("/proc/[0-9]*/fd/*"):
        try:
            if os.readlink(link) != lease:
                continue
            with open(link.replace("/fd/", "/fdinfo/")) as info:
                flags = next(int(line.split()[1], 8) for line in info if line.startswith("flags:"))
        except OSError:
            continue
        if flags & os.O_ACCMODE != os.O_RDONLY:
            found.append(int(link.split("/")[2]))
    return found


def killed(pid: int) -> bool:
    """Kill a process, and return whether it was still there to be killed."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def since(journal: str, offset: int) -> list[dict[str, Any]]:
    """Return the whole records after *offset*."""
    try:
        with open(journal, "rb") as stream:
            stream.seek(offset)
            return [json.loads(line) for line in stream.read().rpartition(b"\n")[0].splitlines()]
    except FileNotFoundError:
        return []


def main(home: str, step: str, what: str) -> None:
    """Wait, kill if that is asked for, and print what was found."""
    journal = f"{home}/state/journal.jsonl"
    # A stack that was never there has no journal yet.
    offset = os.path.getsize(journal) if os.path.exists(journal) else 0
    print("watching", flush=True)
    deadline = time.monotonic() + SECONDS
    pids: list[int] = []
    while time.monotonic() < deadline:
        records = since(journal, offset)
        if records and not pids and what == "kill":
            # Ahead of time: it takes longer than the last steps of a rollout.
            pids = holders(f"{home}/state/lease")
        record = wanted(records, step)
        if record:
            print(json.dumps({"record": record, "killed": [pid for pid in pids if killed(pid)]}), flush=True)
            return
        if any(one["step"] == "end" for one in records):
            break
        time.sleep(0.002)
    print("null", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
