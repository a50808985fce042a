"""The ASGI application of `uvicorn app.main:app`."""

from app import cache, database
from app.api import create_api
from app.queue import create_queue
from app.settings import load_settings

settings = load_settings()
app = create_api(settings, database.connect(settings), cache.connect(settings), create_queue(settings))
