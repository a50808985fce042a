"""Jobs: what they compute, how they are sent and found again; and beat's ticks."""

import time
from datetime import UTC, datetime

import pytest
from celery import Celery
from conftest import MemoryStore
from sqlalchemy import Engine, insert
from starlette.testclient import TestClient

from app import tasks
from app.database import TickCounter
from app.queue import count_completion, is_own_job_id, new_job_id


@pytest.mark.parametrize(
    ("n", "primes"), [(0, 0), (1, 0), (2, 0), (3, 1), (4, 2), (5, 2), (9, 4), (10, 4), (26, 9), (100_000, 9592)]
)
def test_counts_primes(n: int, primes: int) -> None:
    assert tasks.count_primes(n) == primes


@pytest.fixture(autouse=True)
def _worker_store(monkeypatch: pytest.MonkeyPatch, store: MemoryStore) -> None:
    monkeypatch.setattr(tasks, "store", lambda: store)


def test_a_job_takes_the_time_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    result = tasks.job(100, 3)
    assert result["primes"] == 25
    assert slept == [pytest.approx(3, abs=0.5)]


def test_a_job_id_belongs_to_one_key() -> None:
    job_id = new_job_id("one key")
    assert is_own_job_id("one key", job_id)
    assert not is_own_job_id("another key", job_id)
    assert not is_own_job_id("one key", "0" * 32)
    assert not is_own_job_id("one key", "ünbekannt-ü")


def test_sends_a_job_that_the_worker_can_run(client: TestClient, queue: Celery) -> None:
    queue.loader.import_default_modules()
    sent = client.post("/api/jobs", json={"n": 100, "seconds": 0})
    assert sent.status_code == 202
    job_id = sent.json()["id"]
    pending = {"id": job_id, "state": "PENDING", "result": None, "completions": 0}
    assert client.get(f"/api/jobs/{job_id}").json() == pending
    with queue.connection_for_read() as connection:
        message = connection.SimpleQueue("celery").get(timeout=1)
        message.ack()
    assert message.headers["id"] == job_id
    _, arguments, _ = message.payload
    done = queue.tasks[message.headers["task"]].apply(kwargs=arguments, task_id=job_id)
    assert done.result["primes"] == 25
    assert client.get(f"/api/jobs/{job_id}").json()["completions"] == 1


def test_counts_how_often_a_job_was_done(client: TestClient, store: MemoryStore) -> None:
    job_id = client.post("/api/jobs", json={"n": 100}).json()["id"]
    count_completion(store, job_id)
    count_completion(store, job_id)
    assert client.get(f"/api/jobs/{job_id}").json()["completions"] == 2
    assert list(store.lifetimes.values()) == [3600]


def test_shows_the_result(client: TestClient, queue: Celery) -> None:
    job_id = client.post("/api/jobs", json={"n": 100, "seconds": 0}).json()["id"]
    queue.backend.store_result(job_id, {"primes": 25}, "SUCCESS")
    found = client.get(f"/api/jobs/{job_id}").json()
    assert (found["state"], found["result"]) == ("SUCCESS", {"primes": 25})


def test_shows_a_failure_without_its_traceback(client: TestClient, queue: Celery) -> None:
    job_id = client.post("/api/jobs", json={"n": 100, "seconds": 0}).json()["id"]
    queue.backend.store_result(job_id, RuntimeError("inside"), "FAILURE")
    found = client.get(f"/api/jobs/{job_id}").json()
    assert (found["state"], found["result"]) == ("FAILURE", None)


def test_an_unknown_job_is_not_found(client: TestClient) -> None:
    assert client.get(f"/api/jobs/{new_job_id('another key')}").status_code == 404


@pytest.mark.parametrize("body", [{"n": -1}, {"n": 1, "seconds": 61}, {"n": 5_000_001}, {}])
def test_refuses_a_job_out_of_bounds(client: TestClient, body: dict[str, float]) -> None:
    assert client.post("/api/jobs", json=body).status_code == 422


def test_a_job_survives_its_worker_and_a_tick_is_never_counted_twice(queue: Celery) -> None:
    queue.loader.import_default_modules()
    job, tick = queue.tasks["shop.job"], queue.tasks["shop.tick"]
    assert (job.acks_late, job.reject_on_worker_lost) == (True, True)
    assert not tick.acks_late


def test_ticks(client: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/api/ticks").json() == {"count": 0, "last_at": None}
    with engine.begin() as connection:
        connection.execute(insert(TickCounter).values(id=1, count=0))
    monkeypatch.setattr(tasks, "engine", lambda: engine)
    tasks.tick()
    tasks.tick()
    ticks = client.get("/api/ticks").json()
    assert ticks["count"] == 2
    assert abs((datetime.now(UTC) - datetime.fromisoformat(ticks["last_at"] + "+00:00")).total_seconds()) < 5


def test_beat_ticks_every_ten_seconds(queue: Celery) -> None:
    assert queue.conf.beat_schedule["tick"]["task"] == "shop.tick"
    assert queue.conf.beat_schedule["tick"]["schedule"] == 10
