"""The releases on a host that were live: in which order, where a rollback goes to, and which are removed.

Place in the pipeline: target, before a rollback and after a rollout. The order is that in which releases were live, not
that of their ids: a release that was rolled back from is not the one before the next release.
"""

from __future__ import annotations

import re
import shutil
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.release.ship import Refused
from ansible_collections.slipway.stack.plugins.module_utils.state import audit, outcome, upload
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import MANIFEST, Home
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore

#: The names of what an upload creates: a release, and the directory of a mounted file.
_RELEASE, _DIGEST = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}"), re.compile(r"[0-9a-f]{64}")
#: Seconds that a cleanup waits for an upload to end.
_UPLOAD_SECONDS = 2.0
#: The number of earlier releases that the outcome of a release names.
_MAX_BEFORE = 50


def previous_release(home: Home) -> str:
    """Return the id of the release for a rollback: the one that was live before the live one.

    Two rollbacks go back two releases.

    :raises Refused: if there is none, or if it is damaged.
    """
    problem = home.live_problem()
    if problem:
        raise Refused([problem])
    current = home.current_id()
    if current is None:
        raise Refused(["nothing has been deployed"])
    for release_id in releases_before(home, current):
        found = home.read_manifest(release_id)
        if found.problem:
            raise Refused([f"{found.problem}. Or name an earlier release with rollback_release=ID"])
        if found.value:
            return release_id
    raise Refused([f"there is no release before {current} on this host"])


def releases_before(home: Home, release_id: str) -> list[str]:
    """Return the ids of the releases that were live before *release_id* was, newest first, also removed ones."""
    known = outcome.read(home, release_id).value
    if known and known.live:
        return list(known.before)
    # An older version of the collection has rolled it out, or its outcome is damaged.
    recorded = _recorded(home)
    if release_id in recorded:
        return recorded[: recorded.index(release_id)][::-1]
    return [one for one in reversed(proven_releases(home)) if one < release_id]


def proven_releases(home: Home) -> list[str]:
    """Return the ids of the releases on this host that were live once, oldest first.

    A release whose outcome cannot be read is one of them: it must not be removed.
    """
    ids = home.release_ids()
    outcomes = {release_id: outcome.read(home, release_id) for release_id in ids}
    proven = {one for one, found in outcomes.items() if found.problem or (found.value and found.value.live)}
    if not proven:
        proven = _proven_by_older_version(home)
    return [release_id for release_id in ids if release_id in proven or release_id == home.current_id()]


def record_live(home: Home, release_id: str, previous: str | None) -> None:
    """Record that a release is live now. :param previous: the release that was live before, ``None`` for the first."""
    _take_over(home)
    before = releases_before(home, previous) if previous else []
    known = outcome.read(home, release_id).value
    if release_id == previous:
        # A repair of the live release.
        before = releases_before(home, release_id)
    elif release_id in before:
        # A rollback. The order before that release stays as it was.
        before = list(known.before) if known and known.live else before[before.index(release_id) + 1 :]
    elif previous:
        before = [previous, *before]
    outcome.mark_live(home, release_id, before[:_MAX_BEFORE])


def prune_releases(home: Home, keep: int) -> list[str]:
    """Remove old releases, and the mounted files and secrets that only they used.

    Kept are the live release and *keep* - 1 others that were live once: first those that rollbacks go to, then the
    newest. A release that was uploaded for another rollout meanwhile is kept, and so is everything that does not look
    like ours. While a release is being uploaded, nothing is removed.

    :return: the removed ids.
    """
    with upload.lock(home, _UPLOAD_SECONDS) as locked:
        return _prune_releases(home, keep) if locked else []


def _prune_releases(home: Home, keep: int) -> list[str]:
    current = home.current_id()
    if current is None:
        return []
    proven = proven_releases(home)
    rollbacks = [one for one in releases_before(home, current) if one in proven]
    others = [one for one in [*rollbacks, *reversed(proven)] if one != current]
    kept = {current, *list(dict.fromkeys(others))[: max(keep - 1, 0)]}
    removed = [one for one in home.release_ids() if one not in kept and _is_own(home, one) and not _is_next(home, one)]
    for release_id in removed:
        shutil.rmtree(home.release(release_id))
    for folder in home.releases.glob(".*"):
        # A killed upload has left it.
        if _RELEASE.fullmatch(folder.name[1:]) and folder.is_dir():
            shutil.rmtree(folder)
    manifests = [home.manifest(one) for one in home.release_ids() if one in kept or _is_own(home, one)]
    if None not in manifests:
        _prune_files(home, [manifest for manifest in manifests if manifest])
    return removed


def _is_own(home: Home, name: str) -> bool:
    """Return whether a directory is a release that was uploaded, by its name and its manifest."""
    return bool(_RELEASE.fullmatch(name)) and (home.release(name) / MANIFEST).is_file()


def _is_next(home: Home, release_id: str) -> bool:
    """Return whether a release was uploaded after the live one, and no rollout of it has ended yet."""
    known = outcome.read(home, release_id)
    return release_id > (home.current_id() or "") and not known.value and not known.problem


def _prune_files(home: Home, manifests: list[dict[str, Any]]) -> None:
    """Remove the mounted files and secrets that no release needs. All *manifests* must be known for that."""
    mounted = {digest for manifest in manifests for digest in manifest["mounted"]}
    for folder in home.files.iterdir() if home.files.is_dir() else []:
        if _DIGEST.fullmatch(folder.name) and folder.is_dir() and folder.name not in mounted:
            shutil.rmtree(folder)
    SecretStore(home.path).prune(manifests)


def _recorded(home: Home) -> list[str]:
    """Return the releases that were live, oldest first, as the audit log of an older version has them."""
    result: list[str] = []
    for line in audit.read(home):
        if line["outcome"] == "ok":
            # A rollback returns to a release that is in the list.
            place = result.index(line["release"]) if line["release"] in result else len(result)
            result[place:] = [line["release"]]
    return result


def _proven_by_older_version(home: Home) -> set[str]:
    """Return the releases that an older version has rolled out. It recorded that in the audit log only."""
    proven = {line["release"] for line in audit.read(home) if line["outcome"] == "ok"}
    current = home.current_id()
    # Without the log nobody knows. Then no release before the live one is removed.
    return proven or {one for one in home.release_ids() if current and one < current}


def _take_over(home: Home) -> None:
    """Write the outcomes that an older version did not write. After that, the audit log is not read any more."""
    proven = proven_releases(home)
    known = {one: outcome.read(home, one) for one in proven}
    if any(found.value or found.problem for found in known.values()):
        return
    before = {one: releases_before(home, one) for one in proven}
    for release_id in proven:
        outcome.mark_live(home, release_id, before[release_id])
