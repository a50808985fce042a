"""The live configuration of the edge: tested beside the old one, swapped in by a link, reloaded, confirmed.

Place in the pipeline: target, switch. ``edge/versions/RELEASE/`` holds each release's configuration, ``edge/current``
is a link to the live one; the container has ``edge/`` mounted whole.
"""

from __future__ import annotations

import http.client
import shutil
import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils import docker
from ansible_collections.slipway.stack.plugins.module_utils.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.layout import Home, link, write_text
from ansible_collections.slipway.stack.plugins.module_utils.probe import RELEASE_HEADER

_MOUNT = "/etc/slipway/edge"
_CONFIRM_SECONDS = 10.0


class EdgeError(Exception):
    """The proxy refuses the configuration, or does not answer with the new release."""


def edge_of(manifest: Mapping[str, Any]) -> str | None:
    """Return the name of the edge service of a release, ``None`` where it has none."""
    return next((name for name, facts in manifest["services"].items() if facts["edge"]), None)


def public_address(facts: Mapping[str, Any]) -> tuple[str, int]:
    """Return an address of this host and the first port that the edge publishes there."""
    parts = str(facts["ports"][0]).split("/")[0].rsplit(":", 2)
    address = parts[0].strip("[]") if len(parts) == 3 else "0.0.0.0"
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address), int(parts[-2])


def lay_down(home: Home, release_id: str) -> None:
    """Put a release's configuration beside the live one; the first of all is made live, for nginx to start with."""
    version = home.edge / "versions" / release_id
    shutil.copytree(home.release(release_id) / "edge", version, dirs_exist_ok=True)
    write_text(version / "release.conf", f'map "" $slipway_release {{ default "{release_id}"; }}\n')
    if not (home.edge / "current").is_symlink():
        link(home.edge / "current", f"versions/{release_id}")


def test(home: Home, release_id: str, service: str, running: list[Container]) -> None:
    """Have nginx itself check a configuration that was laid down, in the running container or a passing one.

    :raises EdgeError: with nginx' own complaint.
    """
    command = ["nginx", "-t", "-q", "-c", f"{_MOUNT}/versions/{release_id}/nginx.conf"]
    up = [container for container in running if container.state == "running"]
    try:
        if up:
            docker.run(["exec", up[0].id, *command], timeout=30)
        else:
            folder = str(home.release(release_id))
            once = ["compose", "run", "--rm", "--no-deps", "-T", "--entrypoint", command[0], service, *command[1:]]
            docker.run(once, cwd=folder, timeout=60)
    except DockerError as error:
        raise EdgeError(f"service '{service}': nginx refuses the configuration: {error}") from None


def switch(home: Home, release_id: str) -> None:
    """Make a release's configuration the one that nginx reads at its next start or reload."""
    link(home.edge / "current", f"versions/{release_id}")


def reload(running: list[Container]) -> None:
    """Have nginx read its configuration again; old workers finish what they have."""
    for container in running:
        docker.run(["exec", container.id, "nginx", "-s", "reload", "-c", f"{_MOUNT}/current/nginx.conf"], timeout=30)


def confirm(facts: Mapping[str, Any], release_id: str) -> None:
    """Ask the port that the edge publishes until it answers with *release_id*.

    :raises EdgeError: when it does not within ten seconds.
    """
    host, port = public_address(facts)
    deadline = time.monotonic() + _CONFIRM_SECONDS
    answered = "nothing"
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(host, port, timeout=2)
        try:
            connection.request("GET", "/healthz", headers={"Connection": "close"})
            answered = connection.getresponse().getheader(RELEASE_HEADER) or "an answer without a release"
            if answered == release_id:
                return
        except (OSError, http.client.HTTPException) as error:
            answered = str(error) or type(error).__name__
        finally:
            connection.close()
        time.sleep(0.1)
    raise EdgeError(f"port {port} does not answer with release {release_id} but with {answered}")
