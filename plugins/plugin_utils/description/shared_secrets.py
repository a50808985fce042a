"""Secrets that services of several hosts read, and that one of these hosts generates for all.

Place in the pipeline: description, under ``placement``. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.slipway.stack.plugins.plugin_utils.description import secret_sources
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Secret, Stack


def owners(stack: Stack, order: Sequence[str], hosts: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return which host generates each secret that services of several hosts read.

    The password of a service is generated where that service is, any other secret on the first of the hosts.

    :param order: all hosts of the stack. :param hosts: those of each service.
    """
    result: dict[str, str] = {}
    services = stack.services.values()
    for name, secret in stack.secrets.items():
        if _origin(secret, stack.secrets).generate is None:
            continue
        readers = [one.name for one in services if secret_sources.used([one], {name: secret})]
        reading = [host for host in order if any(host in hosts[reader] for reader in readers)]
        if len(reading) > 1:
            of_service = next((hosts[one] for one in readers if name.startswith(f"{one}_")), reading)
            result[name] = of_service[0]
    return result


def _origin(secret: Secret, secrets: Mapping[str, Secret]) -> Secret:
    """Return the secret whose former value a secret is, or the secret itself."""
    return secrets.get(secret.previous, secret) if secret.previous else secret
