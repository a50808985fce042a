"""Settings as a project would have them in production, with the variables of the kinds mariadb and memcached."""

import os
from pathlib import Path


def _content(name: str) -> str:
    return Path(os.environ[name]).read_text(encoding="utf-8")


SECRET_KEY = _content("SECRET_KEY_FILE")
ALLOWED_HOSTS = [os.environ["DOMAIN"]]
SECURE_SSL_REDIRECT = True
# The server of the scenario has no certificate.
SECURE_REDIRECT_EXEMPT = ["^uses$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
ROOT_URLCONF = "config.pages"
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.mysql",
        "HOST": os.environ["MYSQL_HOST"],
        "PORT": os.environ["MYSQL_PORT"],
        "NAME": os.environ["MYSQL_DATABASE"],
        "USER": os.environ["MYSQL_USER"],
        "PASSWORD": _content("MYSQL_PASSWORD_FILE"),
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
        "LOCATION": f"{os.environ['MEMCACHED_HOST']}:{os.environ['MEMCACHED_PORT']}",
    }
}
