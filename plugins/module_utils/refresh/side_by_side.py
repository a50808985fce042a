"""Work on several tables at once. Pure, apart from the threads.

Place in the pipeline: source and destination, around the streams of single tables. A stream is a process of Postgres
that uses one core, so two of them take half the time.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Callable, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
#: More streams would take the disk from the services of the host.
_MOST = 4


def each(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Do *work* for each item, as many at once as the host has cores, and return the results in the order of the items.

    After a failure, none is begun. Those that run end with the database that they read or write: who calls this removes
    it then.

    :raises Exception: the failure of the first item, in their order, that has failed by then.
    """
    if not items:
        return []
    executor = ThreadPoolExecutor(max_workers=max(1, min(_MOST, os.cpu_count() or 1)))
    try:
        futures = [executor.submit(work, item) for item in items]
        done = wait(futures, return_when=FIRST_EXCEPTION).done
        for future in futures:
            if future in done and not future.cancelled() and (error := future.exception()):
                raise error
        return [future.result() for future in futures]
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
