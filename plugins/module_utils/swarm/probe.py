"""A container on the overlay network of a stack, which answers those of the other hosts.

Place in the pipeline: target. No image is pulled: the container has the programs of this host, mounted read-only, in an
image without files of its own. Everything has one name, so that a run removes what an interrupted one has left.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, network_namespace
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.module_utils.swarm import answering, asking

IMAGE = "slipway-swarm-probe:latest"
_PREFIX = "slipway-swarm-probe-"
#: Where programs and their libraries are. On most systems all but the first are links into it.
_PLACES = ("usr", "bin", "lib", "lib32", "lib64", "libx32", "sbin")
#: Seconds that the engine has for one command, such as attaching a container to the network.
_SECONDS = 60.0


def open_probe(network: str, host: str) -> str:
    """Start the container, and return its address on the network.

    :param host: the name that it answers with.
    :raises DockerError: if the engine cannot start it, or cannot attach it to the network.
    """
    close_probe(network)
    _import_image()
    docker.run(_command(network, host, python(), Path("/")), timeout=_SECONDS)
    container = docker.get(f"/containers/{_PREFIX}{network}/json") or {}
    address = str(_endpoint(container, network).get("IPAddress") or "")
    if not (container.get("State") or {}).get("Running") or not address:
        logs = docker.run(["logs", _PREFIX + network], timeout=_SECONDS).strip()
        raise DockerError(f"the probe ended at once{': ' + logs.splitlines()[-1] if logs else ''}")
    return address


def ask(network: str, addresses: dict[str, str], seconds: float) -> dict[str, str]:
    """Return how the probes of other hosts answer the one of this host, see :func:`asking.ask`.

    :raises DockerError: if this host has no probe.
    """
    container = docker.get(f"/containers/{_PREFIX}{network}/json") or {}
    pid = int((container.get("State") or {}).get("Pid") or 0)
    if not pid:
        raise DockerError("the probe of this host does not run")
    return asking.ask(addresses, seconds, lambda: network_namespace.entered(pid))


def close_probe(network: str) -> None:
    """Remove the container and its image, if they are there.

    :raises DockerError: if the engine does not answer.
    """
    if docker.get(f"/containers/{_PREFIX}{network}/json") is not None:
        # It may end by itself meanwhile.
        with contextlib.suppress(DockerError):
            docker.run(["rm", "--force", _PREFIX + network], timeout=_SECONDS)
    if docker.local_image(IMAGE) is not None:
        # The probe of another stack may use it.
        with contextlib.suppress(DockerError):
            docker.run(["rmi", IMAGE], timeout=_SECONDS)


def python() -> str:
    """Return the Python of this host that runs this program, without a virtual environment."""
    return os.path.realpath(sys.executable or "/usr/bin/python3")


def _command(network: str, host: str, program: str, root: Path) -> list[str]:
    """Return the arguments of ``docker`` that start the container."""
    mounted = [f"/{name}" for name in _PLACES if (root / name).is_dir() and not (root / name).is_symlink()]
    if not any(program.startswith(f"{path}/") for path in mounted):
        mounted.append(sys.base_prefix)
    mounts = [f"--mount=type=bind,source={path},target={path},readonly" for path in mounted]
    limits = ["--memory=64m", "--pids-limit=64", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--read-only"]
    run = ["run", "--detach", "--rm", f"--name={_PREFIX}{network}", f"--network={network}", "--user=65534:65534"]
    said = [host, str(answering.PORT), str(answering.LIFETIME)]
    return [*run, *limits, *mounts, IMAGE, program, "-I", "-S", "-c", answering.PROGRAM, *said]


def _import_image() -> None:
    """Make an image with the links of this host's root directory, and nothing else.

    :raises DockerError: if the engine does not take it.
    """
    with tempfile.NamedTemporaryFile(suffix=".tar") as file:
        file.write(_archive(Path("/")))
        file.flush()
        docker.run(["import", file.name, IMAGE], timeout=_SECONDS)


def _archive(root: Path) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name in _PLACES:
            if (root / name).is_symlink():
                link = tarfile.TarInfo(name)
                link.type, link.linkname = tarfile.SYMTYPE, os.readlink(root / name)
                archive.addfile(link)
    return content.getvalue()


def _endpoint(container: dict[str, Any], network: str) -> dict[str, Any]:
    endpoint: dict[str, Any] = ((container.get("NetworkSettings") or {}).get("Networks") or {}).get(network) or {}
    return endpoint
