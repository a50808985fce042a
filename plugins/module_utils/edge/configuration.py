"""The live configuration of the edge: tested beside the old one, swapped in by a link, reloaded, confirmed.

Place in the pipeline: target, switch. ``edge/versions/`` holds configurations by the digest of their content, and
``edge/current`` is a link to the live one; the container has ``edge/`` mounted whole. Upstreams name containers, not
services: a service's name stands for all of its containers, those that are not ready yet among them.
"""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ansible_collections.slipway.stack.plugins.module_utils.edge import nginx, traefik
from ansible_collections.slipway.stack.plugins.module_utils.edge.confirmation import confirm
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import EdgeError, edge_of, members, proxy_of
from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, replicas
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.engine.project_containers import (
    ProjectContainers,
    container_names,
)
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, link, write_text

_TO_COME = "to-be-started"


class Proxy(Protocol):
    """What is to be known of a proxy on the host; each is a module. *running*: its containers that run."""

    #: Seconds that it gets to look up the names of containers before it has to know them.
    LOOK_UP_SECONDS: float

    def host_files(self, manifest: Mapping[str, Any], targets: Mapping[str, Iterable[str]]) -> dict[str, str]:
        """Return the files that the host adds to a release's configuration, by path."""

    def test(self, home: Home, manifest: Mapping[str, Any], names: Sequence[str], running: list[Container]) -> None:
        """Have the proxy itself check configurations that were laid down, or raise :class:`EdgeError`."""

    def reload(self, home: Home, manifest: Mapping[str, Any], running: list[Container]) -> None:
        """Have it read the live configuration, or raise :class:`EdgeError` where it says that it does not."""

    def has_old_connections(self, home: Home, manifest: Mapping[str, Any], running: list[Container]) -> bool:
        """Return whether anything is still open that came before the live configuration."""

    def hold_port(self, manifest: Mapping[str, Any], running: list[Container], old: list[Container]) -> None:
        """See to it that the *old* get all connections until those that are to start beside them can serve."""

    def stop_accepting(self, manifest: Mapping[str, Any], running: list[Container], old: list[Container]) -> None:
        """Have the *old* get no connections any more."""

    def resume_accepting(self, manifest: Mapping[str, Any], running: list[Container], old: list[Container]) -> None:
        """Have the *old* get connections again."""


PROXIES: dict[str, Proxy] = {"nginx": nginx, "traefik": traefik}


def proxy(manifest: Mapping[str, Any]) -> Proxy:
    """Return what the edge of a release is."""
    return PROXIES[proxy_of(manifest["services"][str(edge_of(manifest))])]


