"""The Celery application of `celery -A app.worker worker` and `celery -A app.worker beat`."""

from app.queue import create_queue
from app.settings import load_settings

app = create_queue(load_settings())
