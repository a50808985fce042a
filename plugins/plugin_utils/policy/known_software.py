"""Known software: images of proxies and development tools, ports of debuggers, names and commands of jobs.

Place in the pipeline: check. ``description`` and ``compose_files`` use the same lists.
"""

from __future__ import annotations

import re

PROXIES = frozenset(
    {"nginx", "nginx-unprivileged", "traefik", "caddy", "haproxy", "envoy", "kong", "openresty", "httpd", "nginx-proxy"}
    | {"nginx-proxy-manager", "swag", "apisix"}
)
DEVELOPMENT_TOOLS = frozenset(
    {"adminer", "pgadmin4", "pgadmin", "phpmyadmin", "mongo-express", "redis-commander", "redisinsight", "mailhog"}
    | {
        "mailpit",
        "mailcatcher",
        "maildev",
        "smtp4dev",
        "dozzle",
        "cloudbeaver",
        "pgweb",
        "phpredisadmin",
        "fake-gcs-server",
    }
    | {"localstack", "wiremock", "swagger-ui"}
)
DEBUG_PORTS = {
    5678: "debugpy",
    9229: "Node's inspector",
    5005: "the Java debugger",
    2345: "Delve",
    6060: "Go's pprof",
    9003: "Xdebug",
    1234: "gdbserver",
    35729: "LiveReload",
    24678: "Vite's HMR",
}
#: Ports that hardly any application uses. The others are the port of an application as often as that of a debugger.
DISTINCTIVE_DEBUG_PORTS = frozenset({5678, 9229, 35729, 24678})
#: Ports with metrics or another part of an application, too, so that only a debugger in the command says what it is.
DOUBTFUL_DEBUG_PORTS = frozenset({6060, 1234})
#: Programs and options of debuggers, in commands and variables.
DEBUGGERS = re.compile(
    r"\b(?:debugpy|ptvsd|pydevd|jdwp|dlv|gdbserver|xdebug|pprof|livereload)\b|--inspect\b|-Xdebug\b", re.IGNORECASE
)
#: Parts of the names of images that use such a port for something else.
OTHER_USES_OF_DEBUG_PORTS = {5678: "n8n"}
#: Names of one-off services.
ONE_OFF_NAMES = re.compile(
    r"(?:.*[-_])?(?:init|migrations?|migrate|migrator|setup|seed|seeder|prestart|bootstrap|job)"
    r"|(?:init|migrate|setup|seed|prepare)[-_].*"
)
MIGRATIONS = re.compile(
    r"^(?:\S*(?:python3?|poetry|uv|npx|bundle|php|yarn|npm|pnpm)\s+(?:run\s+|exec\s+)?)*"
    r"(?:\S*alembic\s+upgrade|\S*manage\.py\s+(?:migrate|collectstatic|createsuperuser|loaddata)"
    r"|(?:-m\s+)?alembic\s+upgrade|prisma\s+migrate|rails\s+db:\S+|rake\s+db:\S+|artisan\s+migrate|flyway\s+migrate"
    r"|db:migrate|migrate)\b[^;&|]*$"
)
ONE_OFF_IMAGES = frozenset({"flyway", "liquibase", "migrate", "mc"})
