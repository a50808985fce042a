"""The application of Celery: RabbitMQ has its tasks, Valkey their results."""

import os

from celery import Celery

app = Celery("kinds", broker=os.environ["BROKER_URL"], backend=os.environ["CACHE_URL"])
app.conf.broker_connection_retry_on_startup = True
# Tasks survive a restart of the broker.
app.conf.task_default_queue_type = "quorum"
app.conf.broker_transport_options = {"confirm_publish": True}
app.conf.worker_detect_quorum_queues = True


@app.task  # type: ignore[untyped-decorator]
def double(number: int) -> int:
    """Return twice a number."""
    return 2 * number
