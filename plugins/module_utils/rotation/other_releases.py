"""The other releases of a host after a rotation: they get the new value, and the rotated release takes its place.

Place in the pipeline: target, at the end of ``rotating``. A rollback to an older release must not bring back a value
that is refused. This is the only place where a release changes after its upload: its addresses of secret files do.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.release import history
from ansible_collections.slipway.stack.plugins.module_utils.release.integrity import digest_of
from ansible_collections.slipway.stack.plugins.module_utils.rotation import derive
from ansible_collections.slipway.stack.plugins.module_utils.rotation.derive import Change
from ansible_collections.slipway.stack.plugins.module_utils.rotation.values import Values
from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file, outcome, upload
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import ForeignFileError
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import MANIFEST, Home, mode_of, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import DamagedSecret

_ALL = 10**6
_MAX_SIZE = 64 * 1024**2


def take_place(home: Home, release: str, replaced: Collection[str]) -> None:
    """Let a release take the place of those that it replaces: a rollback goes to the one before them.

    :param release: the live one. :param replaced: the release that it was made of, and the ones in between.
    """
    before = [one for one in history.releases_before(home, release) if one not in replaced]
    outcome.mark_live(home, release, before)
    for release_id in replaced:
        if release_id != release and home.release(release_id).is_dir():
            shutil.rmtree(home.release(release_id))


def change(home: Home, store: Values, live: Mapping[str, Any], wanted: Change, journal: Journal) -> None:
    """Give all other releases of this host the new value, and remove the secret files that none needs any more.

    :param live: the manifest of the live release. Files that it keeps at their path have the new content already.
    :raises RolloutFailed: if an upload does not end.
    """
    with upload.lock(home) as locked:
        if not locked:
            raise RolloutFailed("an upload has been under way for too long; run the playbook again when it has ended")
        for release_id in home.release_ids():
            manifest = home.manifest(release_id) if release_id != live["release"] else None
            if manifest:
                _change(home, store, live, manifest, wanted, journal)
    history.prune_releases(home, _ALL)


def _change(
    home: Home,
    store: Values,
    live: Mapping[str, Any],
    manifest: Mapping[str, Any],
    wanted: Change,
    journal: Journal,
) -> None:
    folder = home.release(manifest["release"])
    at_their_path = {one for one in wanted.kept if manifest["addresses"].get(one) == live["addresses"].get(one)}
    new = dict(manifest["addresses"])
    for file in derive.files_with(manifest, wanted.values):
        if file["variable"] in at_their_path:
            continue
        try:
            content = derive.rewritten(store.content(manifest, file["variable"]), file["parts"], wanted)
        except (RolloutFailed, DamagedSecret):
            # The value was another one then, such as one from the inventory, or it has been changed already.
            continue
        new[file["variable"]] = store.add(file, content)
    if new == manifest["addresses"]:
        return
    try:
        dotenv = derive.with_addresses(foreign_file.read_text(folder, ".env", _MAX_SIZE), new)
    except ForeignFileError as error:
        journal.write("finalize", "done", f"release {manifest['release']} keeps the old value: {error}")
        return
    write_text(folder / ".env", dotenv, mode_of(".env"))
    changed = {**manifest, "addresses": new, "files": {**manifest["files"], ".env": digest_of(dotenv)}}
    changed["initial"] = derive.initial(store, manifest, wanted)
    write_text(folder / MANIFEST, json.dumps(changed, indent=1) + "\n", mode_of(MANIFEST))
