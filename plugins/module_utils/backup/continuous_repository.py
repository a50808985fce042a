"""Base backups and WAL in the repository of restic, for a host that has lost its own.

Place in the pipeline: target, under :mod:`sending`, and before a restore to a moment that this host does not reach.
All of it is one snapshot. A file of WAL never changes, so the repository has each of them once.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.backup import catalog, chains, space
from ansible_collections.slipway.stack.plugins.module_utils.backup.repository import Repository
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

_STEP = "repository"
#: Before each tag of the stack's backups. So nobody who forgets those takes these into account.
_PREFIX = "continuous-"
#: Each snapshot has as many days as are kept on the host, so the ones before are not needed.
_SNAPSHOTS = 2
#: Bytes that stay free beside what is fetched, as a share of it.
_MARGIN = 1.1


def send(home: Home, repository: Repository, timeout: float) -> None:
    """Send what the repository does not have yet. :raises RolloutFailed: if that fails. What was sent stays."""
    folder, tags = _folder(home), _tags(repository)
    # A base backup that is being taken is in `new`. A file of WAL gets another name when it has ended.
    left_out = [word for pattern in ("new", "wal/*.partial") for word in ("--exclude", f"{folder}/*/*/{pattern}")]
    repository.restic.run("backup", "--quiet", "--tag", tags, *left_out, str(folder), timeout=timeout)


def forget(repository: Repository, timeout: float) -> None:
    """Remove all but the newest snapshots. :raises RolloutFailed: if that fails."""
    kept = ("--group-by", "", "--keep-last", str(_SNAPSHOTS), "--prune")
    repository.restic.run("forget", "--quiet", "--tag", _tags(repository), *kept, timeout=timeout)


def reaches(home: Home, services: Sequence[str], moment: float) -> bool:
    """Return whether this host has a base backup of each service that was complete at a moment.

    :param moment: seconds of the epoch.
    """
    return all(
        any(base.finished_at <= moment for chain in chains.of_service(home, service) for base in chain.bases())
        for service in services
    )


def fetch(home: Home, repository: Repository, timeout: float, journal: Journal) -> None:
    """Bring the chains that this host does not have, each of them completely or not at all.

    :param timeout: seconds that it may take.
    :raises RolloutFailed: if the repository has none, or this host has too little space.
    """
    restic, tags = repository.restic, _tags(repository)
    found = restic.json("snapshots", "--tag", tags, "--latest", "1")
    if not found:
        raise RolloutFailed(f"there are no WAL and base backups with {tags} in {restic.shown}")
    newest, path = str(found[-1]["id"]), str(found[-1]["paths"][0])
    size = int(restic.json("stats", "--mode", "restore-size", newest)["total_size"])
    space.check_for_backup(home.path, int(size * _MARGIN))
    arriving = home.backups / f"continuous{catalog.ARRIVING}"
    with journal.part(_STEP, "fetch", start_text=f"fetching WAL and base backups from {restic.shown}", end_text=""):
        shutil.rmtree(arriving, ignore_errors=True)
        try:
            restic.run("restore", "--quiet", newest, "--target", str(arriving), timeout=timeout)
            names = _adopt(arriving / path.lstrip("/"), _folder(home))
        finally:
            shutil.rmtree(arriving, ignore_errors=True)
    journal.write(_STEP, "done", f"fetched {', '.join(names) or 'nothing that is not here'}")


def _adopt(arrived: Path, folder: Path) -> list[str]:
    """Move the chains that *folder* does not have into it, and return their names."""
    names = []
    for chain in sorted(arrived.glob("*/*")):
        target = folder / chain.parent.name / chain.name
        if chain.is_dir() and not target.exists():
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            chain.rename(target)
            names.append(f"{chain.parent.name}/{chain.name}")
    return names


def _folder(home: Home) -> Path:
    return home.backups / "continuous"


def _tags(repository: Repository) -> str:
    return ",".join(f"{_PREFIX}{tag}" for tag in repository.tags.split(","))
