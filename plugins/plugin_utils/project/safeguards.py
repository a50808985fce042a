"""The memory limit and the health check of a service that has none: production requires both.

Place in the pipeline: project. Pure. Both are first values: the inventory says so, and a person looks at them.
"""

from __future__ import annotations

import re

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.units import size
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import processes
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import Service
from ansible_collections.slipway.stack.plugins.plugin_utils.project import decisions
from ansible_collections.slipway.stack.plugins.plugin_utils.project.decisions import Decision
from ansible_collections.slipway.stack.plugins.plugin_utils.project.dockerfiles import Dockerfile
from ansible_collections.slipway.stack.plugins.plugin_utils.project.service_changes import ServiceChanges

#: How a database is asked whether it answers, by program.
_DATASTORES = {
    **{name: ["CMD-SHELL", "pg_isready"] for name in ("postgres", "pgvector", "postgis", "timescaledb")},
    "redis": ["CMD", "redis-cli", "ping"],
    "valkey": ["CMD", "valkey-cli", "ping"],
    "mysql": ["CMD", "mysqladmin", "ping", "-h", "127.0.0.1"],
    "mariadb": ["CMD", "healthcheck.sh", "--connect", "--innodb_initialized"],
    "mongo": ["CMD", "mongosh", "--quiet", "--eval", "db.adminCommand('ping')"],
    "rabbitmq": ["CMD", "rabbitmq-diagnostics", "-q", "ping"],
}
_MEMORY = {
    **dict.fromkeys(("postgres", "pgvector", "postgis", "timescaledb", "mysql", "mariadb", "mongo"), "1g"),
    **dict.fromkeys(("elasticsearch", "opensearch", "clickhouse-server", "clickhouse", "kafka"), "2g"),
}
_PYTHON = re.compile(r"python|uvicorn|gunicorn|fastapi|django|manage\.py|flask|uv\b|tiangolo")
_NODE = re.compile(r"\bnode\b|npm|yarn|pnpm|next|nuxt")
_NGINX = re.compile(r"(?:.*/)?nginx(?:-unprivileged)?(?::.*)?")
_CELERY = re.compile(r"\bcelery\b.*?(?:-A|--app)[ =]?(\S+)")


def add(service: Service, port: int | None, dockerfile: Dockerfile, changes: ServiceChanges, is_one_off: bool) -> None:
    """Add a memory limit and a health check where the files have none.

    :param port: that it listens on, as far as it is known. :param is_one_off: it ends by itself.
    """
    limit = service.keys.get("mem_limit") or service.mapping("deploy", "resources", "limits").get("memory")
    if not limit or size(str(limit)) is None:
        changes.entry["memory"] = _memory(service, dockerfile)
        changes.notes.append("gets a first memory limit; production needs one above the peak use of the service")
        what = f"{service.name} has no memory limit in the files, so it gets a first one"
        write = f"memory: {changes.entry['memory']}"
        changes.decided.append(Decision(decisions.STACK, f"{service.name}:/memory:", what, write, required=False))
    if is_one_off or service.mapping("healthcheck"):
        return
    test = _health(service, port, dockerfile)
    if test:
        changes.entry["health"] = {
            "test": test,
            "interval": "10s",
            "timeout": "5s",
            "retries": 5,
            "start_period": "30s",
        }
        if not service.is_datastore and test != dockerfile.health:
            changes.notes.append("gets a first health check, which proves little; ask a path of the application")
            what = f"{service.name} has no health check in the files, so it gets a first one"
            write = f'health: {{test: [CMD, curl, -fsS, "http://127.0.0.1:{port or 8000}/health"]}}'
            changes.decided.append(Decision(decisions.STACK, f"{service.name}:/health:", what, write, required=False))


def _memory(service: Service, dockerfile: Dockerfile) -> str:
    if _NGINX.fullmatch(dockerfile.base) or service.is_proxy:
        return "256m"
    return _MEMORY.get(service.datastore.rpartition("/")[2], "512m")


def _health(service: Service, port: int | None, dockerfile: Dockerfile) -> list[str]:
    """Return the test of a health check with programs that the image has; empty if none is known."""
    if service.is_datastore:
        return _DATASTORES.get(service.datastore.rpartition("/")[2], [])
    if dockerfile.health:
        return dockerfile.health
    starts = " ".join([service.command, dockerfile.starts, dockerfile.base])
    celery = _CELERY.search(service.command or dockerfile.starts)
    if celery and service.process == processes.WORKER:
        return ["CMD-SHELL", f"celery -A {celery[1]} inspect ping -d celery@$$HOSTNAME"]
    image = service.image.text if service.image else ""
    if not port:
        return []
    if _NGINX.fullmatch(dockerfile.base) or (_NGINX.fullmatch(image) and not dockerfile.base):
        return ["CMD", "curl", "-fsS", "-o", "/dev/null", f"http://127.0.0.1:{port}/"]
    if _PYTHON.search(starts):
        return ["CMD", "python", "-c", f"import socket; socket.create_connection(('127.0.0.1', {port}), 3)"]
    if _NODE.search(starts):
        connect = f"require('net').connect({port}, '127.0.0.1')"
        script = f"{connect}.on('connect', () => process.exit(0)).on('error', () => process.exit(1))"
        return ["CMD", "node", "-e", script]
    return []
