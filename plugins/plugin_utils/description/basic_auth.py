"""Routes behind a password: the secret with the names and the hashes.

Place in the pipeline: description, under ``connections``. Pure. The secret becomes a file of the edge's container, as
every other one; the configuration of the proxy names the file only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.plugin_utils.description import secret_text
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Secret, Service
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion
from ansible_collections.slipway.stack.plugins.plugin_utils.description.variables import Variables

#: A line of a password file: a name and a hash by bcrypt, with its cost.
_LINE = re.compile(r"[^\s:#][^:\r\n]{0,255}:\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}")
#: nginx answers nobody else while it compares a password: 2 milliseconds with a cost of 5, 60 with 10, 250 with 12.
_MOST = 10
_HOW = "write lines as htpasswd -nB NAME prints them"


def mount(where: str, edge: Service, variables: Variables, secrets: Mapping[str, Secret]) -> None:
    """Mount the secrets of the routes of *edge* that are behind a password.

    :param where: how messages name the edge.
    :param secrets: all that there are, by name.
    :raises ValueError: for a secret without a source, and for one that is no password file. The message never shows it.
    """
    for route in edge.routes:
        name = route.basic_auth
        if name is None:
            continue
        key = f"{where}: key 'routes': path {route.path!r}: 'basic_auth': secret {name!r}"
        if name not in secrets:
            raise ValueError(
                f"{key} has no source{suggestion(name, list(secrets))}; set stack_secrets.{name} and {_HOW}"
            )
        problem = _problem(secrets[name])
        if problem:
            raise ValueError(f"{key} {problem}; {_HOW}")
        variables.mount(name, secret_text.mark(name), secret_text.path(name))


def _problem(secret: Secret) -> str | None:
    """Return why a secret is no password file, without showing anything of it; ``None`` if it is one."""
    if secret.value is None:
        return "is generated on the host, so nobody knows the password"
    lines = [line.strip() for line in secret.value.splitlines()]
    for number, line in enumerate(lines, 1):
        if not line or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if not found:
            return f"has no name and bcrypt hash in line {number}"
        if not 4 <= int(found[1]) <= _MOST:
            return f"has a hash with a cost of {int(found[1])} in line {number}, and the edge has time for {_MOST}"
    return None if any(line and not line.startswith("#") for line in lines) else "has no line"
