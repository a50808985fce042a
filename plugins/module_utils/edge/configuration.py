"""The live configuration of the edge: tested, activated by a link, reloaded, confirmed.

Place in the pipeline: target, switch. ``edge/versions/`` has one directory for each configuration, named by the digest
of its content. ``edge/current`` is a link to the live one. The proxy's container has ``edge/`` as one mount. Upstreams
name containers, not services: the name of a service stands for all of its containers, also for those that are not ready
yet.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import re
import shutil
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge import certificate_files, door
from ansible_collections.slipway.stack.plugins.module_utils.edge.canary import Canary
from ansible_collections.slipway.stack.plugins.module_utils.edge.confirmation import confirm
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError, edge_of
from ansible_collections.slipway.stack.plugins.module_utils.edge.proxies import proxy
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import container_names
from ansible_collections.slipway.stack.plugins.module_utils.state import away
from ansible_collections.slipway.stack.plugins.module_utils.state.abort import watch
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import text_or_none
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import (
    Home,
    discard_staged,
    link,
    stage_link,
    write_text,
)

#: The name of a version, or of one that a killed process has not finished.
_VERSION = re.compile(r"\.?[0-9a-f]{16}")
#: The container name in an upstream of a service that has no container yet.
_NOT_STARTED = "to-be-started"


def render(
    home: Home, manifest: Mapping[str, Any], targets: Mapping[str, Iterable[str]], canary: Canary | None = None
) -> dict[str, str]:
    """Return the files of a release's configuration, by path.

    :param targets: the names of the containers that get requests, by service. A service without a container gets a
        name that does not exist yet. This works because a proxy resolves names when it runs, not when it tests.
    :param canary: new containers of the next release that get a part of the requests.
    :raises EdgeError: during maintenance, if the release cannot be closed. For a damaged record. With a canary, if the
        configuration of the release is older than canaries.
    """
    names = {service: list(targets.get(service, ())) or [_NOT_STARTED] for service in routed_services(manifest)}
    folder = home.release(manifest["release"]) / "edge"
    # Swap files of editors are left out. Bytes that are not valid UTF-8 are kept.
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(".")]
    result = {path.name: path.read_text(encoding="utf-8", errors="surrogateescape") for path in files}
    found = away.read(home)
    if found.problem:
        raise EdgeError(found.problem)
    certificate = certificate_files.current(home)
    result.update(proxy(manifest).host_files(manifest, names, certificate, found.value or {}))
    if canary:
        result.update(proxy(manifest).canary_files(manifest, result, canary))
    return {**result, **door.files(home, manifest)}


def routed_services(manifest: Mapping[str, Any]) -> set[str]:
    """Return the services of this host that get requests."""
    return {upstream["service"] for upstream in manifest["upstreams"] if not upstream.get("servers")}


def write_version(home: Home, files: Mapping[str, str]) -> str:
    """Write a configuration next to the live one, if it does not exist yet, and return its name below ``versions``."""
    name = version_name(files)
    version = home.edge / "versions" / name
    if not version.is_dir():
        incoming = version.with_name(f".{name}")
        shutil.rmtree(incoming, ignore_errors=True)
        for path, text in files.items():
            write_text(incoming / path, text)
        incoming.rename(version)
    for path, text in files.items():
        # Somebody may have edited or damaged a file of an earlier rollout.
        if text_or_none(version, path) != text:
            write_text(version / path, text)
    return name


def edited_version(home: Home) -> str | None:
    """Return the path of the live configuration if it was edited: its name is the digest of its content."""
    name = live_version(home)
    version = home.edge / "versions" / str(name)
    if name is None or (version.is_dir() and version_name(_files_of(version)) == name):
        return None
    return str(version)


def _files_of(version: Path) -> dict[str, str]:
    return {
        str(path.relative_to(version)): path.read_text(encoding="utf-8", errors="surrogateescape")
        for path in version.rglob("*")
        if path.is_file()
    }


def version_name(files: Mapping[str, str]) -> str:
    """Return the name of a version: the digest of its files, by path."""
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:16]


def live_version(home: Home) -> str | None:
    """Return the name of the live version, ``None`` if there is none yet."""
    current = home.edge / "current"
    return Path(current.readlink()).name if current.is_symlink() else None


def set_live(home: Home, name: str) -> None:
    """Make ``edge/versions/NAME`` the live version. The proxy reads it at its next start or reload."""
    link(home.edge / "current", f"versions/{name}")


def stage(home: Home, name: str) -> None:
    """Make sure that :func:`set_live` needs no space on the disk for ``edge/versions/NAME``."""
    stage_link(home.edge / "current", f"versions/{name}")


def apply(
    home: Home,
    manifest: Mapping[str, Any],
    containers: Mapping[str, list[Container]],
    version: str,
    journal: Journal,
    replaced: Iterable[Container] = (),
    tested: Collection[str] = (),
) -> None:
    """Make *version* the edge's live configuration, and wait until older connections have ended.

    There are two reloads. nginx knows the address of a name only after it has resolved it once, and keeps it during a
    reload. With only the names of new containers, it could not send requests anywhere for some milliseconds. So the
    first configuration has the old and the new containers, and the second one is *version*.

    :param containers: the running containers by service, old and new.
    :param replaced: containers of the edge itself that stop after the switch.
    :param tested: versions that the proxy has already tested.
    :raises EdgeError: if the proxy refuses the configuration, or the published port does not answer with the release.
    """
    service = str(edge_of(manifest))
    running = containers.get(service, [])
    with journal.part("switch", "reload", service):
        transitional = _write_transitional_version(home, manifest, containers)
        if untested := [name for name in (transitional, version) if name not in tested]:
            proxy(manifest).test(home, manifest, untested, running)
        activate(home, manifest, running, transitional, proxy(manifest).NAME_LOOKUP_SECONDS)
    with journal.part("switch", "reload", service):
        activate(home, manifest, running, version)
    old = list(replaced)
    if old:
        # A client whose connection they close later must not connect to them again.
        with journal.part("switch", "stop accepting", service):
            proxy(manifest).stop_accepting(manifest, running, old)
            confirm(manifest)
    finish_connections(home, manifest, running, journal)


def restore(
    home: Home, manifest: Mapping[str, Any], containers: Mapping[str, list[Container]], version: str, journal: Journal
) -> None:
    """Make *version*, which was live before, the live configuration again, even if the disk is full.

    Without space for the transitional configuration (see :func:`apply`) nginx has no address for some milliseconds.

    :param containers: the running containers by service, old and new.
    :raises EdgeError: if the published port does not answer with the release of *manifest*.
    """
    running = containers.get(str(edge_of(manifest)), [])
    with journal.part("revert", "reload", edge_of(manifest)):
        with contextlib.suppress(OSError, EdgeError):
            transitional = _write_transitional_version(home, manifest, containers)
            proxy(manifest).test(home, manifest, [transitional], running)
            activate(home, manifest, running, transitional, proxy(manifest).NAME_LOOKUP_SECONDS)
        activate(home, manifest, running, version)
    finish_connections(home, manifest, running, journal)


def test_ahead(
    home: Home, manifest: Mapping[str, Any], containers: Mapping[str, list[Container]], version: str
) -> set[str]:
    """Let the proxy test the configurations that :func:`apply` would activate, and return their names.

    :raises EdgeError: if it refuses one.
    """
    names = {_write_transitional_version(home, manifest, containers), version}
    proxy(manifest).test(home, manifest, sorted(names), containers.get(str(edge_of(manifest)), []))
    return names


def _write_transitional_version(
    home: Home, manifest: Mapping[str, Any], containers: Mapping[str, list[Container]]
) -> str:
    """Write the configuration that has all containers, old and new, and return its name."""
    return write_version(home, render(home, manifest, container_names(containers)))


def activate(
    home: Home, manifest: Mapping[str, Any], running: list[Container], name: str, spread_seconds: float = 0.0
) -> None:
    """Make a version the live one, and wait until the published port answers with it.

    :param running: the running containers of the proxy. :param spread_seconds: see ``confirm``.
    :raises EdgeError: if it does not.
    """
    set_live(home, name)
    proxy(manifest).reload(home, manifest, running)
    confirm(manifest, spread_seconds)


def finish_connections(home: Home, manifest: Mapping[str, Any], running: list[Container], journal: Journal) -> None:
    """Wait until connections from before the live configuration have ended, at most for the edge's ``drain``.

    After that time nginx closes them itself, or they end with the container that they go to.
    """
    service = str(edge_of(manifest))
    seconds = manifest["services"][service]["drain_seconds"]
    is_draining = functools.partial(proxy(manifest).has_old_connections, home, manifest, running)
    text = f"draining open connections, for at most {seconds:g} s"
    with journal.part("switch", "drain", service, start_text=text if is_draining() else ""):
        deadline = time.monotonic() + seconds
        while is_draining():
            if time.monotonic() > deadline:
                journal.write("switch", "done", "closed the connections that were still open", service)
                return
            watch.check()
            time.sleep(0.1)


def prune_versions(home: Home) -> None:
    """Remove every version except the live one. The version of an older release is written again from its files."""
    discard_staged(home.edge / "current")
    for version in (home.edge / "versions").glob("*"):
        if _VERSION.fullmatch(version.name) and version.is_dir() and version.name != live_version(home):
            shutil.rmtree(version)
