"""From the arguments of an action to the parcel for the host: the one place that reads files for the pure core.

Place in the pipeline: describe, before everything else; used by the actions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import reading
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.contents import Contents, runs
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.translation import Translated, translate
from ansible_collections.slipway.stack.plugins.plugin_utils.description import describe, kinds, mounted_files, resources
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Source, Stack
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import bundle, compose
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import resources as rendered_resources

_SHIPPED_KINDS = Path(__file__).parents[3] / "kinds"


def base_directory(task_vars: Mapping[str, Any]) -> Path:
    """Return the directory that relative paths in a description start at: the inventory's, else the playbook's."""
    return Path(task_vars.get("inventory_dir") or task_vars.get("playbook_dir") or ".")


def parcel(arguments: Mapping[str, Any], base: Path) -> bundle.Bundle:
    """Return the release that *arguments* describe; relative paths in them start at *base*.

    :raises ValueError: with one sentence for the first thing that is wrong.
    """
    plain = plain_of(arguments)
    return bundle.bundle(stack_of(plain, base), plain.get("probes") or [])


def developed(arguments: Mapping[str, Any], base: Path, root: Path) -> Stack:
    """Return the model of a stack for the checkout below *root*, where the sources of services with a build are.

    :raises ValueError: as :func:`parcel`, and for a build context that is not a directory below *root*.
    """
    plain = plain_of(arguments)
    sources = {}
    for name, given in plain["services"].items():
        build = given.get("build") if isinstance(given, Mapping) else None
        if isinstance(build, Mapping) and isinstance(build.get("context"), str):
            sources[build["context"]] = _source(f"service {name!r}: key 'build.context'", build["context"], base, root)
    return stack_of(plain, base, sources)


def _source(where: str, context: str, base: Path, root: Path) -> Source:
    path = (base / context).resolve()
    if not path.is_dir():
        raise ValueError(f"{where}: {path} is not a directory")
    if not path.is_relative_to(root):
        raise ValueError(
            f"{where}: {path} is outside of the workspace {root}; name a directory around both as its path"
        )
    below = path.relative_to(root).as_posix()
    return Source("." if below == "." else f"./{below}", frozenset(entry.name for entry in path.iterdir()))


def without_secrets(arguments: Mapping[str, Any], base: Path) -> Stack:
    """Return the model of a stack whose secrets nobody has to know: each is as if it were to be generated.

    Building and pulling images has to work where no secret is, such as in a CI job without the vault.

    :raises ValueError: as :func:`parcel`.
    """
    plain = plain_of(arguments)
    uses = [
        use
        for given in plain["services"].values()
        if isinstance(given, Mapping) and isinstance(given.get("secrets"), list)
        for use in given["secrets"]
    ]
    names = [use.get("name") if isinstance(use, Mapping) else use for use in uses]
    secrets = {name: {"generate": 32} for name in names if isinstance(name, str)}
    return stack_of({**plain, "secrets": secrets, "pretend": True}, base)


def documents(arguments: Mapping[str, Any], base: Path) -> tuple[Mapping[str, Any], ...]:
    """Return base and overlay of a stack whose secrets nobody has to know, as data.

    :raises ValueError: as :func:`parcel`.
    """
    stack = without_secrets(arguments, base)
    return compose.base(stack, mounted_files.collect(stack).paths), compose.overlay(stack)


def plain_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of an action as plain data."""
    # Ansible's values carry their origin with them, and may still be encrypted; from here on they are plain.
    found: dict[str, Any] = json.loads(json.dumps(dict(arguments), default=str))
    return found


def stack_of(plain: Mapping[str, Any], base: Path, sources: Mapping[str, Source] | None = None) -> Stack:
    """Return the model of the stack that :func:`plain_of` arguments describe. :raises ValueError: as :func:`parcel`."""
    services = {name: with_contents(name, given, base) for name, given in plain["services"].items()}
    found = of_files(plain, services, base)
    stack = describe.describe(
        name=plain["name"],
        environment=plain["environment"],
        domain=plain["domain"],
        root=plain["root"],
        services=found.services if found else services,
        secrets=found.secrets if found else plain["secrets"],
        kinds=kinds.load([_SHIPPED_KINDS, *(base / path for path in plain["kinds_paths"])]),
        sources=sources,
        top=resources.read(plain, found.top if found else {}),
        notes=found.notes if found else None,
    )
    rendered_resources.check(stack, plain, found.services if found else services)
    return stack


def of_files(plain: Mapping[str, Any], services: Mapping[str, Any], base: Path) -> Translated | None:
    """Return what a team's own Compose files and the description together say, ``None`` where there are no files.

    :param plain: arguments as :func:`plain_of` gives them. :param services: its services, :func:`with_contents`.
    :raises ValueError: with a line for everything that is wrong with the files.
    """
    if not plain.get("compose_files"):
        for key in ("compose_profiles", "compose_variables", "compose_host_paths"):
            if plain.get(key):
                raise ValueError(f"stack_{key}: there are no Compose files; name them in stack_compose_files")
        return None
    variables = {str(name): "" if value is None else str(value) for name, value in plain["compose_variables"].items()}
    pretend = bool(plain.get("pretend"))
    project = reading.read(
        plain["compose_files"], base, plain["compose_profiles"], variables, list(plain["secrets"]), pretend
    )
    return translate(project, plain["name"], services, plain["secrets"], plain["compose_host_paths"], pretend)


def with_contents(name: str, given: Any, base: Path) -> Any:
    """Return a service with the files that it names by ``src`` read into ``content``.

    :raises ValueError: naming service, key and file, for one that cannot be read.
    """
    if not isinstance(given, Mapping) or not isinstance(given.get("files"), Mapping):
        return given
    files = {}
    for path, source in given["files"].items():
        files[path] = source
        if isinstance(source, Mapping) and set(source) == {"src"}:
            try:
                files[path] = _read(base / str(source["src"]))
            except ValueError as error:
                raise ValueError(f"service {name!r}, key 'files', file {path!r}: {source['src']}: {error}") from None
    return {**given, "files": files}


def _read(path: Path) -> dict[str, Any]:
    """Return a file or directory as an entry of `files` that has its contents."""
    contents = Contents(path if path.is_dir() else path.parent)
    if path.is_dir():
        tree = contents.tree(path)
        return {"directory": tree.files, "executable": list(tree.executable)}
    return {"content": contents.text(path), "executable": ["."] if runs(path) else []}
