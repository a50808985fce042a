"""Keys of a service that only a person's own Compose can carry out, and hooks that nobody can run: refused with a line.

Place in the pipeline: compose_files, in the checks before the translation. Pure. Compose 2.26 refuses the first four
keys, too.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import Problems, service_key
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.scalars import scalar_text
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.source_positions import Map, mark_of
from ansible_collections.slipway.stack.plugins.plugin_utils.description import hooks

_REASONS = {
    "models": "Compose starts a model with the plugin 'docker model', which a deploy does not use; run the model as a "
    "service with an image, or pass the address of one in 'environment'",
    "provider": "a provider is a program on the machine of the person who runs Compose, and a deploy does not run it; "
    "describe the service with an image, or leave it out with 'null' in stack_services",
    "use_api_socket": "it passes on the registry logins of the person who runs Compose, and a deploy has none; mount "
    "/var/run/docker.sock, which stack_compose_host_paths must name, if the service may control the whole server",
    "pre_start": "Compose 2.40 and older refuse it; make it a service of its own that others wait for with "
    "'condition: service_completed_successfully'",
}
KEYS = frozenset(_REASONS)


def check(name: str, service: Map, problems: Problems) -> None:
    """Add a problem for each key of a service that a deploy cannot carry out.

    :param service: the keys of the files, in long notation.
    """
    for key, reason in _REASONS.items():
        if service.get(key) and scalar_text(service[key]).lower() != "false":
            problems.add(mark_of(service, key), service_key(name, key), reason)
    for key in hooks.KEYS:
        entries: Any = service.get(key)
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            try:
                hooks.read([entry])
            except ValueError as error:
                problems.add(mark_of(entries, index) or mark_of(service, key), service_key(name, key), str(error))
