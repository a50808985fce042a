"""Valid names: of the stack, its services and secrets, and the domain that the public uses.

Place in the pipeline: description, under ``reading`` and ``checks``. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from ansible_collections.slipway.stack.plugins.plugin_utils.description import addresses
from ansible_collections.slipway.stack.plugins.plugin_utils.description.draft import Draft
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import NAME

#: Other services find a service by its name, as a label of DNS.
MAX_NAME = 63
#: A service of Compose files. Names of hidden files and of options of commands are not among them.
_PLAIN_NAME = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]*")
#: The name of a secret is that of its files, to which the host adds an address.
MAX_SECRET_NAME = 200


def check(name: object, where: str, longest: int = MAX_NAME) -> None:
    """Check the name of a stack, an environment, a service or a secret.

    :param longest: the most characters that it may have.
    :raises ValueError: if it is not valid; *where* says whose name it is.
    """
    if isinstance(name, str) and len(name) > longest:
        raise ValueError(f"{where}: the name has {len(name)} characters; use at most {longest}")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(
            f"{where}: {name!r} is not a valid name; use lower-case letters, digits, - and _, the first one a letter "
            f"or digit"
        )


def check_service(name: object, where: str, plain: bool) -> None:
    """Check the name of a service.

    :param plain: it is a service of Compose files, whose names have capital letters and dots, too.
    :raises ValueError: if it is not valid; *where* says whose name it is.
    """
    if not plain or not isinstance(name, str) or len(name) > MAX_NAME:
        check(name, where)
    elif not _PLAIN_NAME.fullmatch(name):
        raise ValueError(
            f"{where}: {name!r} is not a valid name; use letters, digits, ., - and _, the first one a letter, a digit "
            f"or _"
        )


def free(text: str, taken: Collection[str]) -> str:
    """Return a name for a secret that is made of *text*, and that is not one of *taken*."""
    name = re.sub("[^a-z0-9_-]+", "_", text.lower()).lstrip("_-")[: MAX_SECRET_NAME - 20] or "secret"
    while name in taken:
        name += "_"
    return name


def check_domain(domain: object) -> None:
    """Check ``stack_domain``.

    :raises ValueError: unless it is empty or one host name, with or without a port.
    """
    if not isinstance(domain, str) or not (domain == "" or addresses.is_host_and_port(domain)):
        raise ValueError(
            f"stack_domain: {domain!r} is not one host name, such as shop.example.com or localhost:8443; "
            f"leave it empty if the stack answers to any name"
        )


def check_free(drafts: Mapping[str, Draft]) -> None:
    """Check that no service has the name of another's pod or release job.

    :raises ValueError: for the first that has.
    """
    for draft in drafts.values():
        if draft.kind.edge and f"{draft.name}-pod" in drafts:
            raise ValueError(
                f"service '{draft.name}-pod': this is the name of the pod of the edge {draft.name!r}; "
                f"choose another name"
            )
        if draft.service.release is not None and f"{draft.name}-release" in drafts:
            raise ValueError(
                f"service '{draft.name}-release': this is the name of the release job of service {draft.name!r}; "
                f"choose another name"
            )
