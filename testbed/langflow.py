"""Push Langflow to the registry: a local image, or a stand-in built here."""

from __future__ import annotations

from testbed import images, registry, shell, shop

STEP = "langflow"
#: The reference on this machine. Servers reach the same registry as `registry:5000`.
REFERENCE = f"{registry.ENDPOINT}/example/langflow:1.13.0"
_PARENT = shop.reference("backend", "1.0.0")


def ensure(image: str = "") -> None:
    """Push *image* under the reference that the examples use. If it is empty, build a stand-in from the shop's backend.

    :raises StepError: if the engine does not have *image*.
    """
    if image:
        if images.image_id(image) is None:
            raise shell.StepError(
                f"langflow: this engine has no image {image}; pull it, or leave it out to get a stand-in"
            )
        shell.run(STEP, ["docker", "tag", image, REFERENCE])
    else:
        shell.say(STEP, "building a stand-in, because no image is named")
        options = [f"--build-arg=PARENT={_PARENT}", f"--tag={REFERENCE}"]
        context = str(images.CONTEXTS / "langflow")
        shell.run(STEP, ["docker", "buildx", "build", "--progress=plain", "--load", *options, context])
    shell.run(STEP, ["docker", "push", REFERENCE])


def remove() -> None:
    """Remove the image from this machine."""
    if images.image_id(REFERENCE):
        shell.run(STEP, ["docker", "image", "rm", REFERENCE])
