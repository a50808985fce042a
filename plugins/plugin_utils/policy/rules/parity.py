"""Parity: all environments have the same services and the same major versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..known_software import DEVELOPMENT_TOOLS
from ..rule_registry import StackProblem, parity_rule
from ..stack import Service, Stack

_REFERENCE = "The Twelve-Factor App, X: dev/prod parity"


def _compared(stack: Stack) -> dict[str, Service]:
    """Return the services to compare: without development tools, services with profiles, and pods."""
    return {
        name: service
        for name, service in stack.services.items()
        if service.base not in DEVELOPMENT_TOOLS
        and not service.items("profiles")
        and service.labels.get("slipway.class") != "pod"
    }


@parity_rule(
    "iwww",
    id="SLP150",
    title="All environments have the same services",
    reason="A service that other environments do not have is tested for the first time in production.",
    fix="Move the service to the file that all environments share. Keep only differences in the other files.",
    reference=_REFERENCE,
)
def services(stacks: Mapping[str, Stack]) -> Iterator[StackProblem]:
    """Find services that some environments have and others do not."""
    intended = {name for stack in stacks.values() for name in stack.only_in_some_environments}
    names = dict.fromkeys(name for stack in stacks.values() for name in _compared(stack))
    for name in (name for name in names if name not in intended):
        missing = [environment for environment, stack in stacks.items() if name not in stack.services]
        if missing:
            yield name, f"is missing in {', '.join(missing)}", ()


@parity_rule(
    "iwww",
    id="SLP151",
    title="All environments have the same major versions",
    reason="SQL for Postgres 17 may fail on version 15. A test with another version tests another system.",
    fix="Name the image once, in the file that all environments share.",
    reference=_REFERENCE,
)
def versions(stacks: Mapping[str, Stack]) -> Iterator[StackProblem]:
    """Find services whose images differ, in name or in major version."""
    names = dict.fromkeys(name for stack in stacks.values() for name in stack.services)
    for name in names:
        found: dict[tuple[str, int | None], str] = {}
        for environment, stack in stacks.items():
            service = stack.services.get(name)
            if name in stack.own_images or not service or "build" in service.keys:
                continue
            if service.image and not service.image.unknown:
                found.setdefault((service.image.base, service.image.major), environment)
        images = {image for image in found if image[1] is not None}
        if len(images) > 1:
            listed = ", ".join(f"{base}:{major} in {found[base, major]}" for base, major in sorted(images, key=str))
            yield name, f"has different versions: {listed}", ("image",)
