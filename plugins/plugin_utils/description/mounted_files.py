"""The keys ``files`` and ``volumes``: files mounted into services, addressed by a digest of their content.

Place in the pipeline: description, under ``completion``; rendering collects them. Pure. Another content has another
path on the host, so Compose recreates the containers that mount it. A directory has one address for all of its files.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import names, notations, schema
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import (
    Directory,
    PrivateFile,
    Service,
    Stack,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.secret_shapes import secret_in_file

FILE_FIELDS = {
    "content": Field("str", "the text"),
    "src": Field("str", "file or directory on the controller"),
    "directory": Field("dict", "the files of a directory: texts by path in it"),
    "secret": Field(
        "any",
        "whether only this service may read it: true, or a list of paths in the directory; false for a file that only "
        "looks like a secret",
    ),
    "executable": Field("list", "executable paths in the directory; `.` for a file itself", default=[]),
    "owner": Field("str", "with secret, uid:gid of its owner in place of the service's user"),
    "mode": Field("str", "with secret, its mode in octal digits, such as 0440"),
    "mount": Field("dict", "options of the mount in Compose's long notation, such as {bind: {selinux: z}}", default={}),
}


def read(where: str, given: dict[str, Any]) -> dict[str, str | Directory]:
    """Return the contents of a service's files, by path in the container. Those of secrets are not in it.

    In a directory a secret is an empty file: the secret is mounted over it.

    :raises ValueError: for a path or an entry that is not valid, or a file that looks like a secret; *where* names the
        service.
    """
    result, _private = _read(where, given)
    return result


def private(service: str, given: dict[str, Any]) -> tuple[PrivateFile, ...]:
    """Return the files of a service that are secrets.

    :raises ValueError: like :func:`read`.
    """
    _files, found = _read(f"service {service!r}", given)
    result: dict[str, PrivateFile] = {}
    for target, text in found.items():
        name = names.free(f"{service}__{target}", result)
        values = given.get(target, {})
        mode = int(values["mode"], 8) if values.get("mode") else None
        result[name] = PrivateFile(name, text, target, values.get("owner"), mode)
    return tuple(result.values())


def mount_options(given: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the further options of the mounts, by path in the container."""
    return {str(target): dict(source["mount"]) for target, source in given.items() if source.get("mount")}


def _read(where: str, given: dict[str, Any]) -> tuple[dict[str, str | Directory], dict[str, str]]:
    """Return the files that everybody may read, and the texts of the secrets, by path in the container."""
    result: dict[str, str | Directory] = {}
    secret: dict[str, str] = {}
    for target, source in given.items():
        values = schema.read(source, FILE_FIELDS, f"{where}, key 'files', file {target!r}")
        _check_owner(f"{where}, key 'files', file {target!r}", values)
        try:
            notations.container_path(str(target))
        except ValueError as error:
            raise ValueError(f"{where}: key 'files': {error}") from None
        if values["directory"] is not None:
            texts = _directory(f"{where}, key 'files', directory {target!r}", values)
            chosen = _secret_paths(f"{where}, key 'files', directory {target!r}", values["secret"], texts)
            secret |= {f"{target}/{path}": texts[path] for path in chosen}
            result[str(target)] = Directory({path: "" if path in chosen else text for path, text in texts.items()})
        elif values["content"] is not None:
            texts = {str(target): values["content"]}
            if _secret_paths(f"{where}, key 'files', file {target!r}", values["secret"], texts):
                secret |= texts
            else:
                result |= texts
        else:
            raise ValueError(f"{where}, key 'files', file {target!r}: give 'content' or 'src'")
    return result, secret


def _check_owner(where: str, values: Mapping[str, Any]) -> None:
    """:raises ValueError: for an owner or a mode that is not valid, or of a file that is not one secret."""
    if values["owner"] is None and values["mode"] is None:
        return
    if values["secret"] is not True or values["content"] is None:
        raise ValueError(f"{where}: 'owner' and 'mode' are for a single file with 'secret: true'")
    notations.check_owner(where, values["owner"], values["mode"])


