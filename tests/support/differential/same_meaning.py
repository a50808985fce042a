"""The intended differences between a project and its release, and one form in which both are compared.

Every other difference is a defect. ``INTENDED`` says why each difference is one that a release may have.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: What is changed before the comparison, with the reason. The functions below do it, in this order.
INTENDED = {
    "x-*": "keys of a team's own have no meaning to Compose",
    "configs, secrets, services.*.configs, services.*.secrets, bind mounts of files in the project": (
        "become files of the release or of its secret store; compared by path in the container: content, executable "
        "bit, the owner and mode that are set, and the options of the mount"
    ),
    "services.*.volumes": "the order of mounts has no meaning, each target is there once, and no option is {}",
    "services.*.ports": "the order of the entries has no meaning",
    "services.*.extra_hosts": "the order of the addresses has no meaning, and each is there once",
    "services.*.tmpfs, volumes of the type tmpfs": "the two notations of one mount, with its options",
    "services.*.labels.slipway.*": "labels of the release, by which a rollout knows its services",
    "services.*.scale, deploy.replicas": "the two notations of one number; 1 if there is neither",
    "services.*.stop_grace_period": "10s is the default",
    "services.*.deploy.*": "Compose writes an empty mapping for each part of 'deploy' that is not set",
    "services.*.networks.*": "a network without options is null or an empty mapping",
    "services.*.KEY: null": "a key without a value is a key that is not set",
    "services.*.environment.NAME: null": "a variable without a value does not reach the container; a note says so",
    "services.*.build": "is no part of a release; compared with the description that images are built from",
}


@dataclass(frozen=True)
class Side:
    """One side of the comparison: the project, or its release.

    ``own``: the directories whose files belong to it. ``variables`` returns the values of secrets and configs that name
    a variable.
    """

    own: tuple[Path, ...]
    variables: Callable[[], Mapping[str, str]] = dict

    def has(self, source: object) -> bool:
        """Return whether a mount's source is a file of this side."""
        return isinstance(source, str) and any(Path(source).is_relative_to(path) for path in self.own)


def comparable(config: Mapping[str, Any], side: Side) -> dict[str, Any]:
    """Return a configuration without the intended differences."""
    result = _without_own(config)
    result["services"] = {name: _service(keys, config, side) for name, keys in config.get("services", {}).items()}
    return {key: value for key, value in result.items() if key not in ("secrets", "configs")}


def _without_own(keys: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in keys.items() if not key.startswith("x-")}


def _service(keys: Mapping[str, Any], config: Mapping[str, Any], side: Side) -> dict[str, Any]:
    result = {key: value for key, value in _without_own(keys).items() if value is not None}
    mounts: list[dict[str, Any]] = result.pop("volumes", [])
    files = [mount for mount in mounts if mount["type"] == "bind" and side.has(mount.get("source"))]
    result["tmpfs"] = _tmpfs(result.get("tmpfs", []), [mount for mount in mounts if mount["type"] == "tmpfs"])
    result["volumes"] = {
        mount["target"]: {key: value for key, value in mount.items() if value != {}}
        for mount in mounts
        if mount not in files and mount["type"] != "tmpfs"
    }
    used = [
        _declared(use, section, config.get(section, {}), side)
        for section in ("configs", "secrets")
        for use in result.pop(section, [])
    ]
    result["files"] = _files([*map(_mounted, files), *used])
    result["ports"] = sorted(result.get("ports", []), key=repr)
    result["extra_hosts"] = sorted(set(result.get("extra_hosts", [])))
    labels: dict[str, str] = result.get("labels", {})
    result["labels"] = {key: value for key, value in labels.items() if not key.startswith("slipway.")}
    result["networks"] = {name: options or {} for name, options in result.get("networks", {}).items()}
    result.setdefault("stop_grace_period", "10s")
    result["environment"] = {key: value for key, value in result.get("environment", {}).items() if value is not None}
    result["deploy"] = _deploy(result.get("deploy", {}), result.pop("scale", None))
    return result


def _deploy(deploy: Mapping[str, Any], scale: int | None) -> dict[str, Any]:
    filled = {key: value for key, value in deploy.items() if value != {}}
    return {"replicas": 1 if scale is None else scale, **filled}


