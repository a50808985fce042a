"""What a service needs in production and has not: a memory limit, a health check, a restart, a volume for its data.

Place in the pipeline: project. Pure. All are first values: the inventory says so, and a person looks at them.
"""

from __future__ import annotations

import re
import shlex

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.units import size
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import processes
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.known_datastores import data_paths
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import Service
from ansible_collections.slipway.stack.plugins.plugin_utils.project import decisions
from ansible_collections.slipway.stack.plugins.plugin_utils.project.decisions import Decision
from ansible_collections.slipway.stack.plugins.plugin_utils.project.dockerfiles import Dockerfile
from ansible_collections.slipway.stack.plugins.plugin_utils.project.service_changes import QUESTIONS, ServiceChanges

_POSTGRES = (
    'pg_isready -q -h 127.0.0.1 -U "$${POSTGRES_USER:-postgres}" -d "$${POSTGRES_DB:-$${POSTGRES_USER:-postgres}}"'
)
#: How a database is asked whether it answers, by program.
_DATASTORES = {
    # Over TCP: the server that runs the scripts of a new database answers on its socket only. With the user and the
    # database, because the server logs an error for those that it has not.
    **{name: ["CMD-SHELL", _POSTGRES] for name in ("postgres", "pgvector", "postgis", "timescaledb")},
    **QUESTIONS,
    "valkey": ["CMD", "valkey-cli", "ping"],
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
_CELERY = re.compile(
    r"(?P<program>(?:(?:uv|poetry|pdm|pipenv) run |python3? -m )?celery)\s.*?(?:-A ?|--app[ =])(?P<app>\S+)"
)
#: Processes that answer no requests. The health check of their image is that of its server.
_NO_SERVERS = (processes.WORKER, processes.SCHEDULER, processes.BOT)
_TIMES = {"interval": "10s", "timeout": "5s", "retries": 5, "start_period": "30s", "start_interval": "1s"}
#: Of a check that starts the whole application each time.
_SLOW_TIMES = {"interval": "30s", "timeout": "20s", "retries": 3, "start_period": "60s", "start_interval": "3s"}


def add(service: Service, port: int | None, dockerfile: Dockerfile, changes: ServiceChanges, is_one_off: bool) -> None:
    """Add what production needs where the files have it not.

    :param port: that it listens on, as far as it is known. :param is_one_off: it ends by itself.
    """
    limit = service.keys.get("mem_limit") or service.mapping("deploy", "resources", "limits").get("memory")
    if not limit or size(str(limit)) is None:
        changes.entry["memory"] = _memory(service, dockerfile)
        changes.notes.append("gets a first memory limit; production needs one above the peak use of the service")
        what = f"{service.name} has no memory limit in the files, so it gets a first one"
        write = f"memory: {changes.entry['memory']}"
        changes.decided.append(Decision(decisions.STACK, f"{service.name}:/memory:", what, write, required=False))
    if is_one_off:
        return
    _add_restart(service, changes)
    _add_volume(service, changes)
    if service.mapping("healthcheck"):
        return
    test = _health(service, port, dockerfile)
    if test:
        changes.entry["health"] = {"test": test, **(_SLOW_TIMES if service.process in _NO_SERVERS else _TIMES)}
        if not service.is_datastore and test != dockerfile.health and service.process not in _NO_SERVERS:
            changes.notes.append("gets a first health check, which proves little; ask a path of the application")
            what = f"{service.name} has no health check in the files, so it gets a first one"
            write = f'health: {{test: [CMD, curl, -fsS, "http://127.0.0.1:{port or 8000}/health"]}}'
            changes.decided.append(Decision(decisions.STACK, f"{service.name}:/health:", what, write, required=False))


def _add_restart(service: Service, changes: ServiceChanges) -> None:
    if not service.keys.get("restart") and "restart_policy" not in service.mapping("deploy"):
        changes.keys["restart"] = "unless-stopped"
        changes.notes.append("starts again after a crash and a reboot, which the files do not say")


def _add_volume(service: Service, changes: ServiceChanges) -> None:
    """Keep the data of a database that has no volume: its container is replaced with each new image."""
    paths = data_paths(service.datastore, service.image) if service.is_datastore else ()
    if not paths or service.items("volumes") or service.items("tmpfs"):
        return
    # What it starts may keep the data somewhere else, or nowhere.
    if re.search(r"(?:^|[\s=])/[\w./-]+|--save\b|--maxmemory-policy", service.command):
        return
    name = f"{service.name.lower()}-data"
    changes.volumes.append(name)
    changes.keys["volumes"] = [{"type": "volume", "source": name, "target": paths[0]}]
    changes.notes.append(
        f"keeps its data in the named volume {name}; the files have none, so a new image would delete it"
    )


def _memory(service: Service, dockerfile: Dockerfile) -> str:
    if _NGINX.fullmatch(dockerfile.base) or service.is_proxy:
        return "256m"
    return _MEMORY.get(service.datastore.rpartition("/")[2], "512m")


def _health(service: Service, port: int | None, dockerfile: Dockerfile) -> list[str]:
    """Return the test of a health check with programs that the image has; empty if none is known."""
    if service.is_datastore:
        return _DATASTORES.get(service.datastore.rpartition("/")[2], [])
    if service.process in _NO_SERVERS:
        return _health_of_celery(service.command or dockerfile.starts, service.process)
    if dockerfile.health:
        return dockerfile.health
    starts = " ".join([service.command, dockerfile.starts, dockerfile.base])
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


def _health_of_celery(command: str, process: str) -> list[str]:
    """Return how a worker or a scheduler of Celery is asked; empty for other programs, which have no common way."""
    celery = _CELERY.search(command)
    if not celery:
        return []
    if process == processes.SCHEDULER:
        schedule = re.search(r"(?:--schedule[ =]|-s ?)(\S+)", command)
        file = schedule[1] if schedule else "celerybeat-schedule"
        folder, _slash, name = file.rpartition("/")
        # Beat writes its schedule every three minutes while its loop runs.
        find = f"find {shlex.quote(folder or '.')} -maxdepth 1 -name {shlex.quote(f'{name}*')} -mmin -6"
        return ["CMD-SHELL", f"{find} | grep -q ."]
    ping = f"{celery['program']} -A {celery['app']} inspect ping --timeout 5"
    # A worker with a name of its own: any of them may answer.
    is_named = re.search(r"(?:^|\s)(?:-n|--hostname)[ =]", command)
    destination = "" if is_named else ' --destination "celery@$$HOSTNAME"'
    return ["CMD-SHELL", f"{ping}{destination} | grep -q pong"]