def render(home: Home, manifest: Mapping[str, Any], targets: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return the files of a release's configuration, by path.

    :param targets: by service, the names of the containers that requests go to. A proxy looks names up when it runs,
        not when it tests, so a service without any gets one that nobody has yet.
    """
    names = {service: list(targets.get(service, ())) or [_TO_COME] for service in routed_services(manifest)}
    folder = home.release(manifest["release"]) / "edge"
    # An editor's swap file is none of it, and a byte that is no UTF-8 stays what it is.
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(".")]
    result = {path.name: path.read_text(encoding="utf-8", errors="surrogateescape") for path in files}
    result.update(proxy(manifest).host_files(manifest, names))
    return result


def routed_services(manifest: Mapping[str, Any]) -> set[str]:
    """Return the services that requests go to."""
    return {upstream["service"] for upstream in manifest["upstreams"]}


def write_version(home: Home, files: Mapping[str, str]) -> str:
    """Put a configuration beside the live one, unless it is there already, and return its name below ``versions``."""
    name = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:16]
    version = home.edge / "versions" / name
    if not version.is_dir():
        incoming = version.with_name(f".{name}")
        shutil.rmtree(incoming, ignore_errors=True)
        for path, text in files.items():
            write_text(incoming / path, text)
        incoming.rename(version)
    return name


def live_version(home: Home) -> str | None:
    """Return the name of the version that ``edge/current`` is, ``None`` where there is none yet."""
    current = home.edge / "current"
    return Path(current.readlink()).name if current.is_symlink() else None


def set_live(home: Home, name: str) -> None:
    """Make ``edge/versions/NAME`` the configuration that the proxy reads at its next start or reload."""
    link(home.edge / "current", f"versions/{name}")


def apply(
    home: Home,
    manifest: Mapping[str, Any],
    found: Mapping[str, list[Container]],
    final: str,
    journal: Journal,
    replaced: Iterable[Container] = (),
    accepted: Collection[str] = (),
) -> None:
    """Bring the edge to the configuration *final*, and wait until all is finished that came before.

    It takes two turns, so that at no moment the edge knows nobody to ask. nginx knows the address of a name only after
    it has asked for it once, and keeps it through a reload. With other containers' names alone it would for some
    milliseconds have nobody to send a request to. So they come in beside the ones that it knows, and stand alone only
    after that.

    :param found: by service, the containers that run, old and new.
    :param replaced: those of the edge itself that are about to go.
    :param accepted: the configurations that the proxy has checked already.
    :raises EdgeError: when the proxy refuses it, or the published port does not answer with the release.
    """
    service = str(edge_of(manifest))
    running = found.get(service, [])
    with journal.part("switch", "reload", service):
        both = _beside(home, manifest, found)
        if unknown := [name for name in (both, final) if name not in accepted]:
            proxy(manifest).test(home, manifest, unknown, running)
        _turn(home, manifest, running, both, proxy(manifest).LOOK_UP_SECONDS)
    with journal.part("switch", "reload", service):
        _turn(home, manifest, running, final)
    old = list(replaced)
    if old:
        # Whose connection they close in the end must not come back to them.
        with journal.part("switch", "stop accepting", service):
            proxy(manifest).stop_accepting(manifest, running, old)
            confirm(manifest)
    _drain(home, manifest, running, journal)


def test_ahead(home: Home, manifest: Mapping[str, Any], found: Mapping[str, list[Container]], final: str) -> set[str]:
    """Have the proxy check what :func:`exchange` would bring it to, and return the names of these configurations.

    :raises EdgeError: when it refuses one.
    """
    names = {_beside(home, manifest, found), final}
    proxy(manifest).test(home, manifest, sorted(names), found.get(str(edge_of(manifest)), []))
    return names


def _beside(home: Home, manifest: Mapping[str, Any], found: Mapping[str, list[Container]]) -> str:
    """Lay down the configuration that has all containers, old and new, and return its name."""
    return write_version(home, render(home, manifest, container_names(found)))


def _turn(home: Home, manifest: Mapping[str, Any], running: list[Container], name: str, over: float = 0.0) -> None:
    set_live(home, name)
    proxy(manifest).reload(home, manifest, running)
    confirm(manifest, over)


def _drain(home: Home, manifest: Mapping[str, Any], running: list[Container], journal: Journal) -> None:
    """Wait until all is finished that came before the live configuration, as long as the edge's `drain` at most.

    What is open then is closed by nginx itself, or by the container that it goes to when that stops.
    """
    service = str(edge_of(manifest))
    seconds = manifest["services"][service]["drain_seconds"]
    leaving = functools.partial(proxy(manifest).has_old_connections, home, manifest, running)
    words = f"what is open may end, within {seconds:g} s"
    with journal.part("switch", "drain", service, start_text=words if leaving() else ""):
        deadline = time.monotonic() + seconds
        while leaving():
            if time.monotonic() > deadline:
                journal.write("switch", "done", "closed what was still open", service)
                return
            time.sleep(0.1)


def prune_versions(home: Home) -> None:
    """Remove every configuration but the live one; an older release's is made again from its files."""
    for version in (home.edge / "versions").glob("*"):
        if version.is_dir() and version.name != live_version(home):
            shutil.rmtree(version)


def replace_proxy(
    home: Home,
    leaving: Mapping[str, Any] | None,
    coming: Mapping[str, Any],
    actions: Mapping[str, str],
    there: Mapping[str, list[Container]],
    containers: ProjectContainers,
    name: str,
    journal: Journal,
) -> None:
    """Stop and remove an edge, and its pod where that does not stay, and put up another one in its place.

    :param leaving: the manifest whose edge goes: another than the one to come may have its port.
    :param actions: what is planned, by service.
    :param there: the containers that may go, by service.
    :param name: the configuration that the proxy starts with.
    :raises RolloutFailed: when it does not come up.
    """
    with journal.part("switch", "stop", edge_of(coming)):
        remove_proxies(actions, (leaving, coming), there)
    set_live(home, name)
    with journal.part("switch", "start", edge_of(coming)):
        _put_up(home, coming, containers)


def remove_proxies(
    actions: Mapping[str, str],
    releases: Iterable[Mapping[str, Any] | None],
    there: Mapping[str, list[Container]],
) -> None:
    """Stop and remove the edges of *releases*, and then pods that do not stay; for the rest see :func:`replace`."""
    groups = [members(manifest) for manifest in releases if manifest]
    for names in ({name for group in groups for name in group[-1:]}, {name for group in groups for name in group[:-1]}):
        leaving = [one.id for name in sorted(names) if actions.get(name) != "unchanged" for one in there.get(name, [])]
        # The proxies first: what they have in flight ends before their network does.
        replicas.stop(leaving)
        replicas.remove(leaving)


def _put_up(home: Home, manifest: Mapping[str, Any], containers: ProjectContainers) -> None:
    there = {name: len(group) for name, group in containers.find().items()}
    missing = {member: 1 for member in members(manifest) if member not in there}
    if missing:
        arguments = replicas.create_arguments(missing, there, manifest["services"])
        docker.run(arguments, cwd=str(home.release(str(manifest["release"]))))
    for member in members(manifest):
        replicas.start(
            [container.id for container in containers.find().get(member, []) if container.state != "running"]
        )
    containers.wait({member: manifest["services"][member] for member in members(manifest)}, "switch")


def repair(
    home: Home, manifest: Mapping[str, Any], running: Mapping[str, list[Container]], force: bool, dry: bool
) -> list[str]:
    """Bring the live configuration back to what the live release says, and return the files that differed.

    :param force: test and reload even where nothing differs.
    :raises EdgeError: when there is no edge, or the proxy refuses or does not answer.
    """
    service = edge_of(manifest)
    if service is None:
        raise EdgeError("the live release has no edge; add a service of kind nginx or traefik")
    wanted = render(home, manifest, container_names(running))
    differing = [path for path, text in wanted.items() if _text(home.edge / "current" / path) != text]
    if dry or not (differing or force):
        return differing
    for path in differing:
        write_text(home.edge / "current" / path, wanted[path])
    proxy(manifest).test(home, manifest, [str(live_version(home))], running.get(service, []))
    proxy(manifest).reload(home, manifest, running.get(service, []))
    confirm(manifest)
    return differing


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None
