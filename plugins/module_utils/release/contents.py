"""What a release consists of on the host: its manifest, and its files with what only the host knows.

Place in the pipeline: target, ship. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.release.integrity import digest_of
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import SHARED_SECTIONS
from ansible_collections.slipway.stack.plugins.module_utils.state.state_file import FORMAT

IMAGES = "compose.images.yaml"


def new_manifest(
    content: Mapping[str, Any],
    release_id: str,
    origin: Mapping[str, str],
    addresses: Mapping[str, str],
    services: Mapping[str, Mapping[str, Any]],
    initial: Mapping[str, Any],
    changed_in_data: Collection[str],
    data_upgrade: Collection[str],
) -> dict[str, Any]:
    """Return the manifest of a release, without the digests of its files.

    :param content: the content of the bundle. The others are as for ``ship``.
    :param services: the services with their pinned images.
    :param initial: see ``initial_values.fingerprints``.
    """
    return {
        "format": FORMAT,
        "release": release_id,
        "stack": content["stack"],
        "environment": content["environment"],
        "domain": content["domain"],
        "digest": content["digest"],
        **origin,
        "services": dict(services),
        **{section: content[section] for section in SHARED_SECTIONS},
        "probes": content["probes"],
        "upstreams": content["upstreams"],
        "assets": content["assets"],
        **({"tls": content["tls"]} if content["tls"] else {}),
        **({"edge_elsewhere": True} if content.get("edge_elsewhere") else {}),
        **({"shared_secrets": content["shared_secrets"]} if content.get("shared_secrets") else {}),
        **({"findings": content["findings"]} if content.get("findings") else {}),
        "addresses": dict(addresses),
        "initial": dict(initial),
        "changed_in_data": list(changed_in_data),
        "data_upgrade": list(data_upgrade),
        "mounted": sorted({address.split("/", 1)[0] for address in content["mounted"]}),
        "mounted_files": {address: digest_of(text) for address, text in content["mounted"].items()},
        "secret_files": list(content["secret_files"]),
    }


def complete_files(content: Mapping[str, Any], manifest: dict[str, Any]) -> dict[str, str]:
    """Return the files of the release, with the addresses of secrets and the digests of images that the host adds.

    The digests of the files are added to the *manifest*.
    """
    files = dict(content["files"])
    files[".env"] += "".join(f'{name}="{address}"\n' for name, address in manifest["addresses"].items())
    files[IMAGES] = images_overlay(manifest)
    manifest["files"] = {name: digest_of(text) for name, text in files.items()}
    return files


def images_overlay(manifest: Mapping[str, Any]) -> str:
    """Return the Compose file with the images by digest, and the names that a rotation lets services log in with."""
    # JSON strings are valid YAML. The target has no YAML library.
    lines = ["# The images of this release by digest, as the registry answered when it was shipped.", "services:"]
    for name, spec in manifest["services"].items():
        for service in [name] + ([spec["release"]] if spec["release"] else []):
            lines += [f"  {service}:", f"    image: {json.dumps(spec['pinned'])}  # {spec['image']}"]
            if spec.get("login"):
                lines.append(f"    environment: {json.dumps(spec['login'])}")
    return "\n".join(lines) + "\n"
