"""The keys of a description: of a service, its build, a secret, a need. ``docs/services.md`` is written from them.

Place in the pipeline: description, under every step. Pure.
"""

from __future__ import annotations

from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field

SERVICE_FIELDS: dict[str, Field] = {
    "kind": Field("str", "what the service is, such as fastapi or postgres", required=True),
    "like": Field("str", "service whose image, build, needs, environment, secrets, files, volumes and user it shares"),
    "hosts": Field("str", "hosts that it runs on, a pattern as in a play; default: all hosts of the stack"),
    "only_in": Field("list", "environments that have it; all of them if empty", default=[]),
    "image": Field("image", "image reference with its tag"),
    "build": Field("dict", "how the image is built: context, optionally dockerfile, target, args, platforms"),
    "development": Field("dict", "how it is developed in a checkout; each key replaces the kind's", default={}),
    "class": Field("str", "update strategy", choices=("rolling", "drain", "singleton", "stateful", "oneshot")),
    "replicas": Field("int", "number of containers", default=1),
    "needs": Field("list", "services it connects to: names, or {service, prefix, url, scheme}", default=[]),
    "environment": Field("dict", "environment variables, taken literally", default={}),
    "secrets": Field("list", "secrets it reads: names, or {name, target} or {name, env}", default=[]),
    "files": Field("dict", "files mounted into it, by path in the container: {content} or {src}", default={}),
    "volumes": Field("list", "volumes in Compose's short notation", default=[]),
    "backup": Field(
        "any",
        "whether and how its data is saved: true or false for the method of its kind, or {volumes: {NAME: MODE}} with "
        "running, paused, stopped or none, and {continuous: true} for a restore to any second",
    ),
    "command": Field("command", "command that replaces the image's, taken literally"),
    "port": Field("port", "port it listens on inside the container"),
    "publish": Field("list", "ports published on the host, in Compose's short notation", default=[]),
    "user": Field("str", "numeric uid[:gid] that it runs as"),
    "health": Field("any", "path that answers 200, or a Compose healthcheck"),
    "min_uptime": Field(
        "duration", "time without a restart after which a container without a health check counts as up", default="10s"
    ),
    "assets": Field("dict", "files named by their content, kept for open pages of earlier releases; {} for none"),
    "stop_grace": Field("duration", "time between SIGTERM and SIGKILL"),
    "memory": Field("memory", "memory limit"),
    "cpus": Field("cpus", "processor limit"),
    "release": Field("command", "release job: a command that runs from the new image before any service is replaced"),
    "release_once": Field(
        "bool",
        "run the release job on the first host only; default: if the stack has no database that the service needs",
    ),
    "release_check": Field(
        "command",
        "command that fails if the image does not know the state of the database, asked before a rollback; "
        "alembic has a default",
    ),
    "job_timeout": Field(
        "duration", "time limit of its release job, and of the service itself if it runs once", default="30m"
    ),
    "compose": Field("dict", "any further Compose keys, in Compose's notation", default={}),
    "environments": Field(
        "dict", "Compose keys of the overlay, by environment; null removes a key of the base", default={}
    ),
}

#: The keys that a service takes from the service that it is `like`.
SHARED_FIELDS = ("image", "build", "needs", "environment", "secrets", "files", "volumes", "user")

BUILD_FIELDS: dict[str, Field] = {
    "context": Field("str", "directory that it is built from, relative to the inventory", required=True),
    "dockerfile": Field("str", "the Dockerfile, relative to the context", default="Dockerfile"),
    "target": Field("str", "stage of the Dockerfile; default: the last"),
    "args": Field(
        "dict", "build arguments in addition to APP_VERSION and GIT_COMMIT; null removes one of these", default={}
    ),
    "platforms": Field("list", "platforms such as linux/arm64; the builder's own if empty", default=[]),
}

SECRET_FIELDS: dict[str, Field] = {
    "value": Field("str", "the secret itself, from a vault"),
    "base64": Field("str", "the secret itself in base64, if it is not text"),
    "generate": Field("int", "length of a random secret that the host generates once and keeps"),
}

NEED_FIELDS: dict[str, Field] = {
    "service": Field("str", "name of the service", required=True),
    "prefix": Field("str", "start of the variables' names"),
    "url": Field("str", "variable that gets a whole connection URL, in a file that only root reads"),
    "scheme": Field("word", "start of that URL in place of the kind's, with the driver: `postgresql+asyncpg`"),
}
