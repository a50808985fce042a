"""Give another database a million rows of production: masked, and as ``pg_dump | pg_restore`` does.

Ours restores a backup into a copy, reads it masked, writes a snapshot, loads it and searches it. The other one copies
the live database as it is. So it is what a refresh without any of its promises would take.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.figures import Contest
from tests.bench.sides import OURS
from tests.support import shop_database
from tests.support.local_stacks import Production

#: As a project of Compose.
_PROJECT = "slipway-bench-masked"
#: This makes 1,04 million rows.
_USERS = 200_000
_PLAIN = "pg_dump | pg_restore"


def measure(rounds: int) -> list[Contest]:
    """Return the seconds of both sides, and what ours takes them for, *rounds* times each."""
    sides: dict[str, list[float]] = {OURS: [], _PLAIN: []}
    shares: dict[str, list[float]] = {"make the masked snapshot": [], "load and search it": []}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, _production(Path(folder)) as stack:
        shop_database.create(stack.database(), _USERS)
        stack.save()
        for number in range(rounds):
            parts = _masked(stack, f"masked{number}")
            for share, taken in zip(shares.values(), parts, strict=True):
                share.append(taken)
            sides[OURS].append(sum(parts))
            sides[_PLAIN].append(_plain(stack, f"plain{number}"))
    aims = {OURS: f"at most 1.3 times {_PLAIN}"}
    return [Contest("a million rows in another database", sides, OURS, aims), Contest("ours", shares, None, {})]


@contextmanager
def _production(folder: Path) -> Iterator[Production]:
    stack = Production(_PROJECT, folder)
    try:
        yield stack
    finally:
        stack.remove()


def _masked(stack: Production, name: str) -> tuple[float, float]:
    started = time.perf_counter()
    path = stack.make(shop_database.rules())
    made = time.perf_counter()
    stack.load(path, name)
    loaded = time.perf_counter()
    stack.database("template1").run(f"DROP DATABASE {name};")
    return made - started, loaded - made


def _plain(stack: Production, name: str) -> float:
    server = stack.database("template1")
    started = time.perf_counter()
    server.run(f"CREATE DATABASE {name};")
    script = f"pg_dump -U shop -Fc shop | pg_restore -U shop -d {name}"
    subprocess.run(["docker", "exec", server.container.id, "sh", "-c", script], check=True)
    taken = time.perf_counter() - started
    server.run(f"DROP DATABASE {name};")
    return taken
