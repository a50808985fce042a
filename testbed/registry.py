"""The registry. This machine pushes to 127.0.0.1:5000. Servers pull from registry:5000 and use it as a hub mirror."""

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
# Images that stacks run unchanged. Base images of applications are pushed only on request.
SERVICE_IMAGES = ("postgres", "redis", "nginx")
START_TIMEOUT = 20.0
MANIFEST_TYPES = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)


def ensure(names: Sequence[str] = ()) -> None:
    """Start the registry unless it answers, and push the service images and *names* to it as library/NAME:TAG.

    :raises StepError: if the registry does not answer or a push fails.
    """
    images.ensure([IMAGE, *SERVICE_IMAGES, *names])
    network.ensure(STEP)
    _ensure_container()
    _wait()
    for recipe in recipes.choose([*SERVICE_IMAGES, *names]):
        if recipe.official:
            _push(recipe.reference)
    if {"base", recipes.OFFICIAL_BASE} & set(names):
        _push(recipes.OFFICIAL_BASE)
    shell.say(STEP, f"answers at {ENDPOINT}; servers reach it as registry:5000")


def remove() -> None:
    """Remove the registry and all its images."""
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
    address = ["--network", network.NAME, "--network-alias", "registry", "--ip", network.REGISTRY_ADDRESS]
    options = ["--restart=unless-stopped", f"--publish={ENDPOINT}:5000", f"--volume={VOLUME}:/var/lib/registry"]
    shell.run(STEP, ["docker", "run", "--detach", "--name", CONTAINER, "--label", label, *address, *options, IMAGE])


def _wait() -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while _head("/v2/") is None:
        if time.monotonic() > deadline:
            logs = f"docker logs {CONTAINER}"
            raise shell.StepError(f"registry: nothing answers at {ENDPOINT} after {START_TIMEOUT:.0f} s; see `{logs}`")
        time.sleep(0.1)


def _name(reference: str) -> str:
    """Return where a hub has an image: official ones are in `library`."""
    return reference if "/" in reference else f"library/{reference}"


def _target(reference: str) -> str:
    return f"{ENDPOINT}/{_name(reference)}"


def holds(reference: str, name: str) -> bool:
    """Return whether `name` (REPOSITORY:TAG) in the registry is the local image `reference`."""
    repository, tag = name.rsplit(":", 1)
    digest = _head(f"/v2/{repository}/manifests/{tag}")
    # The engine records a digest with an image only after a push of it has succeeded.
    pushed = shell.answer(["docker", "image", "inspect", "--format", "{{json .RepoDigests}}", reference])
    return bool(digest) and f"{ENDPOINT}/{repository}@{digest}" in json.loads(pushed or "[]")


def _push(reference: str) -> None:
    """Push a local image as a hub names it, unless the registry has the same image under that tag."""
    if holds(reference, _name(reference)):
        return
    shell.say(STEP, f"pushing {reference}")
    shell.run(STEP, ["docker", "tag", reference, _target(reference)])
    shell.run(STEP, ["docker", "push", _target(reference)])


def _head(path: str) -> str | None:
    """Return the content digest of a path in the registry, "" if it has none, `None` if there is no such path."""
    # Do not use the machine's HTTP proxy: it cannot reach a loopback address.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    accept = ", ".join(MANIFEST_TYPES)
    request = urllib.request.Request(f"http://{ENDPOINT}{path}", headers={"Accept": accept}, method="HEAD")
    try:
        with opener.open(request, timeout=5) as response:
            return str(response.headers.get("Docker-Content-Digest", ""))
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None