def _secret_paths(where: str, chosen: object, texts: Mapping[str, str]) -> list[str]:
    """Return the paths of the files that are secrets, as the description says or as they look like.

    :raises ValueError: for a file that looks like a secret, if the description does not say whether it is one.
    """
    if isinstance(chosen, bool):
        return list(texts) if chosen else []
    if isinstance(chosen, list):
        for path in chosen:
            if path not in texts:
                raise ValueError(f"{where}: 'secret' names {path!r}, which the directory does not have")
        return chosen
    if chosen is not None:
        raise ValueError(f"{where}: 'secret' is neither true nor false nor a list of paths")
    for path, text in texts.items():
        found = secret_in_file(path, text)
        if found:
            shown = "it" if len(texts) == 1 and path.startswith("/") else repr(path)
            raise ValueError(
                f"{where}: {shown} contains {found}, and everybody on the server could read it; make it a secret with "
                f"'secret: true', or write 'secret: false' if everybody may read it"
            )
    return []


def _directory(where: str, values: Mapping[str, Any]) -> dict[str, str]:
    files: dict[str, str] = {}
    for path, text in values["directory"].items():
        if not isinstance(text, str):
            raise ValueError(f"{where}: the text of {path!r} is not text; put it in quotes")
        files[str(path)] = text
    try:
        notations.check_directory(files)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    for path in values["executable"]:
        if path not in files:
            raise ValueError(f"{where}: 'executable' names {path!r}, which the directory does not have")
    return files


def volumes(service: str, given: list[Any], plain: bool) -> tuple[str | dict[str, Any], ...]:
    """Return the volumes of a service in Compose's short notation.

    :param plain: whether the service is from a team's own Compose files: then the long notation is valid, too.
    :raises ValueError: for a volume in another notation.
    """
    for volume in given:
        if isinstance(volume, dict) and plain and str(volume.get("target") or "").startswith("/"):
            continue
        if not isinstance(volume, str):
            raise ValueError(
                f"service {service!r}: key 'volumes': {volume!r} is not in Compose's short notation, such as "
                f"{service}-data:/path or /srv/{service}:/path:ro"
            )
        try:
            notations.volume(volume)
        except ValueError as error:
            raise ValueError(f"service {service!r}: key 'volumes': {error}") from None
    return tuple(given)


def executable(given: dict[str, Any]) -> frozenset[str]:
    """Return the paths in the container that are executable."""
    return frozenset(
        str(target) if path == "." else f"{target}/{path}"
        for target, source in given.items()
        for path in source.get("executable") or []
    )


@dataclass(frozen=True)
class Mounted:
    """The mounted files of a stack.

    ``texts``: by path below ``files/``. ``executable``: those of these paths that are executable. ``paths``: by service
    and path in the container, the path on the host.
    """

    texts: Mapping[str, str]
    executable: tuple[str, ...]
    paths: Mapping[str, Mapping[str, str]]


def collect(stack: Stack) -> Mounted:
    """Return the files that the services of *stack* mount."""
    texts: dict[str, str] = {}
    executable: set[str] = set()
    paths: dict[str, dict[str, str]] = {}
    for service in stack.services.values():
        for target, content in service.files.items():
            found, runs = _contents(service, target, content)
            address = f"{_digest(content, runs)}/{posixpath.basename(target)}"
            for path, text in found.items():
                texts[f"{address}{path}"] = text
            executable |= {f"{address}{path}" for path in runs}
            paths.setdefault(service.name, {})[target] = f"{stack.home}/files/{address}"
    return Mounted(texts, tuple(sorted(executable)), paths)


def _contents(service: Service, target: str, content: str | Directory) -> tuple[dict[str, str], list[str]]:
    """Return texts by the part of the path after the address, and which of these are executable."""
    texts = {"": content} if isinstance(content, str) else {f"/{path}": text for path, text in content.files.items()}
    return texts, [path for path in texts if f"{target}{path}" in service.executable]


def _digest(content: str | Directory, executable: list[str]) -> str:
    if isinstance(content, str) and not executable:
        return hashlib.sha256(content.encode("utf-8", "surrogateescape")).hexdigest()
    whole = [content if isinstance(content, str) else dict(content.files), executable]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
