"""A refresh of ten times the rows takes the same memory, and one goes to a newer major version of Postgres."""

from __future__ import annotations

import os
import resource
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.refresh.settings import Settings

from tests.support import shop_database
from tests.support.local_stacks import Production, Staging

#: KiB. Blocks of a stream are full only in a large table, and each stream that runs at once has a few of them. All rows
#: in memory would be 50 MiB more.
_TOLERATED = 14 * 1024
_SETTINGS = Settings("db", {}, (), (), 600.0)


def _peak(work: Callable[[], object]) -> int:
    """Do work in a process of its own, and return the KiB that it had in memory at most."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work()
            os.write(writing, str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss).encode())
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as stream:
        peak = stream.read()
    assert peak, "the work failed; its traceback is in the output"
    return int(peak)


def test_memory_does_not_grow_with_the_rows(production: Production) -> None:
    peaks = []
    for users in (5_000, 50_000):
        production.database().run('DROP SCHEMA IF EXISTS public, sales, "Back Office" CASCADE; CREATE SCHEMA public;')
        shop_database.create(production.database(), users)
        production.save()

        def refresh(name: str = f"of_{users}") -> None:
            production.load(production.make(shop_database.rules()), name)

        peaks.append(_peak(refresh))
    assert peaks[1] < peaks[0] + _TOLERATED, peaks
    print(f"5,000 and 50,000 users: {peaks[0]} and {peaks[1]} KiB")


@pytest.fixture
def of_version(project: str, tmp_path: Path) -> Iterator[Callable[[str, str], tuple[Production, Staging]]]:
    """Return a function that starts production and staging with these major versions of Postgres."""
    started: list[Production | Staging] = []

    def start(source: str, target: str) -> tuple[Production, Staging]:
        production = Production(f"{project}-from", tmp_path, source)
        started.append(production)
        staging = Staging(f"{project}-to", tmp_path, _SETTINGS, target)
        started.append(staging)
        return production, staging

    try:
        yield start
    finally:
        for stack in started:
            stack.remove()


@pytest.mark.parametrize(("source", "target"), [("17", "18"), ("18", "18")])
def test_to_postgres_18(source: str, target: str, of_version: Callable[[str, str], tuple[Production, Staging]]) -> None:
    production, staging = of_version(source, target)
    shop_database.create(production.database(), 300)
    production.save()
    staging.refresh(production.make(shop_database.rules()))
    assert staging.database().run("SELECT count(*) FROM public.users") == ["300"]
    assert staging.database().run("SELECT to_regclass('migrated')") == ["migrated"]
