"""Placeholders: no secret has the value of an example or a default."""

from __future__ import annotations

from collections.abc import Iterator

from ...compose_reader.source_positions import KeyPath
from ..placeholders import placeholder, shown
from ..rule_registry import StackProblem, stack_rule
from ..secret_shapes import is_value, names_secret
from ..stack import Service, Stack
from .secrets import text_in_file


@stack_rule(
    "-iee",
    id="SLP059",
    title="No secret is a placeholder",
    reason="Everybody knows the values of examples and templates, such as `changethis`, and the defaults of images. "
    "Attackers try them first.",
    fix="Set a random value, such as the output of `openssl rand -hex 32`.",
    reference="OWASP Secrets Management Cheat Sheet; CWE-1392, use of default credentials",
)
def is_placeholder(stack: Stack) -> Iterator[StackProblem]:
    """Find placeholders that come from `.env`, an env file or the inventory. In the Compose file, SLP050 finds them."""
    for service in stack.services.values():
        for name, value in service.variables.items():
            found = placeholder(value) if is_value(value) else ""
            if found and _is_secret(name, value, found) and not _is_written(service, name):
                yield service.name, f"has {shown(found)} as its secret {name}", _path(service, name)
    declared = stack.top.get("secrets")
    for name, options in declared.items() if isinstance(declared, dict) else ():
        variable = options.get("environment") if isinstance(options, dict) else None
        found = placeholder(stack.variables.get(variable, "")) if isinstance(variable, str) else ""
        if found:
            yield "", f"has {shown(found)} as its secret {name}", ("secrets", name)
    for name, found in stack.placeholder_secrets.items():
        yield "", f"has {shown(found)} as its secret {name}", ()


def _is_secret(name: str, value: str, found: str) -> bool:
    """Return whether a variable is a secret: by its name, or because *found* is the password in its URL."""
    return names_secret(name) or found != value.strip().strip("\"'")


def _is_written(service: Service, name: str) -> bool:
    """Return whether the Compose file has the value itself."""
    if name not in service.environment or service.environment[name] is None:
        return False
    return text_in_file(service.environment, name, service.environment[name]) == service.variables[name]


def _path(service: Service, name: str) -> KeyPath:
    return ("environment", name) if name in service.environment else ("env_file",)
