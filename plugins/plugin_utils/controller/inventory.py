"""From the arguments of an action to the bundle for the host. Only this module reads files for the pure packages.

Place in the pipeline: before describe; used by the action plugins.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.contents import Contents, is_executable
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import placement as hosts_of_kinds
from ansible_collections.slipway.stack.plugins.plugin_utils.description import (
    describe,
    inner_edge,
    kinds,
    mounted_files,
    notations,
    placement,
    resources,
    scheduling,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Source, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.description.places import Place
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import bundle, compose
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import resources as rendered_resources

if TYPE_CHECKING:
    from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.translation import Translated
    from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.reading import Document

_SHIPPED_KINDS = Path(__file__).parents[3] / "kinds"
#: The keys of a mounted file that is read on the controller.
_BESIDE_SRC = {"src", "secret", "mount", "owner", "mode"}
#: Arguments about a team's Compose files.
_OF_COMPOSE_FILES = (
    *("compose_profiles", "compose_variables", "compose_host_paths", "compose_project", "compose_roots"),
    "compose_hardening",
)
#: A key in addition to the arguments: the secrets of the description are not known.
_SECRETS_UNKNOWN = "secrets_unknown"


def base_directory(task_vars: Mapping[str, Any]) -> Path:
    """Return the directory that relative paths in a description start from: the inventory's, else the playbook's."""
    return Path(task_vars.get("inventory_dir") or task_vars.get("playbook_dir") or ".")


def bundle_of(arguments: Mapping[str, Any], base: Path, share: placement.Share | None = None) -> bundle.Bundle:
    """Return the bundle of the release that *arguments* describe; relative paths in them start from *base*.

    :param share: what the host has of the stack; all of it if not given.
    :raises ValueError: with one sentence about the first problem.
    """
    share = share or share_of(arguments, base, {})
    return bundle.bundle(share.stack, placement.own_probes(share, plain_of(arguments).get("probes") or []))


def share_of(arguments: Mapping[str, Any], base: Path, place: Mapping[str, Any]) -> placement.Share:
    """Return the share that a host has of the stack that *arguments* describe; paths in them start from *base*.

    :param place: of the host among the others, see ``controller.placement``; empty for a stack that is not placed.
    :raises ValueError: with one sentence about the first problem.
    """
    plain = plain_of(arguments)
    stack = stack_of(plain, base)
    if not place:
        return placement.Share(stack)
    matched = {pattern: tuple(hosts) for pattern, hosts in place["matched"].items()}
    lists = {key: tuple(place[key]) for key in ("hosts", "groups")}
    where = Place(
        place["host"],
        matched=matched,
        addresses=place["addresses"],
        managers=tuple(place.get("managers", ())),
        network=place.get("network", ""),
        **lists,
    )
    if where.managers:
        return scheduling.share(stack, where)
    changed = inner_edge.written(plain["services"], stack, where)
    return placement.share(stack, where, stack_of({**plain, "services": changed}, base) if changed else None)


def developed_stack(arguments: Mapping[str, Any], base: Path, root: Path) -> Stack:
    """Return the model of a stack for the checkout *root*, which contains the sources of services with a build.

    :raises ValueError: like :func:`bundle_of`, and for a build context that is not a directory below *root*.
    """
    plain = plain_of(arguments)
    sources = {}
    for name, entry in plain["services"].items():
        build = entry.get("build") if isinstance(entry, Mapping) else None
        if isinstance(build, Mapping) and isinstance(build.get("context"), str):
            sources[build["context"]] = _source(f"service {name!r}: key 'build.context'", build["context"], base, root)
    return stack_of(plain, base, sources)


def _source(where: str, context: str, base: Path, root: Path) -> Source:
    path = (base / context).resolve()
    if not path.is_dir():
        raise ValueError(f"{where}: {path} is not a directory")
    if not path.is_relative_to(root):
        raise ValueError(
            f"{where}: {path} is outside the workspace {root}; set workspace_path to a directory that contains both"
        )
    below = path.relative_to(root).as_posix()
    return Source("." if below == "." else f"./{below}", frozenset(entry.name for entry in path.iterdir()))


def without_secrets(arguments: Mapping[str, Any], base: Path, place: Mapping[str, Any] | None = None) -> Stack:
    """Return the model of a stack without its secrets: each is replaced by one to be generated.

    Building and pulling images must work without the secrets, such as in a CI job without the vault.

    :param place: for the share of a host, see :func:`share_of`.
    :raises ValueError: like :func:`bundle_of`.
    """
    plain = plain_of(arguments)
    uses = [
        use
        for entry in plain["services"].values()
        if isinstance(entry, Mapping) and isinstance(entry.get("secrets"), list)
        for use in entry["secrets"]
    ]
    names = [use.get("name") if isinstance(use, Mapping) else use for use in uses]
    secrets = {name: {"generate": 32} for name in names if isinstance(name, str)}
    return share_of({**plain, "secrets": secrets, _SECRETS_UNKNOWN: True}, base, place or {}).stack


def documents(arguments: Mapping[str, Any], base: Path) -> tuple[Mapping[str, Any], ...]:
    """Return the base and the overlay of a stack without its secrets, as data.

    :raises ValueError: like :func:`bundle_of`.
    """
    stack = without_secrets(arguments, base)
    return compose.base(stack, mounted_files.collect(stack).paths), compose.overlay(stack)


def plain_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of an action as plain data."""
    # Ansible's values know their origin and may be encrypted; the result has neither.
    plain: dict[str, Any] = json.loads(json.dumps(dict(arguments), default=str))
    return plain


