"""What is particular to Postgres and Redis."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..registry import Problem, service_rule
from ..stack import Service, Stack
from ..vocabulary import MYSQL, OTHER_VERSIONS, POSTGRES, REDIS

_HOME = "/var/lib/postgresql"


def _major(service: Service) -> int | None:
    if service.image is None or service.base in OTHER_VERSIONS:
        match = re.search(r"-?pg(\d+)", service.image.tag) if service.image else None
        return int(match[1]) if match else None
    return service.image.major


@service_rule(
    "wwee",
    id="SLP130",
    title="Postgres' volume is where this version keeps its data",
    reason="Up to 17 the data is in /var/lib/postgresql/data, from 18 on in a directory below /var/lib/postgresql; "
    "mounted elsewhere, the data is in an anonymous volume and gone with the container, or the server does not start.",
    fix="Mount it at /var/lib/postgresql/data up to 17, at /var/lib/postgresql from 18 on.",
    reference="The image's own documentation: postgres, PGDATA",
)
def postgres_path(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find volumes at the other version's path, unless PGDATA says where the data is."""
    major = _major(service)
    if service.base not in POSTGRES or major is None or "PGDATA" in service.told or not 9 <= major < 100:
        return
    for mount in service.mounts:
        if major >= 18 and mount.target == f"{_HOME}/data":
            yield f"is version {major} with its volume at {mount.target}, where it was up to 17", mount.path
        elif major < 18 and mount.target == _HOME and all(other.target != f"{_HOME}/data" for other in service.mounts):
            yield f"is version {major} with its volume at {mount.target}, where it is from 18 on", mount.path


@service_rule(
    "wwww",
    id="SLP131",
    title="A database is given a password",
    reason="The image of Postgres or MySQL does not start the first time without one.",
    fix="Set `POSTGRES_PASSWORD_FILE`, or `MYSQL_ROOT_PASSWORD_FILE`, to a secret.",
    reference="The images' own documentation: postgres, mysql, mariadb",
)
def no_password(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find Postgres and MySQL whose environment, all of it known, has no password."""
    told = set(service.told)
    if not service.holds_data or service.untold:
        return
    if service.base in POSTGRES:
        if not told & {"POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE", "POSTGRES_HOST_AUTH_METHOD"}:
            yield "is given no password: POSTGRES_PASSWORD_FILE is missing", ("environment",)
    elif service.base in MYSQL and not any(
        re.fullmatch(r"(?:MYSQL|MARIADB)_(?:RANDOM_ROOT_PASSWORD|ALLOW_EMPTY\w*|ROOT_PASSWORD(?:_\w+)?)", name)
        for name in told
    ):
        yield "is given no password: MYSQL_ROOT_PASSWORD_FILE is missing", ("environment",)


def _settings(service: Service) -> str:
    return " ".join([service.command, service.told.get("REDIS_ARGS", ""), service.told.get("REDIS_EXTRA_FLAGS", "")])


def _configured(service: Service) -> bool:
    """Return whether a file that the review cannot see configures it."""
    return bool(re.search(r"\S+\.conf\b", _settings(service)))


@service_rule(
    "wwee",
    id="SLP132",
    title="A datastore with a published port asks for a password",
    reason="Redis and MongoDB let everybody in unless told otherwise, and on the loopback address everybody is every "
    "program of that host.",
    fix="Give it a password from a file, or remove the port.",
    reference="Redis documentation, security; MongoDB documentation, security checklist",
)
def published_open(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find published ports of Redis and MongoDB without authentication."""
    if not service.ports:
        return
    if service.base in REDIS and not _configured(service):
        if not re.search(r"--(?:requirepass|aclfile)\b", _settings(service)) and "REDIS_PASSWORD" not in service.told:
            yield "publishes a port and asks for no password", service.ports[0].path
    elif service.base in ("mongo", "mongodb") and not service.untold:
        asks = any("ROOT_USERNAME" in name or "ROOT_PASSWORD" in name for name in service.told)
        if not asks and "--auth" not in service.command:
            yield "publishes a port and asks for no password", service.ports[0].path


@service_rule(
    "-iww",
    id="SLP133",
    title="A broker does not forget",
    reason="Redis writes a snapshot now and then; jobs of the last minutes are lost with a crash. And once it is full, "
    "an `allkeys` policy throws queues away.",
    fix="Start it with `--appendonly yes` and `--maxmemory-policy noeviction`.",
    reference="Redis documentation, persistence; Celery documentation, Redis caveats",
)
def forgetful_broker(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find a Redis that is the broker of workers and keeps no append-only file, or evicts."""
    if service.base not in REDIS or _configured(service) or not _is_broker(service, stack):
        return
    settings = _settings(service)
    if re.search(r"--maxmemory-policy[=\s]+(?:allkeys|volatile)", settings):
        yield "is a broker and throws keys away when it is full", ("command",)
    elif not re.search(r"--appendonly[=\s]+[\"']?yes", settings):
        yield "is a broker and keeps no append-only file", ("command",)


def _is_broker(service: Service, stack: Stack) -> bool:
    """Return whether workers that use Redis for their queue are told of it."""
    for other in stack.services.values():
        if re.search(r"\b(?:celery|rq|arq|sidekiq|dramatiq|bullmq|huey)\b", other.command):
            broker = any(
                f"//{service.name}:" in value or f"@{service.name}:" in value
                for name, value in other.told.items()
                if "RESULT" not in name.upper() and "CACHE" not in name.upper()
            )
            if broker or service.name in other.mapping("depends_on"):
                return not any(one.base == "rabbitmq" for one in stack.services.values())
    return False
