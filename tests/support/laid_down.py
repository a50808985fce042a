"""A release in a directory, as it would be on a host, and what Compose reads there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.layout import write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from tests.support.real_compose import config


def services(release: Bundle, suite: str, folder: Path) -> dict[str, Any]:
    """Return the services, release jobs too, as the Compose of *suite* reads *release* after it was laid into *folder*.

    The host's part is done without its effects: addresses of secrets are those of a dry run, no image is pinned.
    """
    addresses = SecretStore(folder, dry_run=True).addresses(list(release.secret_files), release.secrets())
    files = {**release.files, "compose.images.yaml": "services: {}\n"}
    files[".env"] += "".join(f'{name}="{address}"\n' for name, address in addresses.items())
    for name, text in files.items():
        write_text(folder / name, text)
    for file in release.secret_files:
        write_text(Path(release.home, "secrets", str(file["uid"]), f"{file['name']}.{addresses[file['variable']]}"), "")
    found: dict[str, Any] = config(suite, folder, "--profile", "*")["services"]
    return found
