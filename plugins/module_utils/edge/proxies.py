"""The proxies that can be the edge: the interface that each of their modules has on the host.

Place in the pipeline: target, under ``configuration``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from ansible_collections.slipway.stack.plugins.module_utils.edge import nginx, traefik
from ansible_collections.slipway.stack.plugins.module_utils.edge.canary import Canary
from ansible_collections.slipway.stack.plugins.module_utils.edge.certificate_files import Certificate
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import edge_of, proxy_of
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.maintenance import Maintenance


class Proxy(Protocol):
    """The interface to a proxy on the host. Each proxy is a module. *running* are its running containers."""

    #: Seconds that the proxy gets to resolve the names of new containers.
    NAME_LOOKUP_SECONDS: float

    def host_files(
        self,
        manifest: Mapping[str, Any],
        targets: Mapping[str, Iterable[str]],
        certificate: Certificate | None,
        away: Collection[str] = (),
    ) -> dict[str, str]:
        """Return the files that the host adds to a release's configuration, by path, except :meth:`door`.

        :param certificate: the one for HTTPS; ``None`` without it.
        :param away: the other hosts that get no requests.
        """

    def canary_files(self, manifest: Mapping[str, Any], files: Mapping[str, str], canary: Canary) -> dict[str, str]:
        """Return the files of a configuration that differ while new containers get a part of the requests.

        :param files: the configuration without them, by path.
        :raises EdgeError: if it was rendered by a version of this collection before canaries.
        """

    def door(self, balancers: Sequence[str], maintenance: Maintenance | None, is_drained: bool) -> dict[str, str]:
        """Return the file, by its path, that says to whom the edge is closed. ``None`` opens it to everybody.

        :param balancers: the networks of the load balancers in front of the edge.
        :param is_drained: whether these get 503 for an answer to their health check.
        """

    def test(self, home: Home, manifest: Mapping[str, Any], names: Sequence[str], running: list[Container]) -> None:
        """Let the proxy test configurations.

        :param names: the names of the versions.
        :raises EdgeError: if the proxy refuses one.
        """

    def reload(self, home: Home, manifest: Mapping[str, Any], running: list[Container]) -> None:
        """Make the proxy read the live configuration.

        :raises EdgeError: if it does not.
        """

    def has_old_connections(self, home: Home, manifest: Mapping[str, Any], running: list[Container]) -> bool:
        """Return whether the proxy still has connections from before the live configuration."""

    def hold_port(self, manifest: Mapping[str, Any], running: list[Container], old: list[Container]) -> None:
        """Keep all connections on the *old* containers until the new ones can serve."""

    def stop_accepting(self, manifest: Mapping[str, Any], running: list[Container], old: list[Container]) -> None:
        """Stop sending new connections to the *old* containers."""

    def resume_accepting(self, manifest: Mapping[str, Any], running: list[Container], old: list[Container]) -> None:
        """Send new connections to the *old* containers again."""


PROXIES: dict[str, Proxy] = {"nginx": nginx, "traefik": traefik}


def proxy(manifest: Mapping[str, Any]) -> Proxy:
    """Return the proxy of the edge of a release."""
    return PROXIES[proxy_of(manifest["services"][str(edge_of(manifest))])]
