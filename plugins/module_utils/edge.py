"""The live configuration of the edge: tested beside the old one, swapped in by a link, reloaded, confirmed.

Place in the pipeline: target, switch. ``edge/versions/`` holds configurations by the digest of their content, and
``edge/current`` is a link to the live one; the container has ``edge/`` mounted whole. Upstreams name containers, not
services: a service's name stands for all of its containers, those that are not ready yet among them.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils import docker, nginx, replicas
from ansible_collections.slipway.stack.plugins.module_utils.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.journal import Journal
from ansible_collections.slipway.stack.plugins.module_utils.layout import Home, link, write_text
from ansible_collections.slipway.stack.plugins.module_utils.probe import RELEASE_HEADER
from ansible_collections.slipway.stack.plugins.module_utils.running import Running

_CONFIRM_SECONDS = 10.0
#: Connections are dealt out to old and new nginx by chance: that this many in a row miss one of two is 1 in a million.
_CONFIRM_IN_A_ROW = 20
#: Docker's name server answers within a millisecond; this is how long new workers get to have asked it.
_LOOK_UP_SECONDS = 0.3


class EdgeError(Exception):
    """The proxy refuses the configuration, or does not answer with the new release."""


def edge_of(manifest: Mapping[str, Any]) -> str | None:
    """Return the name of the edge service of a release, ``None`` where it has none."""
    return next((name for name, facts in manifest["services"].items() if facts["edge"]), None)


def members(manifest: Mapping[str, Any]) -> list[str]:
    """Return the edge of a release and, before it, the pod whose network it is in; none where there is no edge."""
    service = edge_of(manifest)
    pod = manifest["services"][service].get("pod") if service else None
    return [name for name in (pod, service) if name]


def public_address(manifest: Mapping[str, Any]) -> tuple[str, int]:
    """Return an address of this host and the first port that the edge, or its pod, publishes there."""
    ports = manifest["services"][members(manifest)[0]]["ports"]
    parts = str(ports[0]).split("/")[0].rsplit(":", 2)
    address = parts[0].strip("[]") if len(parts) == 3 else "0.0.0.0"
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address), int(parts[-2])


def contents(home: Home, manifest: Mapping[str, Any], targets: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return the files of a release's configuration, by path.

    :param targets: by service, the names of the containers that requests go to.
    """
    folder = home.release(manifest["release"]) / "edge"
    result = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())}
    result["release.conf"] = f'map "" $slipway_release {{ default "{manifest["release"]}"; }}\n'
    for upstream in manifest["upstreams"]:
        lines = [f"server {name}:{upstream['port']} resolve max_fails=0;\n" for name in targets[upstream["service"]]]
        result[f"upstreams/{upstream['service']}_{upstream['port']}.conf"] = "".join(lines)
    return result


def lay_down(home: Home, files: Mapping[str, str]) -> str:
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


def test(home: Home, manifest: Mapping[str, Any], name: str, running: list[Container]) -> None:
    """Have nginx itself check a configuration that was laid down, in each of its containers or a passing one.

    :raises EdgeError: with nginx' own complaint.
    """
    service = edge_of(manifest)
    command = nginx.test_command(name)
    up = [container for container in running if container.state == "running"]
    try:
        for container in up:
            docker.run(["exec", container.id, *command], timeout=30)
        if not up:
            folder = str(home.release(manifest["release"]))
            if members(manifest)[0] != service:
                # A passing container joins the pod's network as well.
                docker.run(replicas.up_arguments(members(manifest)[:1]), cwd=folder)
            once = ["compose", "run", "--rm", "--no-deps", "-T", "--entrypoint", command[0], str(service), *command[1:]]
            docker.run(once, cwd=folder, timeout=60)
    except DockerError as error:
        raise EdgeError(f"service '{service}': nginx refuses the configuration: {error}") from None


def live(home: Home) -> str | None:
    """Return the name of the version that ``edge/current`` is, ``None`` where there is none yet."""
    current = home.edge / "current"
    return Path(current.readlink()).name if current.is_symlink() else None


def switch(home: Home, name: str) -> None:
    """Make ``edge/versions/NAME`` the configuration that nginx reads at its next start or reload."""
    link(home.edge / "current", f"versions/{name}")


def exchange(
    home: Home,
    manifest: Mapping[str, Any],
    running: list[Container],
    everyone: Mapping[str, Iterable[str]],
    final: str,
    journal: Journal,
) -> None:
    """Bring the edge to the configuration *final* in two turns, so that at no moment it knows nobody to ask.

    nginx knows the address of a name only after it has asked for it once, and keeps it through a reload. With other
    containers' names alone it would for some milliseconds have nobody to send a request to. So they come in beside
    the ones that it knows, and stand alone only after that.

    :param running: the edge's containers.
    :param everyone: by service, the names of its containers, old and new.
    :raises EdgeError: when nginx refuses it, or the published port does not answer with the release.
    """
    with journal.part("switch", "turn", edge_of(manifest)):
        turn(home, manifest, running, lay_down(home, contents(home, manifest, everyone)))
        time.sleep(_LOOK_UP_SECONDS)
    with journal.part("switch", "turn", edge_of(manifest)):
        turn(home, manifest, running, final)


