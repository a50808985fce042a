"""Environments that drift apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..registry import StackProblem, parity_rule
from ..stack import Service, Stack
from ..vocabulary import DEVELOPMENT_TOOLS

_REFERENCE = "The Twelve-Factor App, X: dev/prod parity"


def _main(stack: Stack) -> dict[str, Service]:
    """Return the services that start with a stack and are no tools for development, nor parts of another service."""
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
    reason="What is not there was not tested; the first time that the parts meet is in production.",
    fix="Put services into the file that all environments share, and only what differs into the others.",
    reference=_REFERENCE,
)
def services(stacks: Mapping[str, Stack]) -> Iterator[StackProblem]:
    """Find services that some environments have and others do not."""
    meant = {name for stack in stacks.values() for name in stack.elsewhere}
    names = dict.fromkeys(name for stack in stacks.values() for name in _main(stack))
    for name in (name for name in names if name not in meant):
        lacking = [environment for environment, stack in stacks.items() if name not in stack.services]
        if lacking:
            yield name, f"is not there in {', '.join(lacking)}", ()


@parity_rule(
    "iwww",
    id="SLP151",
    title="All environments have the same major versions",
    reason="SQL that runs on Postgres 17 need not run on 15; a test on another version tests another system.",
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
            if name in stack.own or not service or "build" in service.keys:
                continue
            if service.image and not service.image.unknown:
                found.setdefault((service.image.base, service.image.major), environment)
        datastores = {key for key in found if key[1] is not None}
        if len(datastores) > 1:
            said = ", ".join(f"{base}:{major} in {found[base, major]}" for base, major in sorted(datastores, key=str))
            yield name, f"has different versions: {said}", ("image",)
