"""The mounts of services in a team's files: named volumes, files of the project, and allowed paths of the server.

Place in the pipeline: compose_files. A file or directory of the project is uploaded with the release, addressed by its
content, and mounted read-only: what a container writes there would be lost with the next release.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import locations
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.contents import Contents, is_executable
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import (
    Problems,
    mapping,
    service_key,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.roots import OutsideError
from ansible_collections.slipway.stack.plugins.plugin_utils.description import secret_text
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.secret_shapes import secret_in_file
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.source_positions import Map, Mark, mark_of

NOT_FOR_OTHERS = "may not be read by others here"


@dataclass
class Mounts:
    """The mounts of a service, in the notation of ``stack_services``.

    ``sources``: by path in the container, where on the controller the files are. ``notes``: what differs from the file.
    """

    volumes: list[str] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    tmpfs: list[str] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class MountReader:
    """Reads the mounts of services.

    :param host_paths: paths of the server that services may mount: ``stack_compose_host_paths``.
    """

    def __init__(self, contents: Contents, host_paths: Collection[str], problems: Problems) -> None:
        self._contents = contents
        self._host_paths = frozenset(os.path.normpath(path) for path in host_paths)
        self._problems = problems

    def mounts(self, name: str, service: Map, overridden: Collection[str]) -> Mounts:
        """Return the mounts of a service.

        :param overridden: paths in the container at which the inventory mounts something else.
        """
        result = Mounts()
        entries: Any = service.get("volumes") or []
        for index, item in enumerate(entries):
            mount = mapping(item)
            target = str(mount.get("target") or "").rstrip("/") or "/"
            if target in overridden or any(locations.unset_in(text) for text in (mount.get("source"), target)):
                continue
            mark = mark_of(entries, index) or mark_of(service, "volumes")
            self._add(name, mount, target, mark, result)
        return result

    def _add(self, name: str, mount: Map, target: str, mark: Mark | None, result: Mounts) -> None:
        kind, source = mount.get("type"), mount.get("source")
        if kind == "volume":
            options = ["ro"] * (mount.get("read_only") is True)
            options += ["nocopy"] * (mapping(mount.get("volume")).get("nocopy") is True)
            if mapping(mount.get("volume")).get("subpath"):
                message = "'subpath' of a volume is not supported; mount the whole volume"
                self._problems.add(mark, service_key(name, "volumes"), message)
            parts = [str(source), target, ",".join(options)] if source else [target]
            result.volumes.append(":".join(part for part in parts if part))
        elif kind == "tmpfs":
            size = mapping(mount.get("tmpfs")).get("size")
            result.tmpfs.append(f"{target}:size={size}" if size else target)
        elif kind == "bind":
            self._add_bind(name, str(source), target, mount.get("read_only") is True, mark, result)
        else:
            message = f"the mount type {kind!r} is not supported; valid values: volume, bind, tmpfs"
            self._problems.add(mark, service_key(name, "volumes"), message)

    def _add_bind(
        self, name: str, source: str, target: str, read_only: bool, mark: Mark | None, result: Mounts
    ) -> None:
        path = Path(os.path.normpath(self._contents.folder / source))
        if str(path) in self._host_paths or os.path.normpath(source) in self._host_paths:
            result.volumes.append(f"{path}:{target}:ro" if read_only else f"{path}:{target}")
            return
        where = service_key(name, "volumes")
        try:
            if source.startswith("~"):
                raise OutsideError(source)
            self._contents.roots.locate(path)
        except OutsideError:
            message = (
                f"{source} is outside the project and is not uploaded; if it is a path of the server, add it to "
                f"stack_compose_host_paths; else set stack_compose_project to a directory that contains it"
            )
            self._problems.add(mark, where, message)
            return
        except ValueError as error:
            self._problems.add(mark, where, f"{source}: {error}")
            return
        try:
            if path.is_file():
                text = self._contents.text(path)
                reason = _secret_reason(self._contents, path, text)
                result.files[target] = {
                    "content": text,
                    "secret": reason is not None,
                    **({"executable": ["."]} if is_executable(path) else {}),
                }
                if reason:
                    result.notes.append(f"{source} {reason}, so it is kept in the secret store")
            elif path.exists() and not path.is_dir():
                raise ValueError("it is neither a file nor a directory")
            elif path.is_dir() and (tree := self._contents.tree(path)).files:
                reasons = {name: _secret_reason(None, Path(name), text) for name, text in tree.files.items()}
                reasons |= dict.fromkeys(tree.private, NOT_FOR_OTHERS)
                secret = [name for name, reason in reasons.items() if reason]
                result.files[target] = {
                    "directory": tree.files,
                    "executable": list(tree.executable),
                    "secret": secret,
                }
                if secret:
                    names = ", ".join(secret)
                    result.notes.append(f"{source}: {names} looks like a secret, so it is kept in the secret store")
            else:
                message = (
                    f"{source} is empty or missing here, so it is probably for data that the service writes; use a "
                    f"named volume, or a path of the server: stack_services.{name}.volumes: [/srv/DIRECTORY:{target}]"
                )
                self._problems.add(mark, where, message)
                return
        except ValueError as error:
            self._problems.add(mark, where, f"{source}: {error}")
            return
        result.sources[target] = str(path)
        if not read_only:
            result.notes.append(f"{source} is uploaded with the release and mounted read-only")


def configs(
    name: str, service: Map, declared: Map, variables: Mapping[str, str], contents: Contents, problems: Problems
) -> Mounts:
    """Return the ``configs`` of a service as files: ``{content}`` by path in the container."""
    result = Mounts()
    for index, item in enumerate(service.get("configs") or []):
        use = mapping(item)
        key = str(use.get("source"))
        spec = mapping(declared.get(key))
        mark = mark_of(service["configs"], index) or mark_of(service, "configs")
        text = source_text(f"key 'configs.{key}'", spec, mark_of(declared, key), variables, contents, problems)
        if text is None:
            if key in declared and spec.get("external"):
                message = f"{key!r} is external, which only Swarm supports; give it a 'file'"
                problems.add(mark, service_key(name, "configs"), message)
            continue
        if secret_text.holds_secret(text):
            message = f"{key!r} contains a secret, which everybody on the server could read; move it to 'secrets'"
            problems.add(mark, service_key(name, "configs"), message)
            continue
        target = str(use.get("target") or f"/{key}")
        result.files[target] = {"content": text, "secret": False}
        path = Path(os.path.normpath(contents.folder / str(spec.get("file") or "")))
        # A config is never executable. A file that is named as the source would keep its executable bit.
        if path.is_file() and not is_executable(path):
            result.sources[target] = str(path)
        reason = _secret_reason(contents if path.is_file() else None, path if path.is_file() else Path(target), text)
        if reason:
            result.files[target]["secret"] = True
            result.notes.append(f"the config {key!r} {reason}, so it is kept in the secret store")
    return result


def _secret_reason(contents: Contents | None, path: Path, text: str) -> str | None:
    """Return why a file is a secret, in words that follow its name; ``None`` if it is none."""
    if contents is not None and contents.is_private(path):
        return NOT_FOR_OTHERS
    found = secret_in_file(str(path), text)
    return f"contains {found}" if found else None


def source_text(
    where: str,
    spec: Map,
    mark: Mark | None,
    variables: Mapping[str, str],
    contents: Contents,
    problems: Problems,
) -> str | None:
    """Return the text of a top-level secret or config; ``None`` if the files do not have it, or after a problem."""
    if isinstance(spec.get("content"), str):
        return str(spec["content"])
    if isinstance(spec.get("environment"), str):
        if spec["environment"] in variables:
            return variables[spec["environment"]]
        problems.add(mark, where, f"the variable {spec['environment']} has no value; set it in .env or the inventory")
        return None
    if not isinstance(spec.get("file"), str) or locations.unset_in(spec["file"]):
        return None
    path = Path(os.path.normpath(contents.folder / spec["file"]))
    try:
        contents.roots.locate(path)
        if not path.is_file():
            raise ValueError("it is not a file")
        return contents.text(path)
    except ValueError as error:
        problems.add(mark, where, f"{spec['file']}: {error}")
        return None
