"""Docker on the controller: builds a bake document, and resolves image references.

Place in the pipeline: next to bake and archive; of these modules only this one runs commands.
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

from ansible_collections.slipway.stack.plugins.module_utils.engine import (
    image_references,
    image_transfer,
    registries,
)
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.plugin_utils.images import attestations
from ansible_collections.slipway.stack.plugins.plugin_utils.images.attestations import Builder, ResolvedImage

_ENVIRONMENT = {
    # Attestations contain the time of the build, so an unchanged image gets another digest with each build
    # (moby/buildkit#5894). The document says which images get them, and `retag` restores the tags of unchanged images.
    "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
    # From 0.20 on bake asks before it reads outside the working directory. The inventory names the contexts.
    "BUILDX_BAKE_ENTITLEMENTS_FS": "0",
}
# What registries answer if a repository does not exist yet. Some do not distinguish it from a forbidden one.
_ABSENT = re.compile(
    r"not found|no such image|(manifest|name) unknown|denied|unauthorized|forbidden|insufficient_scope", re.IGNORECASE
)
_BAKE = ("docker", "buildx", "bake", "--file", "-")
_SUMMARY_MARK = "------"
_LAST_LINES = 40


class BuildError(Exception):
    """A build failed. The message is one sentence; ``lines`` are the last lines of output."""

    def __init__(self, message: str, lines: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.lines = lines


def command(push: bool) -> list[str]:
    """Return the command that builds the document on its standard input, and pushes the images or loads them."""
    return [*_BAKE, "--progress", "plain", "--push" if push else "--load"]


def require() -> None:
    """Check that this machine can build.

    :raises BuildError: with what is missing.
    """
    try:
        done = _run(["docker", "buildx", "version"])
    except FileNotFoundError:
        raise BuildError("this machine builds the images and has no docker; install Docker Engine and buildx") from None
    if done.returncode != 0:
        raise BuildError("this machine builds the images and its docker has no buildx; install docker-buildx")


def check(document: Mapping[str, Any]) -> None:
    """Let bake read the document without building.

    :raises BuildError: with the error of bake.
    """
    done = _run([*_BAKE, "--print"], json.dumps(document))
    if done.returncode != 0:
        raise BuildError(f"bake does not accept the description: {reason(done.stderr.splitlines())}")


def build(document: Mapping[str, Any], push: bool, on_line: Callable[[str], None]) -> None:
    """Build the targets of the document, and push them if *push* is true.

    :param on_line: is called with each line of output.
    :raises BuildError: if the build fails, naming the file with the whole log.
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
                on_line(lines[-1])
        except BaseException:
            # Without this process nobody reads its output.
            process.terminate()
            raise
    if process.returncode != 0:
        raise BuildError(f"{reason(lines)}; the whole log is in {_save_log(lines)}", log_excerpt(lines))


def reason(lines: Iterable[str], command: str = "docker buildx bake") -> str:
    """Return the last error in the output of a buildx *command*, without the prefix ``ERROR``."""
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return errors[-1] if errors else f"{command} failed without an error message"


def log_excerpt(lines: list[str]) -> tuple[str, ...]:
    """Return the part of a failed build's log to show: the summary of bake, or the last lines if there is none."""
    return tuple(lines[lines.index(_SUMMARY_MARK) :] if _SUMMARY_MARK in lines else lines[-_LAST_LINES:])


def _save_log(lines: list[str]) -> str:
    handle, path = tempfile.mkstemp(prefix="slipway-images-", suffix=".log")
    with open(handle, "w", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + "\n")
    return path


def builder() -> tuple[Builder, bool]:
    """Return the current builder, and whether its engine keeps images in containerd's store.

    :raises BuildError: if it cannot be inspected.
    """
    done = _run(["docker", "buildx", "inspect"])
    if done.returncode != 0:
        raise BuildError(
            f"the builder cannot be inspected: {reason(done.stderr.splitlines(), 'docker buildx inspect')}"
        )
    current = attestations.parse_builder(done.stdout)
    if current.driver != "docker":
        return current, False
    # A builder of this driver has the name of the context of its engine.
    info = _run(["docker", "--context", current.name, "info", "--format", "{{json .DriverStatus}}"])
    store = json.loads(info.stdout or "null") if info.returncode == 0 else None
    return current, image_transfer.CONTAINERD in (store or [])


def retag(tags: Sequence[str], image: ResolvedImage) -> bool:
    """Point *tags* to an *image* that is in their repository; return whether that worked.

    buildx makes an index even of a single manifest. From 0.15 on an option prevents it.
    """
    options = [] if image.index else ["--prefer-index=false"]
    options += [word for tag in tags for word in ("--tag", tag)]
    source = f"{image_references.repository(tags[0])}@{image.digest}"
    return _run(["docker", "buildx", "imagetools", "create", *options, source]).returncode == 0


def resolve(references: Iterable[str], in_registry: bool) -> dict[str, ResolvedImage | None]:
    """Return what each reference resolves to; ``None`` if the image does not exist.

    :param in_registry: whether to ask the registry instead of the engine of this machine.
    :raises BuildError: if a registry cannot be queried.
    """
    names = list(references)
    with ThreadPoolExecutor(max_workers=8) as pool:
        return dict(zip(names, pool.map(_in_registry if in_registry else _in_engine, names), strict=True))


def _in_registry(reference: str) -> ResolvedImage | None:
    done = _run(["docker", "buildx", "imagetools", "inspect", reference, "--format", "{{json .Manifest}}"])
    if done.returncode == 0:
        return attestations.parse_manifest(json.loads(done.stdout))
    answer = reason(done.stderr.splitlines())
    if is_absent(answer):
        return None
    # buildx connects to the registry itself and does not know the insecure registries of the engine.
    try:
        return ResolvedImage(registries.remote_digest(reference))
    except DockerError as error:
        if is_absent(str(error)):
            return None
    raise BuildError(f"{image_references.registry_host(reference)} cannot be queried for {reference}: {answer}")


def is_absent(answer: str) -> bool:
    """Return whether the *answer* of a registry means that the image does not exist, as far as registries say."""
    return _ABSENT.search(answer) is not None


def _in_engine(reference: str) -> ResolvedImage | None:
    record = inspect(reference)
    return ResolvedImage(str(record["Id"])) if record else None


def inspect(reference: str) -> dict[str, Any] | None:
    """Return the record of an image in the engine of this machine; ``None`` if it does not have the image.

    :raises BuildError: if there is no docker.
    """
    try:
        done = _run(["docker", "image", "inspect", reference])
    except FileNotFoundError:
        raise BuildError(f"this machine has no docker, and {reference} is not in a registry") from None
    return dict(json.loads(done.stdout)[0]) if done.returncode == 0 else None


def save(references: Iterable[str], path: str) -> None:
    """Write images to one file with ``docker save``.

    :raises BuildError: with the error of docker.
    """
    done = _run(["docker", "save", "--output", path, *references])
    if done.returncode != 0:
        raise BuildError(f"docker save failed: {done.stderr.strip()}")


def _run(arguments: list[str], stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments,
        env={**os.environ, **_ENVIRONMENT},
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
