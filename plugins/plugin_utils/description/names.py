"""What things may be called: the stack, its services, the name that the public reaches it by.

Place in the pipeline: describe -> model. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import NAME

if TYPE_CHECKING:
    from ansible_collections.slipway.stack.plugins.plugin_utils.description.connections import Draft

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?", re.IGNORECASE)


def check(name: object, where: str) -> None:
    """Look at the name of a stack, an environment, a service or a secret. :raises ValueError: for one that is none."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(f"{where}: {name!r} is no name; use small letters, digits, - and _, a letter or digit first")


def check_domain(domain: object) -> None:
    """Look at ``stack_domain``. :raises ValueError: for anything but one host, with its port or without."""
    if not isinstance(domain, str) or not (domain == "" or _DOMAIN.fullmatch(domain)):
        raise ValueError(
            f"stack_domain: {domain!r} is not the name of one host, such as shop.example.com or localhost:8443; "
            f"leave it empty where the stack answers to any"
        )


def check_free(drafts: Mapping[str, Draft]) -> None:
    """Look for services that are called what something that belongs to another service will be.

    :raises ValueError: for one that is.
    """
    for draft in drafts.values():
        if draft.kind.edge and f"{draft.name}-pod" in drafts:
            raise ValueError(
                f"service '{draft.name}-pod': the pod of the edge {draft.name!r} is called that; choose another name"
            )
        if draft.values["release"] is not None and f"{draft.name}-release" in drafts:
            raise ValueError(
                f"service '{draft.name}-release': the release job of service {draft.name!r} is called that; "
                f"choose another name"
            )
