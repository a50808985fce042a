"""Langflow in the registry: an image that this engine has, or a stand-in where it has none."""

from __future__ import annotations

from testbed import images, registry, shell, shop

STEP = "langflow"
#: How this machine names it; servers say `registry:5000` for the registry.
REFERENCE = f"{registry.ENDPOINT}/example/langflow:1.13.0"
_PARENT = shop.reference("backend", "1.0.0")


def ensure(image: str = "") -> None:
    """Push *image* under the name that the examples use; without one, a stand-in on the shop's backend.

    Raises StepError where the engine has no such image.
    """
    if image:
        if images.image_id(image) is None:
            raise shell.StepError(f"langflow: this engine has no image {image}; pull it, or name none for a stand-in")
        shell.run(STEP, ["docker", "tag", image, REFERENCE])
    else:
        shell.say(STEP, "a stand-in, since no image is named")
        options = [f"--build-arg=PARENT={_PARENT}", f"--tag={REFERENCE}"]
        context = str(images.CONTEXTS / "langflow")
        shell.run(STEP, ["docker", "buildx", "build", "--progress=plain", "--load", *options, context])
    shell.run(STEP, ["docker", "push", REFERENCE])


def remove() -> None:
    """Remove the name, and with it a stand-in."""
    if images.image_id(REFERENCE):
        shell.run(STEP, ["docker", "image", "rm", REFERENCE])
