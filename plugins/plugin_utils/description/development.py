"""How a service is developed in a checkout that has its source: mounts, what a saved file does, debugger.

Place in the pipeline: description, under ``completion``, for a checkout only. ``rendering/development`` turns it into
Compose keys. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import overrides
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Build, Development, Source
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field, read

FIELDS: dict[str, Field] = {
    "target": Field("str", "stage of the Dockerfile; default: that of `build`"),
    "path": Field("str", "directory of the container that the build context is copied to", default="/app"),
    "mount": Field(
        "list", "directories of the context that are mounted read-only; the service reloads by itself", default=[]
    ),
    "sync": Field(
        "str",
        "what Compose does with a saved file if nothing is mounted: copy it in, or copy it in and restart the service",
        default="none",
        choices=("none", "sync", "sync+restart"),
    ),
    "rebuild": Field("list", "files of the context that rebuild the image, such as lists of dependencies", default=[]),
    "ignore": Field(
        "list", "files of the context that are not source code, in the notation of .dockerignore", default=[]
    ),
    "dockerfile": Field(
        "str",
        "Dockerfile that the workspace writes into a context without one",
        default="",
        choices=("", "python", "vite", "nextjs"),
    ),
    "tools": Field(
        "bool", "whether /opt/slipway is mounted, with serve.py, a faster `uvicorn --reload`", default=False
    ),
    "debug": Field("port", "port in the container that a debugger listens on if DEBUGPY is set"),
    "volumes": Field("list", "named volumes for directories that it writes, in Compose's short notation", default=[]),
    "compose": Field("dict", "further Compose keys", default={}),
}
#: The same before expressions are evaluated: only the names of the keys can be checked.
UNEVALUATED = {name: Field("any", field.description) for name, field in FIELDS.items()}

#: Directories that tools leave in a working copy.
_NOT_SOURCE = ("**/.git", "**/.venv", "**/node_modules", "**/__pycache__", "**/.*_cache", "**/dist", "**/.next")


def complete(
    service: str, of_kind: Mapping[str, Any], given: Mapping[str, Any], build: Build, source: Source
) -> Development:
    """Return how a service is developed.

    :param of_kind: the kind's ``development``, expressions evaluated.
    :param given: the description's; each key replaces the kind's.
    :raises ValueError: for an unknown key, or a directory to mount that the context does not have.
    """
    where = f"service {service!r}, key 'development'"
    own = read(given, FIELDS, where)
    values = read({**{key: value for key, value in of_kind.items() if value is not None}, **given}, FIELDS, where)
    missing = [str(name) for name in own["mount"] if _top(name) not in source.entries]
    if missing:
        raise ValueError(f"{where}: key 'mount': {source.path} has no directory {missing[0]!r}")
    # A kind names directories that services usually have. Those that the description names were checked above.
    mount = tuple(str(name) for name in values["mount"] if _top(name) in source.entries)
    return Development(
        source=source,
        target=values["target"] or build.target,
        path=values["path"].rstrip("/"),
        mount=mount,
        sync="none" if mount else values["sync"],
        # The workspace may be about to write the Dockerfile.
        rebuild=tuple(
            str(name) for name in values["rebuild"] if _top(name) in source.entries or str(name) == build.dockerfile
        ),
        ignore=(*_NOT_SOURCE, *map(str, values["ignore"])),
        dockerfile=values["dockerfile"],
        tools=values["tools"],
        debug=values["debug"],
        volumes=tuple(map(str, values["volumes"])),
        compose=overrides.check(service, "development.compose", values["compose"]),
    )


def _top(path: object) -> str:
    return str(path).removeprefix("./").split("/")[0]
