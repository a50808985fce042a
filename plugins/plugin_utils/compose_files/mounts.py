"""The mounts of services in a team's files: named volumes, files of the project, and allowed paths of the server.

Place in the pipeline: compose_files. A file or directory of the project is uploaded with the release, addressed by its
content, and mounted read-only: what a container writes there would be lost with the next release.
"""

from __future__ import annotations

import os
import re
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
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.services import escaped
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import long_syntax
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.source_positions import Map, Mark, mark_of
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.secret_shapes import secret_in_file

NOT_FOR_OTHERS = "may not be read by others here"
#: Why mounts of a type are refused, in words that follow the type.
_OTHER_TYPES = {
    "npipe": "is for Windows; valid values: volume, bind, tmpfs",
    "cluster": "is for Swarm; valid values: volume, bind, tmpfs",
    "image": (
        "is not supported, because a deploy pulls and pins the images of services only; copy the files into the "
        "service's image, or mount a volume"
    ),
}


@dataclass
class Mounts:
    """The mounts of a service, in the notation of ``stack_services``.

    ``volumes``: in the short notation, or in the long one where the short one cannot say it. ``sources``: by path in
    the container, where on the controller the files are. ``notes``: what differs from the file.
    """

    volumes: list[str | dict[str, Any]] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
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
        kind = mount.get("type")
        problem = _type_problem(kind) or _drive_problem(mount)
        if problem:
            self._problems.add(mark, service_key(name, "volumes"), problem)
        elif kind == "bind":
            self._add_bind(name, mount, target, mark, result)
        else:
            result.volumes.append(_written(mount))

    def _add_bind(self, name: str, mount: Map, target: str, mark: Mark | None, result: Mounts) -> None:
        source = str(mount.get("source"))
        path = Path(os.path.normpath(self._contents.folder / source))
        if str(path) in self._host_paths or os.path.normpath(source) in self._host_paths:
            result.volumes.append(_written({**mount, "source": source if source.startswith("/") else str(path)}))
            return
        options = _options(mount)
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
                reason = secret_reason(self._contents, path, text)
                result.files[target] = {
                    "content": text,
                    "secret": reason is not None,
                    **({"executable": ["."]} if is_executable(path) else {}),
                    **({"mount": options} if options and reason is None else {}),
                }
                if reason:
                    result.notes.append(f"{source} {reason}, so it is kept in the secret store")
                    result.notes += [self._lost_option(key, source, mark) for key in options]
            elif path.exists() and not path.is_dir():
                raise ValueError("it is neither a file nor a directory")
            elif path.is_dir() and (tree := self._contents.tree(path)).files:
                reasons = {name: secret_reason(None, Path(name), text) for name, text in tree.files.items()}
                reasons |= dict.fromkeys(tree.private, NOT_FOR_OTHERS)
                secret = [name for name, reason in reasons.items() if reason]
                result.files[target] = {
                    "directory": tree.files,
                    "executable": list(tree.executable),
                    "secret": secret,
                    **({"mount": options} if options else {}),
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
        if str(mount.get("read_only")).lower() != "true":
            position = self._problems.position(mark)
            result.notes.append(f"{position}{source} is uploaded with the release and mounted read-only")

    def _lost_option(self, key: str, source: str, mark: Mark | None) -> str:
        return (
            f"{self._problems.position(mark)}'volumes.{key}' is left out for {source}: "
            "Compose mounts the files of secrets itself"
        )


def _type_problem(kind: Any) -> str | None:
    if kind in ("volume", "bind", "tmpfs"):
        return None
    valid = "valid values: volume, bind, tmpfs"
    return f"the mount type {kind!r} {_OTHER_TYPES.get(str(kind), f'does not exist; {valid}')}"


def _drive_problem(mount: Map) -> str | None:
    source = str(mount.get("source") or "")
    if mount.get("type") == "bind" and re.match(r"[A-Za-z]:[\\/]|\\", source):
        return f"{source} is a path of Windows, which no server has"
    if "short" in mount and len(source) == 1 and source.isalpha():
        return (
            f"Compose reads {mount['short']!r} as a path of Windows, not as the volume {source!r}; give the volume a "
            f"longer name, or write {{type: volume, source: {source}, target: {mount.get('target')}}}"
        )
    return None


def _options(mount: Map) -> dict[str, Any]:
    """Return the options of a mounted file or directory in Compose's long notation."""
    bind = {key: value for key, value in mapping(mount.get("bind")).items() if key != "create_host_path"}
    options = {"bind": escaped(bind), "consistency": escaped(mount.get("consistency"))}
    return {key: value for key, value in options.items() if value}


def _written(mount: Mapping[str, Any]) -> str | dict[str, Any]:
    """Return a mount in Compose's short notation if it says the same there, else in the long notation."""
    bind, volume = mapping(mount.get("bind")), mapping(mount.get("volume"))
    options = ["ro"] if mount.get("read_only") is True else []
    options += ["nocopy"] if volume.get("nocopy") is True else []
    options += [str(bind[key]) for key in ("propagation", "selinux") if bind.get(key)]
    parts = (mount.get("source"), mount.get("target"), ",".join(options))
    text = ":".join(str(part) for part in parts if part)
    long = _significant(mount)
    # Compose reads a source of one letter as a drive of Windows.
    is_same = _significant(long_syntax.volume(text) or {}) == long and len(str(mount.get("source"))) > 1
    return str(escaped(text)) if is_same else dict(escaped(long))


def _significant(mount: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value
        for key, value in mount.items()
        if key != "short" and not key.startswith("x-") and not (key in ("source", "read_only") and not value)
    }


def secret_reason(contents: Contents | None, path: Path, text: str) -> str | None:
    """Return why a file is a secret, in words that follow its name; ``None`` if it is none.

    :param contents: the reader of the file, ``None`` if the text is in no file.
    """
    if contents is not None and contents.is_private(path):
        return NOT_FOR_OTHERS
    found = secret_in_file(str(path), text)
    return f"contains {found}" if found else None
