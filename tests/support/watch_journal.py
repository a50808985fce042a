"""Run on the server: wait for a journal record of the next rollout, and kill its process or fill its disk then.

Run it as ``python3 - HOME STEP kill|fill|look`` before the rollout starts. STEP is the number of a record, from 1, or
the name of a step, whose first record is meant. It prints ``watching`` and then one line of JSON: the record, the
killed processes and the size of the file ``HOME/filler`` in bytes, or ``null`` if the rollout ended before the record.
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


def find(records: list[dict[str, Any]], step: str) -> dict[str, Any] | None:
    """Return the record of *step*, ``None`` if there is none yet. The record `end` does not count."""
    steps = [record for record in records if record["step"] != "end"]
    if step.isdecimal():
        return steps[int(step) - 1] if len(steps) >= int(step) else None
    return next((record for record in steps if record["step"] == step), None)


def holders(lease: str) -> list[int]:
    """Return the processes that have the lease open for writing. A process that only looks for the holder reads it."""
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


def kill(pid: int) -> bool:
    """Kill a process, and return whether it still existed."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def read_since(journal: str, offset: int) -> list[dict[str, Any]]:
    """Return the complete records after *offset*."""
    try:
        with open(journal, "rb") as stream:
            stream.seek(offset)
            return [json.loads(line) for line in stream.read().rpartition(b"\n")[0].splitlines()]
    except FileNotFoundError:
        return []


def fill(home: str) -> int:
    """Fill the filesystem of *home* with a file, and return its size in bytes."""
    size = 0
    with open(f"{home}/filler", "wb", buffering=0) as stream:
        for block in (1024**2, 4096, 1):
            try:
                while True:
                    size += stream.write(b"x" * block)
            except OSError:
                continue
    return size


def main(home: str, step: str, what: str) -> None:
    """Wait for the record, do *what*, and print both."""
    journal = f"{home}/state/journal.jsonl"
    # A new stack has no journal yet.
    offset = os.path.getsize(journal) if os.path.exists(journal) else 0
    print("watching", flush=True)
    deadline = time.monotonic() + SECONDS
    pids: list[int] = []
    while time.monotonic() < deadline:
        records = read_since(journal, offset)
        if records and not pids and what == "kill":
            # Find the processes early: this takes longer than the last steps of a rollout.
            pids = holders(f"{home}/state/lease")
        record = find(records, step)
        if record:
            filled = fill(home) if what == "fill" else 0
            killed = [pid for pid in pids if kill(pid)]
            print(json.dumps({"record": record, "killed": killed, "filled": filled}), flush=True)
            return
        if any(one["step"] == "end" for one in records):
            break
        time.sleep(0.002)
    print("null", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
