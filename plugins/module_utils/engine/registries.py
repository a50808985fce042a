"""The digests that registries have for images. The engine asks them, with its own mirrors and settings.

Place in the pipeline: target, used by ``image_digests``; controller, after a push. The engine stores no logins. So each
request to it contains the login of this host for the registry, as with the ``docker`` command line.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import urllib.parse
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker, image_references
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError

#: The user name in a helper's answer if the secret is an identity token.
_TOKEN = "<token>"
#: What a helper prints, with exit code 1, if it has no login for a registry.
_NO_CREDENTIALS = "credentials not found"


def remote_digest(reference: str) -> str:
    """Return the digest that *reference* has in its registry now.

    :raises DockerError: if the registry does not have the image, refuses, or cannot be reached within 15 seconds; or if
        the helper that stores the login fails.
    """
    path = f"/distribution/{urllib.parse.quote(reference)}/json"
    answer = docker.get(path, login_header(reference), timeout=15.0)
    if answer is None:
        raise DockerError("no such image")
    return str(answer["Descriptor"]["digest"])


def login_header(reference: str) -> dict[str, str]:
    """Return the header with the login of this host for the registry of an image, for a request to the engine.

    :raises DockerError: if the helper that stores the login fails.
    """
    return {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(_login(reference)).encode()).decode()}


def _login(reference: str) -> dict[str, str]:
    """Return the login for the registry of an image, in the engine's format; empty if this host has none."""
    path = os.path.join(os.environ.get("DOCKER_CONFIG", os.path.expanduser("~/.docker")), "config.json")
    try:
        with open(path, encoding="utf-8") as stream:
            config = json.load(stream)
    except (OSError, ValueError):
        return {}
    if not isinstance(config, dict) or {"auths", "credHelpers", "credsStore"}.isdisjoint(config):
        return {}
    server = _server(reference)
    helper = config.get("credHelpers", {}).get(server) or config.get("credsStore")
    login = _login_from_helper(helper, server) if helper else {}
    return login or _login_from_config(config.get("auths", {}).get(server) or {}, server)


def _server(reference: str) -> str:
    """Return the name of an image's registry in logins: its host, or the engine's name of the default registry."""
    if image_references.has_registry_host(reference):
        return image_references.registry_host(reference)
    return str(docker.get("/info")["IndexServerAddress"])


def _login_from_config(entry: Mapping[str, Any], server: str) -> dict[str, str]:
    """Return the login that ``docker login`` wrote: ``auth`` is ``USER:PASSWORD`` in base64."""
    if entry.get("identitytoken"):
        return {"identitytoken": entry["identitytoken"], "serveraddress": server}
    try:
        user, colon, password = base64.b64decode(entry.get("auth", "")).decode().partition(":")
    except ValueError:
        return {}
    return {"username": user, "password": password, "serveraddress": server} if colon else {}


def _login_from_helper(name: str, server: str) -> dict[str, str]:
    """Return the login that a credential helper stores; empty if it has none.

    Source: docker/docker-credential-helpers, "Development" (the name of the program, ``get``, its output).

    :raises DockerError: if the helper fails for another reason.
    """
    program = f"docker-credential-{name}"
    try:
        # Not AnsibleModule.run_command, which ansible-test expects here: a detached rollout has no AnsibleModule.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            [program, "get"], input=server, capture_output=True, text=True, errors="replace", timeout=15.0, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DockerError(f"{program}, which stores the login for {server}, cannot be run: {error}") from None
    if done.returncode != 0:
        output = (done.stdout + done.stderr).strip()
        if _NO_CREDENTIALS in output:
            return {}
        raise DockerError(f"{program} failed to return the login for {server}: {output}")
    try:
        answer = json.loads(done.stdout)
        user, secret = answer["Username"], answer["Secret"]
    except (ValueError, TypeError, KeyError):
        raise DockerError(f"{program} did not return a login for {server}: its output is not valid") from None
    if user == _TOKEN:
        return {"identitytoken": secret, "serveraddress": server}
    return {"username": user, "password": secret, "serveraddress": server}