def turn(home: Home, manifest: Mapping[str, Any], running: list[Container], name: str) -> None:
    """Make a configuration that was laid down the live one: reload, and wait until it answers.

    :raises EdgeError: when nginx refuses it, or the published port does not answer with the release.
    """
    test(home, manifest, name, running)
    switch(home, name)
    nginx.reload(running)
    confirm(manifest)


def drain(running: list[Container], seconds: float, service: str, journal: Journal) -> None:
    """Wait until no old worker is left, *seconds* at most; nginx closes by itself what is open then."""
    words = f"what is open may end, within {seconds:g} s"
    with journal.part("switch", "drain", service, begins=words if nginx.leaving(running) else ""):
        deadline = time.monotonic() + seconds
        while nginx.leaving(running):
            if time.monotonic() > deadline:
                journal.write("switch", "done", "closed what was still open", service)
                return
            time.sleep(0.1)


def prune(home: Home) -> None:
    """Remove every configuration but the live one; an older release's is made again from its files."""
    for version in (home.edge / "versions").glob("*"):
        if version.name != live(home):
            shutil.rmtree(version)


def replace(
    home: Home,
    leaving: Mapping[str, Any] | None,
    coming: Mapping[str, Any],
    actions: Mapping[str, str],
    there: Mapping[str, list[Container]],
    running: Running,
    name: str,
    journal: Journal,
) -> None:
    """Stop and remove an edge, and its pod where that does not stay, and put up another one in its place.

    :param leaving: the manifest whose edge goes: another than the one to come may have its port.
    :param actions: what is planned, by service.
    :param there: the containers that may go, by service.
    :param name: the configuration that nginx starts with.
    :raises RolloutFailed: when it does not come up.
    """
    with journal.part("switch", "stop", edge_of(coming)):
        make_way(actions, (leaving, coming), there)
    switch(home, name)
    with journal.part("switch", "start", edge_of(coming)):
        _put_up(home, coming, running)


def make_way(
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


def _put_up(home: Home, manifest: Mapping[str, Any], running: Running) -> None:
    there = {name: len(group) for name, group in running.look().items()}
    missing = {member: 1 for member in members(manifest) if member not in there}
    if missing:
        arguments = replicas.create_arguments(missing, there, manifest["services"])
        docker.run(arguments, cwd=str(home.release(str(manifest["release"]))))
    for member in members(manifest):
        replicas.start([container.id for container in running.look().get(member, []) if container.state != "running"])
    running.wait({member: manifest["services"][member] for member in members(manifest)}, "switch")


def confirm(manifest: Mapping[str, Any]) -> None:
    """Ask the port that the edge publishes until it answers with the release, whichever nginx takes the connection.

    :raises EdgeError: when it does not within ten seconds.
    """
    host, port = public_address(manifest)
    deadline = time.monotonic() + _CONFIRM_SECONDS
    answered, in_a_row = "nothing", 0
    while time.monotonic() < deadline:
        answered = _answering(host, port)
        in_a_row = in_a_row + 1 if answered == manifest["release"] else 0
        if in_a_row == _CONFIRM_IN_A_ROW:
            return
        if not in_a_row:
            time.sleep(0.05)
    raise EdgeError(f"port {port} does not answer with release {manifest['release']} but with {answered}")


def _answering(host: str, port: int) -> str:
    """Return the release that answers on a connection of its own, or what is there instead in words."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Connection": "close"})
        return connection.getresponse().getheader(RELEASE_HEADER) or "an answer without a release"
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()


def mend(
    home: Home, manifest: Mapping[str, Any], running: Mapping[str, list[Container]], force: bool, dry: bool
) -> list[str]:
    """Bring the live configuration back to what the live release says, and return the files that differed.

    :param force: test and reload even where nothing differs.
    :raises EdgeError: when there is no edge, or nginx refuses or does not answer.
    """
    service = edge_of(manifest)
    if service is None:
        raise EdgeError("the live release has no edge; add a service of kind nginx")
    targets = {name: [container.name for container in group] for name, group in running.items()}
    wanted = contents(home, manifest, targets)
    differing = [path for path, text in wanted.items() if _text(home.edge / "current" / path) != text]
    if dry or not (differing or force):
        return differing
    for path in differing:
        write_text(home.edge / "current" / path, wanted[path])
    test(home, manifest, str(live(home)), running.get(service, []))
    nginx.reload(running.get(service, []))
    confirm(manifest)
    return differing


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None
