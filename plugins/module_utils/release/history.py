"""The releases on a host that were live once: where a rollback goes to, and which are removed.

Place in the pipeline: target, before a rollback and after a rollout.
"""

from __future__ import annotations

import shutil

from ansible_collections.slipway.stack.plugins.module_utils.release.ship import Refused
from ansible_collections.slipway.stack.plugins.module_utils.state import audit
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore


def previous_release(home: Home) -> str:
    """Return the id of the release for a rollback: the newest release before the live one that was live once.

    Ids start with the time of the upload, so two rollbacks go back two releases.

    :raises Refused: if there is none.
    """
    current = home.current_id()
    candidates = [release_id for release_id in proven_releases(home) if current and release_id < current]
    if not candidates:
        raise Refused(
            [f"there is no release before {current} on this host" if current else "nothing has been deployed"]
        )
    return candidates[-1]


def proven_releases(home: Home) -> list[str]:
    """Return the ids of the releases on this host that were live once, oldest first."""
    ids = {line["release"] for line in audit.read(home) if line["outcome"] == "ok"}
    return [release_id for release_id in home.release_ids() if release_id in ids]


def prune_releases(home: Home, keep: int) -> list[str]:
    """Remove old releases, and the mounted files and secrets that only they used.

    Kept are the live release and the newest *keep* - 1 releases that were live once.

    :return: the removed ids.
    """
    current = home.current_id()
    others = [release_id for release_id in proven_releases(home) if release_id != current]
    kept = {current, *others[max(len(others) - keep + 1, 0) :]}
    removed = [release_id for release_id in home.release_ids() if release_id not in kept]
    for release_id in removed:
        shutil.rmtree(home.release(release_id))
    manifests = [manifest for manifest in (home.manifest(release_id) for release_id in kept) if manifest]
    mounted = {digest for manifest in manifests for digest in manifest["mounted"]}
    for folder in home.files.iterdir() if home.files.is_dir() else []:
        if folder.is_dir() and folder.name not in mounted:
            shutil.rmtree(folder)
    SecretStore(home.path).prune({address for manifest in manifests for address in manifest["addresses"].values()})
    return removed
