"""The names of the images that a repository builds, and which services run the same one.

Place in the pipeline: project. Pure but for the texts of Dockerfiles that it reads through the tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import image_reference
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import processes
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import Service
from ansible_collections.slipway.stack.plugins.plugin_utils.project import service_changes
from ansible_collections.slipway.stack.plugins.plugin_utils.project.read_project import ReadProject

#: Processes that an application runs beside its server, from the same image.
WORKERS = (processes.WORKER, processes.SCHEDULER)


def of(project: ReadProject, running: Mapping[str, Service], jobs: Mapping[str, str]) -> dict[str, str]:
    """Return the last part of the name of each image that is built, by the services that run it.

    An image of several services has the name of one that serves, not that of a worker or a job.

    :param jobs: the services that only migrate.
    """
    order = sorted(running, key=lambda name: (name in jobs, running[name].process in WORKERS))
    built = {name: running[name] for name in order if project.document.services[name].get("build")}
    names: dict[str, str] = {}
    for name, one in built.items():
        image = one.image or image_reference.parse("")
        shared = next((names[other] for other in names if same(project, name, other)), "")
        last = image.base if image.base and "$" not in image.base else name
        names[name] = shared or (last if last not in names.values() else name)
    for name, one in running.items():
        alike = next((names[other] for other in built if one.image and one.image == built[other].image), "")
        if alike:
            names.setdefault(name, alike)
    return {name: names[name] for name in running if name in names}


def registry(project: ReadProject, running: Mapping[str, Service]) -> str:
    """Return the registry of the images that are built, with the path below it; empty if none of them has one."""
    built = (one for name, one in running.items() if project.document.services[name].get("build"))
    return next((found for one in built if one.image and (found := _registry(one.image))), "")


def same(project: ReadProject, left: str, right: str) -> bool:
    """Return whether two services run the same image in production."""
    images = {str(project.document.services[name].get("image") or "") for name in (left, right)}
    builds = [_build_of(project, name) for name in (left, right)]
    return (len(images) == 1 and images != {""}) or (builds[0] is not None and builds[0] == builds[1])


def _build_of(project: ReadProject, name: str) -> tuple[Any, Any, str] | None:
    """Return context, Dockerfile and stage of a service in production, ``None`` if it is not built."""
    build: Any = project.document.services[name].get("build")
    return (build.get("context"), build.get("dockerfile"), service_changes.target_of(project, name)) if build else None


def _registry(image: image_reference.Image) -> str:
    path = image.name.rpartition("/")[0]
    return f"{image.registry}/{path}".rstrip("/") if image.registry and "$" not in image.text else ""
