"""The task queue: how Celery is set up for those who send jobs (the API, beat) and those who run them."""

import hashlib
import hmac
from uuid import uuid4

from celery import Celery

from app.cache import Store
from app.settings import BROKER_DATABASE, RESULT_DATABASE, Settings

LONGEST_JOB = 60
"""Seconds. The worker's stop grace period must be longer, and the visibility timeout longer still."""

RESULTS_LIVE = 3600
"""Seconds for which it is known what became of a job."""


def create_queue(settings: Settings) -> Celery:
    """Return the Celery application with its broker and result store in Redis."""
    queue = Celery("shop", broker=settings.redis_url(BROKER_DATABASE), backend=settings.redis_url(RESULT_DATABASE))
    queue.conf.update(
        # Imported when a worker starts, not by `celery inspect`, which a health check runs every few seconds.
        include=["app.tasks"],
        accept_content=["json"],
        result_expires=RESULTS_LIVE,
        task_track_started=True,
        task_time_limit=LONGEST_JOB + 30,
        # Redis hands out a message again when nobody acknowledged it for this long: after a worker was killed.
        broker_transport_options={"visibility_timeout": 180, "socket_timeout": 5, "socket_connect_timeout": 5},
        broker_connection_retry_on_startup=True,
        result_backend_transport_options={"retry_policy": {"max_retries": 3, "interval_max": 1}},
        redis_socket_timeout=5,
        redis_socket_connect_timeout=5,
        # A worker that is being replaced finishes what it runs and leaves the rest in the queue for the others.
        worker_prefetch_multiplier=1,
        beat_schedule={"tick": {"task": "shop.tick", "schedule": 10.0, "options": {"expires": 10}}},
        beat_schedule_filename="/tmp/celerybeat-schedule",
    )
    return queue


def new_job_id(secret_key: str) -> str:
    """Return an identifier that only the holder of the key can have made."""
    nonce = uuid4().hex
    return f"{nonce}-{_signature(secret_key, nonce)}"


def is_own_job_id(secret_key: str, job_id: str) -> bool:
    """Tell whether the identifier was made with this key; Celery itself calls any unknown job pending."""
    nonce, _, signature = job_id.partition("-")
    return hmac.compare_digest(signature.encode(), _signature(secret_key, nonce).encode())


def _signature(secret_key: str, nonce: str) -> str:
    return hmac.new(secret_key.encode(), nonce.encode(), hashlib.sha256).hexdigest()[:24]


def count_completion(store: Store, job_id: str) -> None:
    """Note that a job was done to its end; a result alone does not tell how often it was."""
    store.incr(_completions(job_id))
    store.expire(_completions(job_id), RESULTS_LIVE)


def completions(store: Store, job_id: str) -> int:
    """Return how often a job was done to its end."""
    return int(store.get(_completions(job_id)) or 0)


def _completions(job_id: str) -> str:
    return f"jobs:{job_id}:completions"
