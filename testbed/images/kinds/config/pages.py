"""Pages that use each service once, and say what it answered."""

import os
import uuid

import redis
import sqlalchemy
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpRequest, JsonResponse
from django.urls import path
from worker import double


def health(_request: HttpRequest) -> JsonResponse:
    """Answer 200 if the database answers."""
    return JsonResponse({"users": User.objects.count()})


def uses(_request: HttpRequest) -> JsonResponse:
    """Write to each service, and read what was written."""
    word = uuid.uuid4().hex
    user = User.objects.create(username=word, first_name="ÿ😀")
    user.refresh_from_db()
    with sqlalchemy.create_engine(os.environ["DATABASE_URL"]).connect() as connection:
        found = connection.execute(
            sqlalchemy.text("SELECT first_name FROM auth_user WHERE username = :name"), {"name": word}
        ).scalar_one()
    cache.set(word, word, 60)
    keys = redis.Redis.from_url(os.environ["CACHE_URL"])
    keys.set(word, word, ex=3600)
    kept = keys.get(word)
    return JsonResponse(
        {
            "django": user.first_name,
            "sqlalchemy": found,
            "memcached": cache.get(word) == word,
            "valkey": kept == word.encode(),
            "rabbitmq": double.delay(21).get(timeout=20),
        }
    )


urlpatterns = [path("health", health), path("uses", uses)]
