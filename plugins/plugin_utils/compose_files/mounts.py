"""What services of a team's files have mounted: volumes stay, files of the project travel, the rest is asked about.

Place in the pipeline: project. A file or directory of the project goes with the release, addressed by its content, and
is mounted read-only: what a container writes there would be lost with the next release.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import locations
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.contents import Contents, runs
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import Complaints, mapping, of
from ansible_collections.slipway.stack.plugins.plugin_utils.description import secret_text
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.source_positions import Map, Mark, mark_of


@dataclass
class Mounts:
    """What a service has mounted, in the notation of ``stack_services``.

    ``sources``: where on the controller the files are, by path in the container. ``notes``: what is other than in the
    file.
    """

    volumes: list[str] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    tmpfs: list[str] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class Reader:
    """Reads the mounts of services.

    :param host_paths: paths of the server that services may have, as ``stack_compose_host_paths`` names them.
    """

    def __init__(self, contents: Contents, host_paths: Collection[str], complaints: Complaints) -> None:
        self._contents = contents
        self._host_paths = frozenset(os.path.normpath(path) for path in host_paths)
        self._complaints = complaints

    def mounts(self, name: str, service: Map, elsewhere: Collection[str]) -> Mounts:
        """Return the mounts of a service.

        :param elsewhere: paths in the container for which the inventory has another mount.
        """
        result = Mounts()
        given: Any = service.get("volumes") or []
        for index, item in enumerate(given):
            mount = mapping(item)
            target = str(mount.get("target") or "").rstrip("/") or "/"
            if target in elsewhere or any(locations.unset_in(text) for text in (mount.get("source"), target)):
                continue
            mark = mark_of(given, index) or mark_of(service, "volumes")
            self._one(name, mount, target, mark, result)
        return result

    def _one(self, name: str, mount: Map, target: str, mark: Mark | None, result: Mounts) -> None:
        kind, source = mount.get("type"), mount.get("source")
        if kind == "volume":
            options = ["ro"] * (mount.get("read_only") is True)
            options += ["nocopy"] * (mapping(mount.get("volume")).get("nocopy") is True)
            if mapping(mount.get("volume")).get("subpath"):
                what = "a part of a volume ('subpath') cannot be carried; mount the volume whole"
                self._complaints.add(mark, of(name, "volumes"), what)
            parts = [str(source), target, ",".join(options)] if source else [target]
            result.volumes.append(":".join(part for part in parts if part))
        elif kind == "tmpfs":
            size = mapping(mount.get("tmpfs")).get("size")
            result.tmpfs.append(f"{target}:size={size}" if size else target)
        elif kind == "bind":
            self._bind(name, str(source), target, mount.get("read_only") is True, mark, result)
        else:
            what = f"a mount of type {kind!r} cannot be carried; known are volume, bind and tmpfs"
            self._complaints.add(mark, of(name, "volumes"), what)

    def _bind(self, name: str, source: str, target: str, read_only: bool, mark: Mark | None, result: Mounts) -> None:
        path = Path(os.path.normpath(self._contents.folder / source))
        if str(path) in self._host_paths or os.path.normpath(source) in self._host_paths:
            result.volumes.append(f"{path}:{target}:ro" if read_only else f"{path}:{target}")
            return
        where = of(name, "volumes")
        if source.startswith("~") or not self._contents.inside(path):
            what = (
                f"{source} is outside of the project, where a server has nothing; move it below the project, or name "
                f"it in stack_compose_host_paths where it is a path of the server"
            )
            self._complaints.add(mark, where, what)
            return
        try:
            if path.is_file():
                result.files[target] = {
                    "content": self._contents.text(path),
                    **({"executable": ["."]} if runs(path) else {}),
                }
            elif path.is_dir() and (tree := self._contents.tree(path)).files:
                result.files[target] = {"directory": tree.files, "executable": list(tree.executable)}
            else:
                what = (
                    f"{source} holds nothing here, so it is for what the service writes; give it a named volume, or "
                    f"say where the server has it: stack_services.{name}.volumes: [/srv/DIRECTORY:{target}]"
                )
                self._complaints.add(mark, where, what)
                return
        except ValueError as error:
            self._complaints.add(mark, where, f"{source}: {error}")
            return
        result.sources[target] = str(path)
        if not read_only:
            result.notes.append(f"{source} travels with the release and is mounted read-only")


def configs(
    name: str, service: Map, declared: Map, variables: Mapping[str, str], contents: Contents, complaints: Complaints
) -> Mounts:
    """Return the ``configs`` of a service as files: ``{content}`` by path in the container."""
    result = Mounts()
    for index, item in enumerate(service.get("configs") or []):
        use = mapping(item)
        key = str(use.get("source"))
        spec = mapping(declared.get(key))
        mark = mark_of(service["configs"], index) or mark_of(service, "configs")
        text = source_text(f"key 'configs.{key}'", spec, mark_of(declared, key), variables, contents, complaints)
        if text is None:
            if key in declared and spec.get("external"):
                what = f"{key!r} is external, which only Swarm has; give it a 'file'"
                complaints.add(mark, of(name, "configs"), what)
            continue
        if secret_text.holds_secret(text):
            what = f"{key!r} has a secret in it, which everybody on the server could read; make it a file of 'secrets'"
            complaints.add(mark, of(name, "configs"), what)
            continue
        target = str(use.get("target") or f"/{key}")
        result.files[target] = {"content": text}
        path = Path(os.path.normpath(contents.folder / str(spec.get("file") or "")))
        # What may be run would stay so with its source named, and a config never is.
        if path.is_file() and not runs(path):
            result.sources[target] = str(path)
    return result


def source_text(
    where: str,
    spec: Map,
    mark: Mark | None,
    variables: Mapping[str, str],
    contents: Contents,
    complaints: Complaints,
) -> str | None:
    """Return what a top-level secret or config holds, ``None`` where the files do not say or something is wrong."""
    if isinstance(spec.get("content"), str):
        return str(spec["content"])
    if isinstance(spec.get("environment"), str):
        if spec["environment"] in variables:
            return variables[spec["environment"]]
        complaints.add(mark, where, f"the variable {spec['environment']} has no value; set it in .env or the inventory")
        return None
    if not isinstance(spec.get("file"), str) or locations.unset_in(spec["file"]):
        return None
    path = Path(os.path.normpath(contents.folder / spec["file"]))
    if not path.is_file():
        complaints.add(mark, where, f"{spec['file']} is no file here")
        return None
    try:
        return contents.text(path)
    except ValueError as error:
        complaints.add(mark, where, f"{spec['file']}: {error}")
        return None
