"""A service between completion and connection: whole by itself, its references to others not yet followed.

Place in the pipeline: description, from ``completion`` over ``checks`` to ``connections``. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Kind, Need, PrivateFile, Service


@dataclass(frozen=True)
class Draft:
    """A service completed by its kind.

    ``service``: everything that the service's own description decides. Still empty are its environment and its secret
    files. Its networks are those of the kind, and a route's port may be 0.
    ``body``: the values of its kind, expressions evaluated; connecting needs ``environment``, ``secrets``,
    ``secret_texts``, ``provides``, ``database_url`` and ``cache``.
    ``environment``, ``secrets``: as the description writes them. ``release_once``: as written, ``None`` if not.
    ``private_files``: its mounted files that are secrets.
    """

    service: Service
    body: Mapping[str, Any]
    environment: Mapping[str, Any]
    secrets: tuple[Any, ...]
    release_once: bool | None
    private_files: tuple[PrivateFile, ...] = ()

    @property
    def name(self) -> str:
        """The service's name."""
        return self.service.name

    @property
    def where(self) -> str:
        """How messages name the service."""
        return f"service {self.name!r}"

    @property
    def kind(self) -> Kind:
        """The service's kind."""
        return self.service.kind

    @property
    def needs(self) -> tuple[Need, ...]:
        """The services that it needs, by name."""
        return self.service.needs

    @property
    def private_mode(self) -> int:
        """The mode of its mounted files that are secrets: its user's, or everybody's if only the image knows the user.

        A service of a team's own Compose files may run as root and continue as another user. On the host nobody but
        root can enter their directory.
        """
        return 0o400 if self.service.user and not (self.kind.plain and self.owner[0] == 0) else 0o444

    @property
    def owner(self) -> tuple[int, int]:
        """The uid and gid that own its secret files: those it runs as, root if the image decides."""
        uid, _colon, gid = (self.service.user or "0:0").partition(":")
        return int(uid), int(gid or uid)
