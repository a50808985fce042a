"""What registries say of images: asked by the engine, with its mirrors and settings, and with the logins of this host.

Place in the pipeline: target, under ``preflight``, and on the controller after a push. The engine keeps no logins;
whoever asks it sends one along, as the ``docker`` command line does.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import urllib.parse
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import docker
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError

#: What a helper has for a user's name where its secret is a token to log in with.
_TOKEN = "<token>"
#: What helpers say, and end with 1, where they have nothing for a registry.
_HAS_NOTHING = "credentials not found"


def remote_digest(reference: str) -> str:
    """Return the digest that *reference* has in its registry now, through the engine's own mirrors and settings.

    :raises DockerError: when the registry has no such image, refuses, or cannot be reached within 15 seconds, or when
        the helper that keeps its login fails.
    """
    login = base64.urlsafe_b64encode(json.dumps(_login(reference)).encode()).decode()
    answer = docker.get(f"/distribution/{urllib.parse.quote(reference)}/json", {"X-Registry-Auth": login}, timeout=15.0)
    if answer is None:
        raise DockerError("no such image")
    return str(answer["Descriptor"]["digest"])


def _login(reference: str) -> dict[str, str]:
    """Return the login for an image's registry, as the engine wants it; empty where this host has none."""
    path = os.path.join(os.environ.get("DOCKER_CONFIG", os.path.expanduser("~/.docker")), "config.json")
    try:
        with open(path, encoding="utf-8") as stream:
            kept = json.load(stream)
    except (OSError, ValueError):
        return {}
    if not isinstance(kept, dict) or {"auths", "credHelpers", "credsStore"}.isdisjoint(kept):
        return {}
    server = _server(reference)
    helper = kept.get("credHelpers", {}).get(server) or kept.get("credsStore")
    found = _of_helper(helper, server) if helper else {}
    return found or _of_file(kept.get("auths", {}).get(server) or {}, server)


def _server(reference: str) -> str:
    """Return what logins call an image's registry: its host, or the engine's own name for the default one."""
    if docker.has_registry_host(reference):
        return docker.registry_host(reference)
    return str(docker.get("/info")["IndexServerAddress"])


def _of_file(entry: Mapping[str, Any], server: str) -> dict[str, str]:
    """Return a login as ``docker login`` writes it down: ``auth`` is ``USER:PASSWORD`` in base 64."""
    if entry.get("identitytoken"):
        return {"identitytoken": entry["identitytoken"], "serveraddress": server}
    try:
        user, colon, password = base64.b64decode(entry.get("auth", "")).decode().partition(":")
    except ValueError:
        return {}
    return {"username": user, "password": password, "serveraddress": server} if colon else {}


def _of_helper(name: str, server: str) -> dict[str, str]:
    """Return the login that a credential helper keeps.

    Source: docker/docker-credential-helpers, "Development" (the program's name, ``get``, what it prints).

    :raises DockerError: when it fails in another way than by having none.
    """
    program = f"docker-credential-{name}"
    try:
        done = subprocess.run(
            [program, "get"], input=server, capture_output=True, text=True, errors="replace", timeout=15.0, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DockerError(f"{program}, which keeps the login for {server}, cannot be asked: {error}") from None
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()
        if _HAS_NOTHING in said:
            return {}
        raise DockerError(f"{program} does not give the login for {server}: {said}")
    try:
        kept = json.loads(done.stdout)
        user, secret = kept["Username"], kept["Secret"]
    except (ValueError, TypeError, KeyError):
        raise DockerError(f"{program} answers with something else than the login for {server}") from None
    if user == _TOKEN:
        return {"identitytoken": secret, "serveraddress": server}
    return {"username": user, "password": secret, "serveraddress": server}