def _tmpfs(short: list[str], long: list[dict[str, Any]]) -> dict[str, list[str]]:
    result = {}
    for text in short:
        target, _colon, options = text.partition(":")
        result[target] = sorted(option for option in options.split(",") if option)
    for mount in long:
        options = {**mount.get("tmpfs", {}), **{key: mount[key] for key in mount if key not in _TMPFS_KEYS}}
        shown = [f"{key}={value:o}" if key == "mode" else f"{key}={value}" for key, value in options.items()]
        result[mount["target"]] = sorted(["ro", *shown] if mount.get("read_only") else shown)
    return result


_EXECUTABLE = " (executable)"
_TMPFS_KEYS = ("type", "target", "tmpfs", "read_only")


@dataclass(frozen=True)
class _File:
    """A file or directory in a container. ``set``: the owner and mode that the file sets, and other keys it has."""

    target: str
    source: Path | str | None
    set: Mapping[str, Any]


def _mounted(mount: Mapping[str, Any]) -> _File:
    options = {key: value for key, value in mount.items() if key not in ("type", "source", "target")}
    # The file is there, so nothing is created.
    options["bind"] = {key: value for key, value in mount.get("bind", {}).items() if key != "create_host_path"}
    options["writable"] = not options.pop("read_only", False)
    return _File(mount["target"], Path(mount["source"]), {key: value for key, value in options.items() if value})


def _declared(use: Mapping[str, Any], section: str, declared: Mapping[str, Any], side: Side) -> _File:
    """Return the file that a service gets from a config or a secret."""
    key = str(use["source"])
    target = str(use.get("target") or (key if section == "secrets" else f"/{key}"))
    spec = dict(declared[key])
    source: Path | str | None = spec.pop("content", None)
    if "file" in spec:
        source = Path(spec.pop("file"))
    elif "environment" in spec:
        source = side.variables().get(spec.pop("environment"))
    spec.pop("name", None)
    further = {name: str(value) for name, value in use.items() if name not in ("source", "target")}
    if isinstance(use.get("mode"), int):
        further["mode"] = f"{use['mode']:04o}"
    if isinstance(source, str) and int(further.get("mode", "0"), 8) & 0o100:
        source += _EXECUTABLE
    if not target.startswith("/"):
        target = f"/run/secrets/{target}" if section == "secrets" else f"/{target}"
    return _File(target, source, {**spec, **further})


def _files(files: list[_File]) -> dict[str, Any]:
    """Return what a container sees: text and executable bit by path, what is set for each mount, and the owners."""
    seen: dict[str, Any] = {}
    for file in sorted(files, key=lambda one: one.target.count("/")):
        for path, found in _below(file.source).items():
            seen[f"{file.target}{path}"] = found
    return {
        "contents": seen,
        "set": {file.target: dict(file.set) for file in files if file.set},
        "owners": {file.target: _owner(file.source) for file in files if isinstance(file.source, Path)},
    }


def without_owners(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    """Keep the owners and modes of the release's files that the project sets, in both results of :func:`comparable`."""
    for name, service in theirs["services"].items():
        service["files"].pop("owners")
        files = ours["services"].get(name, {}).get("files", {})
        owners = files.pop("owners", {})
        for target, given in service["files"]["set"].items():
            for key in given.keys() & {"uid", "gid", "mode"}:
                files.get("set", {}).setdefault(target, {})[key] = owners.get(target, {}).get(key)


def _owner(path: Path) -> dict[str, str]:
    found = path.stat()
    return {"uid": str(found.st_uid), "gid": str(found.st_gid), "mode": f"{stat.S_IMODE(found.st_mode):04o}"}


def _below(source: Path | str | None) -> dict[str, Any]:
    if not isinstance(source, Path):
        return {"": source}
    if not source.is_dir():
        return {"": _content(source)}
    paths = [Path(folder, name) for folder, _folders, names in os.walk(source, followlinks=True) for name in names]
    return {f"/{path.relative_to(source)}": _content(path) for path in paths}


def _content(path: Path) -> str | None:
    if not path.is_file():
        return None
    executable = _EXECUTABLE if path.stat().st_mode & 0o100 else ""
    return path.read_bytes().decode("utf-8", "backslashreplace") + executable
