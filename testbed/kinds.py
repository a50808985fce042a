"""Push the application that uses each kind of data service, and these services, to the registry."""

from __future__ import annotations

from testbed import images, registry, shell

STEP = "kinds"
#: The reference on this machine. Servers reach the same registry as `registry:5000`.
REFERENCE = f"{registry.ENDPOINT}/example/kinds:1"
PARENT = "python:3.13-slim"
#: The images that its stack has besides, those of the next versions among them.
SERVICES = ("mariadb:10.11", "mariadb:11.8", "rabbitmq:4", "valkey/valkey:8", "memcached:1.6", "prom/prometheus:v2.53")


def ensure() -> None:
    """Build and push everything. :raises StepError: if a build or a push fails."""
    images.ensure([PARENT])
    registry.ensure(SERVICES)
    options = [f"--build-arg=PARENT={PARENT}", f"--tag={REFERENCE}"]
    context = str(images.CONTEXTS / "kinds")
    shell.run(STEP, ["docker", "buildx", "build", "--progress=plain", "--load", *options, context])
    shell.run(STEP, ["docker", "push", REFERENCE])


def remove() -> None:
    """Remove the application from this machine."""
    if images.image_id(REFERENCE):
        shell.run(STEP, ["docker", "image", "rm", REFERENCE])
