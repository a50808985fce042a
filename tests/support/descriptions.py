"""Descriptions of stacks: an example, and short ways to change it or to describe another stack."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.description import describe, kinds
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import bundle as bundle_

ROOT = Path(__file__).resolve().parents[2]
KINDS = kinds.load([ROOT / "kinds"])

_EXAMPLE = """\
db: {kind: postgres, version: "17"}
redis: {kind: redis}
backend:
  kind: fastapi
  image: registry.example.com/shop/backend:1.4.2
  replicas: 2
  needs: [db, redis]
  release: alembic upgrade head
  secrets: [secret_key]
worker: {kind: celery_worker, like: backend}
beat: {kind: celery_beat, like: backend}
frontend: {kind: spa, image: "registry.example.com/shop/frontend:1.4.2"}
edge:
  kind: nginx
  routes: [{path: /api/, to: backend}, {path: /, to: frontend}]
"""
SECRETS = {"secret_key": {"generate": 50}}
#: The shortest complete description of a service of kind `custom`.
PLAIN = {"kind": "custom", "image": "app:1", "health": {"test": ["CMD", "true"]}}


def example(**changes: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the services of the example, with keys of some of them changed: `backend={"port": 1}`."""
    services: dict[str, dict[str, Any]] = yaml.safe_load(_EXAMPLE)
    for name, keys in changes.items():
        services[name] = {**services.get(name, {}), **keys}
    return services


def plain(**keys: Any) -> dict[str, Any]:
    """Return a service of kind `custom` with more keys."""
    return {**PLAIN, **keys}


def model(services: Any, secrets: Any = SECRETS, environment: str = "production", **values: Any) -> Stack:
    """Return the model of the stack `shop` with these services."""
    given: dict[str, Any] = {"name": "shop", "domain": "shop.example.com", "root": "/opt/stacks", "kinds": KINDS}
    return describe.describe(**{**given, **values}, services=services, secrets=secrets, environment=environment)


def parcel(services: Any, secrets: Any = SECRETS, probes: object = (), **values: Any) -> bundle_.Bundle:
    """Return the release of the stack `shop` with these services."""
    return bundle_.bundle(model(services, secrets, **values), probes)


def documents(services: Any, secrets: Any = SECRETS, environment: str = "production") -> tuple[Any, Any]:
    """Return the parsed base and overlay of the release of these services."""
    files = parcel(services, secrets, environment=environment).files
    return yaml.safe_load(files["compose.yaml"]), yaml.safe_load(files[f"compose.{environment}.yaml"])
