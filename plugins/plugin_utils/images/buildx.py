"""Docker on the controller: builds what a bake document says, and tells which images are where.

Place in the pipeline: beside bake and archive; the one part of them that runs commands.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, image_transfer, registries
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.plugin_utils.images import attestations
from ansible_collections.slipway.stack.plugins.plugin_utils.images.attestations import Builder, Pushed

_ENVIRONMENT = {
    # Attestations hold the time of the build: with them an unchanged image gets another digest each time
    # (moby/buildkit#5894). Which images get them is said in the document, and what is unchanged goes back (`retag`).
    "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
    # From 0.20 on bake asks before it reads outside the working directory; the inventory has named the contexts.
    "BUILDX_BAKE_ENTITLEMENTS_FS": "0",
}
# Registries answer in one of these ways for a repository that is not there yet; some tell it from a forbidden one not.
_ABSENT = re.compile(
    r"not found|no such image|(manifest|name) unknown|denied|unauthorized|forbidden|insufficient_scope", re.IGNORECASE
)
_BAKE = ("docker", "buildx", "bake", "--file", "-")
_RULER = "------"
_TAIL = 40


class BuildError(Exception):
    """Nothing could be built. The message is one sentence; ``lines`` are the last that were printed."""

    def __init__(self, message: str, lines: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.lines = lines


def command(push: bool) -> list[str]:
    """Return the command that builds the document on its standard input, and pushes or keeps the images."""
    return [*_BAKE, "--progress", "plain", "--push" if push else "--load"]


def require() -> None:
    """Make sure that this machine can build.

    :raises BuildError: saying what is missing.
    """
    try:
        done = _run(["docker", "buildx", "version"])
    except FileNotFoundError:
        raise BuildError("this machine builds the images and has no docker; install Docker Engine and buildx") from None
    if done.returncode != 0:
        raise BuildError("this machine builds the images and its docker has no buildx; install docker-buildx")


def check(document: Mapping[str, Any]) -> None:
    """Let bake read the document and build nothing.

    :raises BuildError: with its complaint.
    """
    done = _run([*_BAKE, "--print"], json.dumps(document))
    if done.returncode != 0:
        raise BuildError(f"bake does not accept the description: {reason(done.stderr.splitlines())}")


def build(document: Mapping[str, Any], push: bool, told: Callable[[str], None]) -> None:
    """Build the document's targets and, as wanted, push them; *told* gets each line that is printed.

    :raises BuildError: when it fails, naming the file in which the whole log then is.
    """
    lines: list[str] = []
    with subprocess.Popen(
        command(push),
        env={**os.environ, **_ENVIRONMENT},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise AssertionError("a process that was started with pipes has them")
        try:
            process.stdin.write(json.dumps(document))
            process.stdin.close()
            for line in process.stdout:
                lines.append(line.rstrip())
                told(lines[-1])
        except BaseException:
            # Nobody would follow it any more.
            process.terminate()
            raise
    if process.returncode != 0:
        raise BuildError(f"{reason(lines)}; the whole log is in {_keep(lines)}", ending(lines))


def reason(lines: Iterable[str], command: str = "docker buildx bake") -> str:
    """Return the error that a *command* of buildx ends with, without its word ``ERROR``."""
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return errors[-1] if errors else f"{command} failed and did not say why"


def ending(lines: list[str]) -> tuple[str, ...]:
    """Return the part of a failed build's log to show: bake's summary, which a ruler begins, or the last lines."""
    return tuple(lines[lines.index(_RULER) :] if _RULER in lines else lines[-_TAIL:])


def _keep(lines: list[str]) -> str:
    handle, path = tempfile.mkstemp(prefix="slipway-images-", suffix=".log")
    with open(handle, "w", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + "\n")
    return path


def builder() -> tuple[Builder, bool]:
    """Return the builder that would build now, and whether its engine keeps images in containerd's store.

    :raises BuildError: where it cannot be asked.
    """
    done = _run(["docker", "buildx", "inspect"])
    if done.returncode != 0:
        raise BuildError(f"the builder cannot be asked: {reason(done.stderr.splitlines(), 'docker buildx inspect')}")
    found = attestations.builder(done.stdout)
    if found.driver != "docker":
        return found, False
    # A builder of this driver is called as the context of its engine is.
    info = _run(["docker", "--context", found.name, "info", "--format", "{{json .DriverStatus}}"])
    store = json.loads(info.stdout or "null") if info.returncode == 0 else None
    return found, image_transfer.CONTAINERD in (store or [])


def retag(tags: Sequence[str], found: Pushed) -> bool:
    """Have *tags* stand for what was *found* in their repository before; return whether they do.

    buildx makes an index of a single manifest unless it is told not to, which it can be from 0.15 on.
    """
    options = [] if found.index else ["--prefer-index=false"]
    options += [word for tag in tags for word in ("--tag", tag)]
    source = f"{docker.repository(tags[0])}@{found.digest}"
    return _run(["docker", "buildx", "imagetools", "create", *options, source]).returncode == 0


def look_up(references: Iterable[str], in_registry: bool) -> dict[str, Pushed | None]:
    """Return what each reference stands for, ``None`` where it is nothing yet.

    :param in_registry: whether the registry is to be asked, rather than this machine's engine.
    :raises BuildError: where a registry cannot be asked.
    """
    wanted = list(references)
    with ThreadPoolExecutor(max_workers=8) as pool:
        return dict(zip(wanted, pool.map(_in_registry if in_registry else _in_engine, wanted), strict=True))


def _in_registry(reference: str) -> Pushed | None:
    done = _run(["docker", "buildx", "imagetools", "inspect", reference, "--format", "{{json .Manifest}}"])
    if done.returncode == 0:
        return attestations.pushed(json.loads(done.stdout))
    answer = reason(done.stderr.splitlines())
    if is_absent(answer):
        return None
    # buildx asks the registry itself and knows nothing of the engine's insecure registries.
    try:
        return Pushed(registries.remote_digest(reference))
    except DockerError as error:
        if is_absent(str(error)):
            return None
    raise BuildError(f"{docker.registry_host(reference)} cannot be asked for {reference}: {answer}")


def is_absent(answer: str) -> bool:
    """Return whether a registry's *answer* means that the image is not there, as far as registries tell."""
    return _ABSENT.search(answer) is not None


def _in_engine(reference: str) -> Pushed | None:
    record = inspect(reference)
    return Pushed(str(record["Id"])) if record else None


def inspect(reference: str) -> dict[str, Any] | None:
    """Return this machine's engine's record of an image, ``None`` where it has none.

    :raises BuildError: where there is no docker.
    """
    try:
        done = _run(["docker", "image", "inspect", reference])
    except FileNotFoundError:
        raise BuildError(f"this machine has no docker, and {reference} is in no registry") from None
    return dict(json.loads(done.stdout)[0]) if done.returncode == 0 else None


def save(references: Iterable[str], path: str) -> None:
    """Write images as one file, as ``docker save`` does.

    :raises BuildError: with docker's own complaint.
    """
    done = _run(["docker", "save", "--output", path, *references])
    if done.returncode != 0:
        raise BuildError(f"docker save failed: {done.stderr.strip()}")


def _run(arguments: list[str], given: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments,
        env={**os.environ, **_ENVIRONMENT},
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
