"""A checkout with the stack of the example. Only the names of its sources exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.layout import write_text
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Source, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import bundle
from ansible_collections.slipway.stack.plugins.plugin_utils.workspace import development_files, dockerfiles
from ansible_collections.slipway.stack.plugins.plugin_utils.workspace.checkout import Secrets

from tests.support.descriptions import example, model

BACKEND = ("app", "alembic.ini", "requirements.txt")
FRONTEND = ("src", "index.html", "package.json", "package-lock.json")


def stack(
    services: Any = None, backend: tuple[str, ...] = BACKEND, frontend: tuple[str, ...] = FRONTEND, **values: Any
) -> Stack:
    """Return the stack of a checkout. *backend* and *frontend* are the names of the files in their build contexts."""
    built = {"backend": {"build": {"context": "b"}}, "frontend": {"build": {"context": "f"}}}
    sources = {"b": Source("./backend", frozenset(backend)), "f": Source("./frontend", frozenset(frontend))}
    described = services or example(**built)
    return development_files.for_checkout(model(described, environment="development", sources=sources, **values))


def files(placed: Stack) -> dict[str, str]:
    """Return the files of the checkout."""
    return development_files.files(placed, dockerfiles.base_images({}))


def write(placed: Stack, root: Path) -> None:
    """Write a checkout's files and secrets into *root*."""
    for path, text in files(placed).items():
        write_text(root / path, text)
    sources = {name: {"value": one.value, "generate": one.generate} for name, one in placed.secrets.items()}
    Secrets(root / development_files.HOME).addresses(bundle.secret_files(placed), sources)