def stack_of(plain: Mapping[str, Any], base: Path, sources: Mapping[str, Source] | None = None) -> Stack:
    """Return the model of a stack from the result of :func:`plain_of`. :raises ValueError: like :func:`bundle_of`."""
    _check_texts(plain)
    services = {name: with_contents(name, entry, base) for name, entry in plain["services"].items()}
    services = hosts_of_kinds.by_kind(services, plain.get("placement") or {})
    translated = translate_files(plain, services, base)
    try:
        stack = _described(plain, services, translated, base, sources)
    except ValueError as error:
        raise ValueError(translated.with_position(str(error), services) if translated else str(error)) from None
    rendered_resources.check(stack, plain, translated.services if translated else services)
    return stack


def _described(
    plain: Mapping[str, Any],
    services: Mapping[str, Any],
    translated: Translated | None,
    base: Path,
    sources: Mapping[str, Source] | None,
) -> Stack:
    return describe.describe(
        name=plain["name"],
        environment=plain["environment"],
        domain=plain["domain"],
        root=plain["root"],
        services=translated.services if translated else {key: one for key, one in services.items() if one is not None},
        secrets=translated.secrets if translated else plain["secrets"],
        kinds=kinds.load([_SHIPPED_KINDS, *(base / path for path in plain["kinds_paths"])]),
        sources=sources,
        top=resources.read(plain, translated.top if translated else {}),
        notes=translated.notes if translated else None,
    )


def _check_texts(plain: Mapping[str, Any]) -> None:
    """Check that no text of a description has a character that none can have; secrets may have any."""
    for keys, text in notations.texts({key: value for key, value in plain.items() if key != "secrets"}):
        try:
            notations.check_text(text)
        except ValueError as error:
            is_service = keys[:1] == ("services",) and len(keys) > 2
            where = f"service {keys[1]!r}: key {'.'.join(keys[2:])!r}" if is_service else f"stack_{'.'.join(keys)}"
            raise ValueError(f"{where}: {error}") from None


def translate_files(plain: Mapping[str, Any], services: Mapping[str, Any], base: Path) -> Translated | None:
    """Return the translation of a team's Compose files and the description; ``None`` if there are no files.

    :param plain: the result of :func:`plain_of`. :param services: its services, after :func:`with_contents`.
    :raises ValueError: with a line for each problem in the files.
    """
    if not plain.get("compose_files"):
        for key in _OF_COMPOSE_FILES:
            if plain.get(key):
                raise ValueError(f"stack_{key}: there are no Compose files; name them in stack_compose_files")
        return None
    # Imported only where a stack has such files: Ansible compiles what a play imports again in every run.
    from ansible_collections.slipway.stack.plugins.plugin_utils.controller import own_compose_files

    return own_compose_files.translated(plain, services, base, bool(plain.get(_SECRETS_UNKNOWN)))


def compose_files_as_written(arguments: Mapping[str, Any], base: Path) -> Document | None:
    """Return a team's Compose files as they are written, for the policy; ``None`` if there are none.

    :raises ValueError: with one sentence about the first problem.
    """
    plain = plain_of(arguments)
    if not plain.get("compose_files"):
        return None
    from ansible_collections.slipway.stack.plugins.plugin_utils.controller import own_compose_files

    return own_compose_files.as_written(plain, base)


def with_contents(name: str, entry: Any, base: Path) -> Any:
    """Return a service with its files read: ``content`` or ``directory`` in place of ``src``.

    :raises ValueError: naming service, key and file, if a file cannot be read.
    """
    pages = entry.get("error_pages") if isinstance(entry, Mapping) else None
    if isinstance(pages, Mapping) and set(pages) == {"src"}:
        try:
            entry = {**entry, "error_pages": _read(base / str(pages["src"]), base, decided=True)}
        except ValueError as error:
            raise ValueError(f"service {name!r}, key 'error_pages': {pages['src']}: {error}") from None
    if not isinstance(entry, Mapping) or not isinstance(entry.get("files"), Mapping):
        return entry
    files = {}
    for path, source in entry["files"].items():
        files[path] = source
        if isinstance(source, Mapping) and "src" in source and set(source) <= _BESIDE_SRC:
            try:
                files[path] = {**_read(base / str(source["src"]), base, "secret" in source), **source}
                del files[path]["src"]
            except ValueError as error:
                raise ValueError(f"service {name!r}, key 'files', file {path!r}: {source['src']}: {error}") from None
    return {**entry, "files": files}


def _read(path: Path, base: Path, decided: bool) -> dict[str, Any]:
    """Return a file or directory as an entry of ``files`` with its contents.

    :param decided: whether the description says that it is a secret, or that it is none.
    :raises ValueError: if it cannot be read, or if others may not read it, and that is not *decided*.
    """
    # The inventory names the file, so a link is followed to wherever it leads.
    path = Path(os.path.realpath(path))
    if not path.exists():
        raise ValueError(f"{path.name} cannot be read: No such file or directory")
    folder = path if path.is_dir() else path.parent
    # The first inventory of a project is described before its directory is there.
    contents = Contents(folder, reference=base if base.is_dir() else folder)
    if path.is_dir():
        tree = contents.tree(path)
        private = tree.private
    else:
        private = (path.name,) if contents.is_private(path) else ()
    if private and not decided:
        raise ValueError(
            f"others may not read {private[0]} here, and everybody on the server could; make it a secret with "
            f"'secret: true', or write 'secret: false' if everybody may read it"
        )
    if path.is_dir():
        return {"directory": tree.files, "executable": list(tree.executable)}
    return {"content": contents.text(path), "executable": ["."] if is_executable(path) else []}
