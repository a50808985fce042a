"""The registry: the machine pushes to 127.0.0.1:5000, servers pull from registry:5000 and have it as hub mirror."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence

from testbed import images, network, recipes, shell

STEP = "registry"
IMAGE = "slipway/registry"
CONTAINER = "slipway-registry"
VOLUME = "slipway-registry"
ENDPOINT = "127.0.0.1:5000"
# What stacks run unchanged; images that applications build on stay on the machine unless asked for.
SERVICE_IMAGES = ("postgres", "redis", "nginx")
ANSWERS_WITHIN = 20.0
MANIFEST_TYPES = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)


def ensure(names: Sequence[str] = ()) -> None:
    """Make sure the registry answers and holds the service images, and those named, as library/NAME:TAG."""
    images.ensure([IMAGE, *SERVICE_IMAGES, *names])
    network.ensure(STEP)
    _ensure_container()
    _wait()
    for recipe in recipes.choose([*SERVICE_IMAGES, *names]):
        if recipe.official:
            _push(recipe.reference)
    if {"base", recipes.OFFICIAL_BASE} & set(names):
        _push(recipes.OFFICIAL_BASE)
    shell.say(STEP, f"answers on {ENDPOINT}; servers reach it as registry:5000")


def remove() -> None:
    """Remove the registry with everything in it."""
    if shell.succeeds(["docker", "container", "inspect", CONTAINER]):
        shell.say(STEP, "removing the registry")
        shell.run(STEP, ["docker", "rm", "--force", CONTAINER])
    if shell.succeeds(["docker", "volume", "inspect", VOLUME]):
        shell.run(STEP, ["docker", "volume", "rm", VOLUME])
    for reference in [recipe.reference for recipe in recipes.RECIPES] + [recipes.OFFICIAL_BASE]:
        if images.image_id(_target(reference)):
            shell.run(STEP, ["docker", "image", "rm", _target(reference)])


def _ensure_container() -> None:
    state = shell.answer(["docker", "container", "inspect", "--format", "{{.State.Running}} {{.Image}}", CONTAINER])
    if state == f"true {images.image_id(IMAGE)}":
        return
    shell.say(STEP, "starting the registry")
    if state is not None:
        shell.run(STEP, ["docker", "rm", "--force", CONTAINER])
    label = f"{shell.LABEL}=registry"
    shell.run(STEP, ["docker", "volume", "create", "--label", label, VOLUME])
    place = ["--network", network.NAME, "--network-alias", "registry", "--ip", network.REGISTRY_ADDRESS]
    options = ["--restart=unless-stopped", f"--publish={ENDPOINT}:5000", f"--volume={VOLUME}:/var/lib/registry"]
    shell.run(STEP, ["docker", "run", "--detach", "--name", CONTAINER, "--label", label, *place, *options, IMAGE])


def _wait() -> None:
    deadline = time.monotonic() + ANSWERS_WITHIN
    while _head("/v2/") is None:
        if time.monotonic() > deadline:
            logs = f"docker logs {CONTAINER}"
            raise shell.StepError(f"registry: nothing answers on {ENDPOINT} after {ANSWERS_WITHIN:.0f} s; see `{logs}`")
        time.sleep(0.1)


def _target(reference: str) -> str:
    return f"{ENDPOINT}/library/{reference}"


def holds(reference: str, name: str) -> bool:
    """Say whether what the registry has as `name` (REPOSITORY:TAG) is the local image `reference`."""
    repository, tag = name.rsplit(":", 1)
    there = _head(f"/v2/{repository}/manifests/{tag}")
    # The engine notes a digest with an image only once a push of it has succeeded.
    pushed = shell.answer(["docker", "image", "inspect", "--format", "{{json .RepoDigests}}", reference])
    return bool(there) and f"{ENDPOINT}/{repository}@{there}" in json.loads(pushed or "[]")


def _push(reference: str) -> None:
    """Push a local image as library/NAME:TAG unless that tag in the registry is this very image already."""
    if holds(reference, f"library/{reference}"):
        return
    shell.say(STEP, f"pushing {reference}")
    shell.run(STEP, ["docker", "tag", reference, _target(reference)])
    shell.run(STEP, ["docker", "push", _target(reference)])


def _head(path: str) -> str | None:
    """Return the content digest the registry names for a path (empty where none), None when it has no such path."""
    # Without the machine's HTTP proxy, which cannot reach a loopback address.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    accept = ", ".join(MANIFEST_TYPES)
    request = urllib.request.Request(f"http://{ENDPOINT}{path}", headers={"Accept": accept}, method="HEAD")
    try:
        with opener.open(request, timeout=5) as response:
            return str(response.headers.get("Docker-Content-Digest", ""))
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None
