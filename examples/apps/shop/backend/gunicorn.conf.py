"""What `gunicorn app.main:app` is started with: workers that speak ASGI, behind a proxy, with a read-only filesystem."""

import os

bind = "0.0.0.0:8000"
worker_class = "uvicorn_worker.UvicornWorker"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# The proxy keeps idle connections for three seconds; gunicorn's two would close them under a request.
keepalive = 5
# A request may take 25 seconds (app/live.py); the stop grace period of the container must exceed this.
graceful_timeout = 30
timeout = 60
# Only the proxy reaches this port. It writes the access log, too.
forwarded_allow_ips = "*"
accesslog = None
# Heartbeats of the workers are files, and a disk that is slow would make them look dead.
worker_tmp_dir = "/dev/shm"
# Nobody asks it, and its socket would be a file beside the code.
control_socket_disable = True
