"""References of images: their repository and their registry.

Place in the pipeline: target, used by everything that handles images; also on the controller. Pure.
"""

from __future__ import annotations


def repository(reference: str) -> str:
    """Return an image reference without its tag and digest: ``host:5000/backend:1`` -> ``host:5000/backend``."""
    name = reference.split("@", 1)[0]
    head, colon, tail = name.rpartition(":")
    return head if colon and "/" not in tail else name


def has_registry_host(reference: str) -> bool:
    """Return whether *reference* starts with the host of a registry. Without one it means the default registry."""
    first, slash, _rest = reference.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")


def registry_host(reference: str) -> str:
    """Return the host of the registry in *reference*, or ``the default registry``."""
    return reference.partition("/")[0] if has_registry_host(reference) else "the default registry"


def is_local_only(reference: str) -> bool:
    """Return whether *reference* names an image without a registry: its host is ``localhost`` without a port."""
    return reference.partition("/")[0] == "localhost"
