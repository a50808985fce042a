"""The shop: an HTTP API, a Celery worker and a Celery beat that share one image and one set of settings."""
