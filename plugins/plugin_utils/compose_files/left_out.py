"""The keys of a service in a team's files that a release does not have, and why.

Place in the pipeline: compose_files, for the notes of the plan. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import mapping
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.source_positions import Map, Mark, mark_of

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
#: The keys of `build` without which another image would be built.
_OTHER_IMAGE = ("dockerfile_inline", "additional_contexts", "secrets")


def keys(service: Map) -> list[str]:
    """Return the keys of a service, such as ``develop`` and ``build.ssh``, that a description does not have."""
    build = mapping(service.get("build"))
    if why_not_built(build):
        return [*_of_service(service), "build"]
    return [*_of_service(service), *(f"build.{key}" for key in _of_build(build))]


def notes(service: Map, position: Callable[[Mark | None], str]) -> list[str]:
    """Return a note on each of these keys, and one on those of ``build``, with file and line.

    :param position: returns ``FILE:LINE: `` of a mark.
    """
    result = [f"{position(mark_of(service, key))}{key!r} is left out: {_LEFT_OUT[key]}" for key in _of_service(service)]
    build = mapping(service.get("build"))
    further = _of_build(build)
    reason = why_not_built(build)
    if reason:
        result.append(f"{position(mark_of(service, 'build'))}'build' is left out: {reason}")
    elif further:
        shown = ", ".join(f"'build.{key}'" for key in further)
        where = position(mark_of(build, further[0]) or mark_of(service, "build"))
        result.append(f"{where}the image is built without {shown}: no description has these keys")
    return result


def why_not_built(build: Any) -> str | None:
    """Return why an image is not built from a description, ``None`` if it is: it would be another image."""
    written = mapping(build)
    context = str(written.get("context") or "")
    if "://" in context or context.startswith(("git@", "github.com/")):
        return "its context is not a directory, so playbooks/images.yml cannot build it"
    other = ", ".join(f"'build.{key}'" for key in _OTHER_IMAGE if written.get(key))
    return f"no description has {other}, so playbooks/images.yml would build another image" if other else None


def _of_service(service: Map) -> list[str]:
    return [key for key in _LEFT_OUT if service.get(key) not in (None, [], {})]


def _of_build(build: Map) -> list[str]:
    return [key for key in build if key not in _BUILD_KEYS and not key.startswith("x-")]
