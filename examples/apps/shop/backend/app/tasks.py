"""What the worker does: jobs on demand, and a tick whenever beat asks for one."""

import os
import socket
import time
from functools import cache
from math import isqrt
from typing import TypedDict

from celery import Task, shared_task
from sqlalchemy import Engine, func, update

from app import cache as redis
from app.database import TickCounter, connect
from app.queue import count_completion
from app.settings import load_settings


class JobResult(TypedDict):
    """How many primes there are below `n`, and which worker of which version counted them."""

    n: int
    primes: int
    seconds: float
    worker: str
    version: str


def count_primes(n: int) -> int:
    """Return how many primes are smaller than `n`."""
    if n < 3:
        return 0
    sieve = bytearray([1]) * n
    sieve[:2] = b"\0\0"
    for number in range(2, isqrt(n - 1) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, n, number)))
    return sum(sieve)


@cache
def engine() -> Engine:
    """Return the engine of this pool process, opened after the fork because connections do not survive one."""
    return connect(load_settings())


@cache
def store() -> redis.Store:
    """Return this pool process's client of Redis."""
    return redis.connect(load_settings())


# Acknowledged late: a job only computes, so running it a second time is better than losing it with its worker.
@shared_task(name="shop.job", bind=True, acks_late=True, reject_on_worker_lost=True)
def job(self: Task, n: int, seconds: float) -> JobResult:
    """Count the primes below `n` and take at least `seconds` for it; what is done at last is counted by the job."""
    started = time.monotonic()
    primes = count_primes(n)
    time.sleep(max(0.0, seconds - (time.monotonic() - started)))
    count_completion(store(), self.request.id)
    return {
        "n": n,
        "primes": primes,
        "seconds": round(time.monotonic() - started, 3),
        "worker": socket.gethostname(),
        "version": os.environ.get("APP_VERSION") or "development",
    }


# Acknowledged early, which is the default: a lost tick is better than one that is counted twice.
@shared_task(name="shop.tick", ignore_result=True)
def tick() -> None:
    """Count one tick of beat."""
    statement = update(TickCounter).where(TickCounter.id == 1)
    with engine().begin() as connection:
        connection.execute(statement.values(count=TickCounter.count + 1, last_at=func.now()))
