"""Small Compose projects as teams have them, by file. Each has something that is hard to read correctly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.controller import inventory
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

_WHOLE = """\
name: shop
x-common: &common
  restart: unless-stopped
  logging: {driver: json-file, options: {max-size: 1m}}
include: [sub/tools.yml]
services:
  db:
    <<: *common
    image: postgres:17
    environment: {POSTGRES_PASSWORD: "${DB_PASSWORD}", POSTGRES_DB: "${DB_NAME:-app}", ON: yes, N: 3.10, B: "true"}
    volumes: ["pgdata:/var/lib/postgresql/data", "./scripts:/docker-entrypoint-initdb.d:ro"]
    healthcheck: {test: ["CMD-SHELL", "pg_isready -U $${POSTGRES_USER:-postgres}"], interval: 5s}
    shm_size: 64m
    ulimits: {nofile: {soft: 1024, hard: 2048}}
  web:
    <<: *common
    extends: {file: base/base.yml, service: app}
    image: registry.example.com/backend:${TAG:?say which}
    command: uvicorn app:app --host "0.0.0.0"
    depends_on: {db: {condition: service_healthy}}
    env_file: [web.env, {path: nowhere.env, required: false}]
    environment: ["DATABASE_URL=postgres://postgres:${DB_PASSWORD}@db/${DB_NAME:-app}", PASSED, "PRICE=5$$"]
    secrets: [api_key, {source: api_key, target: /etc/key}]
    configs: [{source: app_conf, target: /etc/app.conf}, {source: other}]
    deploy: {replicas: 2, resources: {limits: {memory: 256M, cpus: "0.5"}}}
    networks: {default: {aliases: [api]}, back: }
    labels: {a.b: "x$$y"}
    extra_hosts: ["host.example.com:192.0.2.7"]
    sysctls: [net.core.somaxconn=1024]
    tmpfs: [/run]
    stop_grace_period: 1m30s
    user: "1000:1000"
    cap_drop: [ALL]
  nginx:
    image: nginx:1.30
    ports: ["8080:80", "127.0.0.1:8443-8444:443-444", "53:53/udp", {target: 90, published: "9090", host_ip: 127.0.0.1}]
    volumes:
      - ./nginx/nginx.conf:/etc/nginx/nginx.conf
      - {type: bind, source: ./nginx/conf.d, target: /etc/nginx/conf.d, read_only: true}
      - {type: tmpfs, target: /cache, tmpfs: {size: 1000000}}
      - {type: volume, source: uploads, target: /srv, read_only: true, volume: {nocopy: true}}
      - /var/empty
    entrypoint: ["/bin/sh", "-c", "exec nginx -g 'daemon off;' $$NGINX_ARGS"]
    depends_on: [web]
networks: {back: {internal: true, driver_opts: {com.example: "x"}}}
volumes: {pgdata: , uploads: {name: real_uploads}}
secrets: {api_key: {file: ./api_key.txt}}
configs: {app_conf: {content: "a=${TAG}"}, other: {file: base/local.conf}}
"""
_LAYERED = """\
services:
  web:
    image: web:1
    command: [serve]
    ports: ["8080:80"]
    environment: {A: "1", B: "2"}
    dns: [192.0.2.1]
    healthcheck: {test: [CMD, "true"], interval: 5s, retries: 2}
    build: {context: ., args: {X: "1"}}
  debug: {image: adminer:4, profiles: [debug], depends_on: [web]}
  mail: {image: mailpit:1, profiles: [mail]}
"""
_OVER = """\
services:
  web:
    command: !override [serve, --fast]
    ports: !override ["127.0.0.1:8081:80"]
    environment: {B: "3", C: "${WHO}"}
    dns: !reset []
    healthcheck: {interval: 9s}
    restart: always
"""
_ENV = """\
# a comment
PLAIN=bar # another
SINGLE='si $x # y'
DOUBLE="a\\nb \\"c\\" \\$d"
LINES="one
two"
export EXPORTED=1
EMPTY=
REFERS=${PLAIN}-${TAG}
SPACED =  x y
"""

PROJECTS: dict[str, dict[str, str]] = {
    "whole": {
        "docker-compose.yml": _WHOLE,
        "base/base.yml": "services: {app: {image: x:1, init: true, env_file: base.env, tmpfs: /tmp, "
        "volumes: ['./local.conf:/etc/local.conf:ro'], environment: {FROM_BASE: '1'}}}",
        "base/base.env": "BASE=1\nPASSED=no\n",
        "base/local.conf": "local\n",
        "sub/tools.yml": "services: {mail: {image: 'mail:1', volumes: ['./m.conf:/m.conf:ro'], env_file: m.env, "
        "environment: {WHO: '${WHO-none}', TAG: '${TAG}'}}}",
        "sub/m.conf": "x\n",
        "sub/m.env": "M=1\n",
        "sub/.env": "WHO=sub\nTAG=2\n",
        "web.env": _ENV,
        ".env": "TAG=1.0.0\nDB_PASSWORD=a-long-one-$$1\nPASSED=through\n",
        "api_key.txt": "key\n",
        "nginx/nginx.conf": "events {}\n",
        "nginx/conf.d/a.conf": "server {}\n",
        "scripts/1.sh": "echo\n",
    },
    "layered": {
        "docker-compose.yml": _LAYERED,
        "docker-compose.prod.yml": _OVER,
        ".env": "WHO=me\nCOMPOSE_PROFILES=mail\n",
    },
}


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write *files* to *folder*, and return *folder*."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def arguments(*files: str, **given: Any) -> dict[str, Any]:
    """Return the arguments of an action for Compose *files* of a directory, by default ``docker-compose.yml``."""
    plain: dict[str, Any] = {
        "name": "shop",
        "root": "/opt/stacks",
        "environment": "production",
        "domain": "",
        "services": {},
        "kinds_paths": [],
        "secrets": {},
        "probes": [],
        "compose_files": list(files or ("docker-compose.yml",)),
        "compose_profiles": [],
        "compose_variables": {},
        "compose_host_paths": [],
    }
    return {**plain, **given}


def parcel(folder: Path, *files: str, **given: Any) -> Bundle:
    """Return the release that the action makes of the Compose files, for an inventory in *folder*."""
    return inventory.bundle_of(arguments(*files, **given), folder)


def release_of(text: str, folder: Path, **given: Any) -> Bundle:
    """Return the release of a Compose file with *text*."""
    return parcel(write(folder, {"docker-compose.yml": text}), **given)


def without_secrets(folder: Path) -> Stack:
    """Return the model of the Compose file in *folder* without secrets, as for building images."""
    values = arguments()
    del values["secrets"], values["probes"]
    return inventory.without_secrets(values, folder)
