"""Render releases of large stacks, without Ansible and without a server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.support.descriptions import parcel

_SECRETS = {"secret_key": {"generate": 50}}


def render(services: int) -> None:
    """Describe, check and render a stack of *services* services. The kinds are loaded before."""
    parcel(dict(_services(services)), _SECRETS)


def _services(number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield an edge, then applications of six services each, until there are *number* services."""
    routes = [{"path": f"/{index}/", "to": f"backend{index}"} for index in range(number // 6)]
    yield "edge", {"kind": "nginx", "routes": routes}
    for position in range(number - 1):
        index, place = divmod(position, 6)
        yield list(_application(index).items())[place]


def _application(index: int) -> dict[str, dict[str, Any]]:
    backend = f"backend{index}"
    return {
        f"db{index}": {"kind": "postgres", "version": "17"},
        f"redis{index}": {"kind": "redis"},
        backend: {
            "kind": "fastapi",
            "image": f"registry.example.com/{index}/backend:1.4.2",
            "replicas": 2,
            "needs": [f"db{index}", f"redis{index}"],
            "environment": {"LOG_LEVEL": "info", "WORKERS": "2", "GREETING": f"the {index}th"},
            "release": "alembic upgrade head",
            "secrets": ["secret_key"],
        },
        f"worker{index}": {"kind": "celery_worker", "like": backend},
        f"beat{index}": {"kind": "celery_beat", "like": backend},
        f"frontend{index}": {"kind": "spa", "image": f"registry.example.com/{index}/frontend:1.4.2"},
    }
