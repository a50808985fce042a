"""Jobs for the worker, and what became of them."""

from typing import Annotated, Any

from celery import Celery
from fastapi import APIRouter, HTTPException
from kombu.exceptions import OperationalError
from pydantic import BaseModel, Field
from redis import RedisError
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.cache import Store
from app.database import TickCounter
from app.queue import LONGEST_JOB, completions, is_own_job_id, new_job_id


class NewJob(BaseModel):
    """Count the primes below `n` and take at least `seconds` for it."""

    n: Annotated[int, Field(ge=0, le=5_000_000)]
    seconds: Annotated[float, Field(ge=0, le=LONGEST_JOB)] = 0


class JobState(BaseModel):
    """`state` is Celery's: PENDING, STARTED, SUCCESS, FAILURE; `result` is there on success only.

    `completions` is how often the job was done to its end: a job whose worker was killed may be done again.
    """

    id: str
    state: str
    result: dict[str, Any] | None = None
    completions: int = 0


class Ticks(BaseModel):
    """How often beat has ticked, and when it did last (ISO 8601)."""

    count: int
    last_at: str | None


def job_routes(engine: Engine, store: Store, queue: Celery, secret_key: str) -> APIRouter:
    """Return the routes of the jobs and of beat's ticks."""
    router = APIRouter(prefix="/api", tags=["jobs"])

    @router.post("/jobs", status_code=202)
    def enqueue(new: NewJob) -> JobState:
        job_id = new_job_id(secret_key)
        try:
            queue.send_task("shop.job", kwargs=new.model_dump(), task_id=job_id)
        except (OperationalError, RedisError) as error:
            raise HTTPException(503, "The queue is unavailable: the job was not accepted.") from error
        return JobState(id=job_id, state="PENDING")

    @router.get("/jobs/{job_id}")
    def state(job_id: str) -> JobState:
        if not is_own_job_id(secret_key, job_id):
            raise HTTPException(404, "There is no such job.")
        result = queue.AsyncResult(job_id)
        try:
            state = result.state
            found = result.result if state == "SUCCESS" else None
            return JobState(id=job_id, state=state, result=found, completions=completions(store, job_id))
        except RedisError as error:
            raise HTTPException(503, "The result store is unavailable.") from error

    @router.get("/ticks")
    def ticks() -> Ticks:
        with Session(engine) as session:
            counter = session.get(TickCounter, 1)
        if counter is None:
            return Ticks(count=0, last_at=None)
        return Ticks(count=counter.count, last_at=counter.last_at.isoformat() if counter.last_at else None)

    return router
