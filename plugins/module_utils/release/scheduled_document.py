"""The Compose file of a stack for ``docker stack deploy``: the services that a release creates in a Swarm.

Place in the pipeline: target, prepare. Pure. The controller has written what it knows of each service
(``plugin_utils/rendering/scheduled_service.py``). The host adds the digest of the image, the secrets, and the names. A
secret and a file are named by their content, because Docker changes neither.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.engine import scheduled_services
from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import from_dotenv

_NETWORK = "mesh"
#: Characters of a name of Docker that are left for what people recognise it by.
_READABLE = 24


def document(manifest: Mapping[str, Any], names: Mapping[str, str], read: Callable[[str], bytes]) -> dict[str, Any]:
    """Return the Compose file that creates services of a release, without tasks.

    :param names: those in the Swarm, by service. :param read: returns the content of the secret file of a variable.
    """
    result: dict[str, Any] = {"services": {}, "networks": {}, "secrets": {}, "configs": {}}
    for name, key in names.items():
        written = manifest["services"][name]["swarm"]
        result["services"][key] = _service(manifest, name, read)
        result["networks"][_NETWORK] = {"external": True, "name": written["network"]}
        for one in written["secrets"]:
            address = manifest["addresses"][one["variable"]]
            path = one["path"].replace(f"${{{one['variable']}}}", address)
            result["secrets"][one["variable"]] = _source(manifest, one["name"], address, path)
        for one in written["files"]:
            result["configs"][_config(one)] = _source(manifest, one["name"], _config(one), one["path"])
    return result


def _service(manifest: Mapping[str, Any], name: str, read: Callable[[str], bytes]) -> dict[str, Any]:
    spec = manifest["services"][name]
    written = spec["swarm"]
    secret = from_dotenv(read(written["secret_env"]).decode()) if written["secret_env"] else {}
    keys = dict(written["service"])
    known = {scheduled_services.STACK: manifest["stack"], scheduled_services.SERVICE: name}
    about = {scheduled_services.RELEASE: manifest["release"], scheduled_services.REPLICAS: str(spec["replicas"])}
    keys.update(
        image=spec["pinned"],
        # Of each container.
        labels={**keys["labels"], **known},
        deploy={**keys["deploy"], "labels": {**known, **about}, "replicas": 0},
        environment={
            **{variable: _escaped(value) for variable, value in secret.items()},
            **keys["environment"],
            **spec.get("login", {}),
        },
        networks={_NETWORK: {"aliases": [name]}},
        secrets=[
            {"source": one["variable"], **{key: one[key] for key in ("target", "uid", "gid", "mode")}}
            for one in written["secrets"]
        ],
        configs=[{"source": _config(one), "target": one["target"], "mode": one["mode"]} for one in written["files"]],
    )
    return keys


def _source(manifest: Mapping[str, Any], name: str, address: str, path: str) -> dict[str, Any]:
    labels = {scheduled_services.STACK: str(manifest["stack"])}
    readable = f"{manifest['stack'][:_READABLE]}-{name[:_READABLE]}"
    return {"name": f"{readable}-{address[:12]}", "file": _escaped(path), "labels": labels}


def _config(file: Mapping[str, Any]) -> str:
    """Return the address of a file: its path on the host has the digest of its content."""
    return hashlib.sha256(str(file["path"]).encode()).hexdigest()


def _escaped(value: str) -> str:
    return value.replace("$", "$$")
