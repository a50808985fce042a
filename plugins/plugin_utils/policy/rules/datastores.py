"""Datastores: data paths and passwords of Postgres, MySQL, MongoDB and Redis, and brokers that keep their queue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .. import postgres_tags
from ..known_datastores import MYSQL, POSTGRES, REDIS
from ..rule_registry import Problem, StackProblem, service_rule, stack_rule
from ..stack import Service, Stack

_HOME = "/var/lib/postgresql"


@service_rule(
    "wwee",
    id="SLP130",
    title="The volume of Postgres is at the data path of its version",
    reason="Up to version 17 the data is in /var/lib/postgresql/data, from 18 on in a directory of "
    "/var/lib/postgresql. With a mount at another path, the data is in an anonymous volume and is lost with the "
    "container, or the server does not start.",
    fix="Mount the volume at /var/lib/postgresql/data up to version 17, at /var/lib/postgresql from version 18 on.",
    reference="The image's own documentation: postgres, PGDATA",
)
def postgres_path(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find volumes at the path of other versions, unless PGDATA sets the data path."""
    version = postgres_tags.major_of_image(service.image.text) if service.image else ""
    if not version or "PGDATA" in service.variables:
        return
    major = int(version.partition(".")[0])
    for mount in service.mounts:
        if major >= 18 and mount.target == f"{_HOME}/data":
            yield f"is version {major}, but its volume is at {mount.target}, the path up to version 17", mount.path
        elif major < 18 and mount.target == _HOME and all(other.target != f"{_HOME}/data" for other in service.mounts):
            yield f"is version {major}, but its volume is at {mount.target}, the path from version 18 on", mount.path


@service_rule(
    "wwww",
    id="SLP131",
    title="A database has a password",
    reason="Without a password, the images of Postgres and MySQL do not start for the first time.",
    fix="Set `POSTGRES_PASSWORD_FILE` or `MYSQL_ROOT_PASSWORD_FILE` to the path of a secret.",
    reference="The images' own documentation: postgres, mysql, mariadb",
)
def no_password(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find Postgres and MySQL without a password, if all their variables are known."""
    variables = set(service.variables)
    if not service.is_datastore or service.variables_incomplete:
        return
    if service.base in POSTGRES:
        if not variables & {"POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE", "POSTGRES_HOST_AUTH_METHOD"}:
            yield "has no password: POSTGRES_PASSWORD_FILE is missing", ("environment",)
    elif service.base in MYSQL and not any(
        re.fullmatch(r"(?:MYSQL|MARIADB)_(?:RANDOM_ROOT_PASSWORD|ALLOW_EMPTY\w*|ROOT_PASSWORD(?:_\w+)?)", name)
        for name in variables
    ):
        yield "has no password: MYSQL_ROOT_PASSWORD_FILE is missing", ("environment",)


def _redis_options(service: Service) -> str:
    variables = service.variables
    return " ".join([service.command, variables.get("REDIS_ARGS", ""), variables.get("REDIS_EXTRA_FLAGS", "")])


def _has_configuration_file(service: Service) -> bool:
    """Return whether a Redis has a configuration file, whose content the rules do not know."""
    return bool(re.search(r"\S\.conf\b", _redis_options(service)))


@service_rule(
    "wwee",
    id="SLP132",
    title="A datastore with a published port requires a password",
    reason="By default, Redis and MongoDB require no login. On the loopback address, every program of the host has "
    "access.",
    fix="Set a password from a file, or remove the port.",
    reference="Redis documentation, security; MongoDB documentation, security checklist",
)
def published_open(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find published ports of Redis and MongoDB without authentication."""
    if not service.ports:
        return
    if (service.base in REDIS or service.base == "dragonfly") and not _has_configuration_file(service):
        if not re.search(r"--(?:requirepass|aclfile)\b", _redis_options(service)) and not {
            "REDIS_PASSWORD",
            "REDIS_PASSWORD_FILE",
            "DFLY_requirepass",
        } & set(service.variables):
            yield "publishes a port and requires no password", service.ports[0].path
    elif service.base in ("mongo", "mongodb") and not service.variables_incomplete:
        has_login = any("ROOT_USERNAME" in name or "ROOT_PASSWORD" in name for name in service.variables)
        if not has_login and "--auth" not in service.command:
            yield "publishes a port and requires no password", service.ports[0].path


@stack_rule(
    "-iww",
    id="SLP133",
    title="A broker keeps its queue",
    reason="Redis writes a snapshot only from time to time, so a crash loses the jobs of the last minutes. With an "
    "`allkeys` policy, a full Redis deletes queues.",
    fix="Start Redis with `--appendonly yes` and `--maxmemory-policy noeviction`.",
    reference="Redis documentation, persistence; Celery documentation, Redis caveats",
)
def broker_loses_jobs(stack: Stack) -> Iterator[StackProblem]:
    """Find a Redis that is the broker of workers and has no append-only file, or deletes keys when it is full."""
    if any(service.base == "rabbitmq" for service in stack.services.values()):
        return
    workers = [service for service in stack.services.values() if _WORKERS.search(service.command)]
    for service in stack.services.values() if workers else ():
        if service.base not in REDIS or not _is_broker(service, workers) or _has_configuration_file(service):
            continue
        options = _redis_options(service)
        if re.search(r"--maxmemory-policy[=\s]+(?:allkeys|volatile)", options):
            yield service.name, "is a broker and deletes keys when it is full", ("command",)
        elif not re.search(r"--appendonly[=\s]+[\"']?yes", options):
            yield service.name, "is a broker and has no append-only file", ("command",)


_WORKERS = re.compile(r"\b(?:celery|rq|arq|sidekiq|dramatiq|bullmq|huey)\b")


def _is_broker(service: Service, workers: Iterable[Service]) -> bool:
    """Return whether *workers* use this Redis for their queue."""
    for worker in workers:
        is_named = any(
            f"//{service.name}:" in value or f"@{service.name}:" in value
            for name, value in worker.variables.items()
            if "RESULT" not in name.upper() and "CACHE" not in name.upper()
        )
        if is_named or service.name in worker.mapping("depends_on"):
            return True
    return False
