"""The keys of a service in a team's files that a release does not have, and why.

Place in the pipeline: compose_files, for the notes of the plan. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import mapping
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.source_positions import Map, Mark, mark_of

#: The keys without a meaning for a deploy, with the reason.
_LEFT_OUT = {
    "attach": "nobody reads its output in a terminal",
    "develop": "it is for a checkout",
    "profiles": "they have chosen the services already",
    "pull_policy": "a deploy pulls all images before it starts anything",
    "pull_refresh_after": "a deploy pulls all images before it starts anything",
}
#: The keys of `build` that a description has.
_BUILD_KEYS = frozenset({"context", "dockerfile", "target", "args", "platforms"})


def keys(service: Map) -> list[str]:
    """Return the keys of a service, such as ``develop`` and ``build.ssh``, that a description does not have."""
    return [*_of_service(service), *(f"build.{key}" for key in _of_build(service))]


def notes(service: Map, position: Callable[[Mark | None], str]) -> list[str]:
    """Return a note on these keys, and one on those of ``build``, each key with its file and line.

    :param position: returns ``FILE:LINE: `` of a mark.
    """
    result = [f"{position(mark_of(service, key))}{key!r} is left out: {_LEFT_OUT[key]}" for key in _of_service(service)]
    build = service.get("build")
    if is_remote(build):
        where = position(mark_of(build, "context") or mark_of(service, "build"))
        result.append(f"{where}'build' is left out: its context is not a directory, so nothing is built from it here")
        return result
    further = [f"'build.{key}'" for key in _of_build(service)]
    if further:
        first = mark_of(build, _of_build(service)[0]) or mark_of(service, "build")
        result.append(
            f"{position(first)}the image is built without {', '.join(further)}: no description has these keys"
        )
    return result


def is_remote(build: Any) -> bool:
    """Return whether an image is built from another place than a directory: a repository, or an archive."""
    context = str(mapping(build).get("context") or "")
    return "://" in context or context.startswith(("git@", "github.com/"))


def _of_service(service: Map) -> list[str]:
    return [key for key in _LEFT_OUT if service.get(key) not in (None, [], {})]


def _of_build(service: Map) -> list[str]:
    return [key for key in mapping(service.get("build")) if key not in _BUILD_KEYS and not key.startswith("x-")]
