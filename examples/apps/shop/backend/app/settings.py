"""Settings from the environment, secrets from files; read once, when a process starts."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

CACHE_DATABASE = 0
BROKER_DATABASE = 1
RESULT_DATABASE = 2


@dataclass(frozen=True)
class Settings:
    """Where the database and Redis are, what opens them, and which build this is."""

    postgres_host: str
    postgres_port: int
    postgres_db: str
    postgres_user: str
    postgres_password: str = field(repr=False)
    redis_host: str
    redis_port: int
    redis_password: str | None = field(repr=False)
    secret_key: str = field(repr=False)
    uploads_dir: Path | None = None
    version: str = "development"
    commit: str = "unknown"

    def redis_url(self, database: int) -> str:
        """Return the URL, password included where there is one, of one of Redis' numbered databases."""
        login = f":{quote(self.redis_password, safe='')}@" if self.redis_password else ""
        return f"redis://{login}{self.redis_host}:{self.redis_port}/{database}"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings found in `environ`.

    Raises ValueError with one sentence that names every variable that is missing, or the one that is wrong.
    """
    required = ("POSTGRES_HOST", "POSTGRES_DB", "POSTGRES_USER", "REDIS_HOST")
    secrets = ("POSTGRES_PASSWORD", "SECRET_KEY")
    missing = [name for name in required if not environ.get(name)]
    missing += [f"{name}_FILE" for name in secrets if not (environ.get(f"{name}_FILE") or environ.get(name))]
    if missing:
        raise ValueError(f"The environment lacks {', '.join(missing)}: the shop cannot start without them.")
    return Settings(
        postgres_host=environ["POSTGRES_HOST"],
        postgres_port=_port(environ, "POSTGRES_PORT", 5432),
        postgres_db=environ["POSTGRES_DB"],
        postgres_user=environ["POSTGRES_USER"],
        postgres_password=read_secret(environ, "POSTGRES_PASSWORD"),
        redis_host=environ["REDIS_HOST"],
        redis_port=_port(environ, "REDIS_PORT", 6379),
        redis_password=_optional_secret(environ, "REDIS_PASSWORD"),
        secret_key=read_secret(environ, "SECRET_KEY"),
        uploads_dir=Path(environ["UPLOADS_DIR"]) if environ.get("UPLOADS_DIR") else None,
        version=environ.get("APP_VERSION") or "development",
        commit=environ.get("GIT_COMMIT") or "unknown",
    )


def load_settings() -> Settings:
    """Return the settings of this process, or end it with the one sentence that says what is wrong."""
    try:
        return read_settings(os.environ)
    except ValueError as error:
        sys.exit(f"shop: {error}")


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name) or str(default)
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise ValueError(f"{name} is {value!r}, but it must be a port number from 1 to 65535.")
    return int(value)


def _optional_secret(environ: Mapping[str, str], name: str) -> str | None:
    try:
        return read_secret(environ, name) or None
    except KeyError:
        return None


def read_secret(environ: Mapping[str, str], name: str) -> str:
    """Return the content, without surrounding blanks, of the file that NAME_FILE names, else the value of NAME.

    Raises ValueError with a sentence about a file that cannot be read or is empty, KeyError where neither is there.
    """
    path = environ.get(f"{name}_FILE")
    if not path:
        return environ[name]
    try:
        value = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ValueError(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from error
    if not value:
        raise ValueError(f"{name}_FILE names {path}, which is empty, but it must hold the secret.")
    return value
