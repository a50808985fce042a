"""Write a release to a directory as on a host, and read it with Compose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state.layout import write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from tests.support.real_compose import config


def services(release: Bundle, suite: str, folder: Path) -> dict[str, Any]:
    """Write *release* to *folder* and return its services and release jobs as the Compose of *suite* reads them.

    The addresses of secrets are those of a dry run, and no image is pinned.
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
