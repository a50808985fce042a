"""Base backups of the services that are saved continuously, and the removal of what is too old.

Place in the pipeline: target, after a backup. The caller holds the lease.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import (
    beside,
    catalog,
    chains,
    containers,
    continuous,
    facts,
    space,
    wal_files,
)
from ansible_collections.slipway.stack.plugins.module_utils.backup.chains import Base, Chain
from ansible_collections.slipway.stack.plugins.module_utils.backup.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

_STEP = "base backup"
_DAY = 86400.0
#: Seconds for a receiver that was just started.
_PATIENCE = 30.0
_POLL_SECONDS = 0.5
_MIB = 1024**2


def take(home: Home, settings: Settings, journal: Journal) -> None:
    """Take a base backup of each service that is saved continuously, and remove what is older than wanted.

    :raises RolloutFailed: if one cannot be taken. Then nothing of it is left.
    """
    manifest = home.manifest(home.current_id())
    if manifest is None:
        return
    for service, scripts in continuous.wanted(home).items():
        present = _receiving(home, manifest, service, scripts)
        with journal.part(_STEP, "base", service, start_text="saving the files of the server", end_text=""):
            base = _take(manifest, service, scripts, present[-1], settings)
        removed = chains.prune(present, time.time() - settings.continuous_days * _DAY)
        sort = f"since {base.previous}" if base.previous else "in full"
        more = f"; removed {', '.join(removed)}" if removed else ""
        journal.write(_STEP, "done", f"{base.id}, saved {sort}, {base.size / _MIB:.1f} MiB{more}", service)


def _receiving(home: Home, manifest: Mapping[str, Any], service: str, scripts: Mapping[str, str]) -> list[Chain]:
    """Return the chains of a service whose WAL is received, as it is soon after the units were written.

    :raises RolloutFailed: if it is not.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        container = containers.running(manifest["stack"], service)
        state = continuous.about_lag(container, scripts, service).get("state", "")
        present = chains.of_service(home, service)
        if present and state == "receiving":
            return present
        if time.monotonic() > deadline:
            raise RolloutFailed(f"service '{service}': its WAL is not received; {receiver(manifest, service)}")
        time.sleep(_POLL_SECONDS)


def receiver(manifest: Mapping[str, Any], service: str) -> str:
    """Return what to do if WAL is not received, as a part of a sentence."""
    return f"see journalctl --unit slipway-wal-{manifest['stack']}-{service}, which playbooks/backup.yml writes"


def _take(
    manifest: Mapping[str, Any], service: str, scripts: Mapping[str, str], chain: Chain, settings: Settings
) -> Base:
    container = containers.running(manifest["stack"], service)
    user = beside.owner(container)
    chains.empty_new(chain, user)
    space.check_for_backup(chain.folder, max((base.size for base in chain.bases()), default=0))
    previous = _previous(chain, settings.continuous_full_every)
    mounts = {"/continuous/new": (str(chain.new), True), "/continuous/bases": (str(chain.bases_folder), False)}
    script = f"PREVIOUS={previous}\n{scripts['base']}"
    name = f"slipway-base-{manifest['stack']}-{service}"
    base_id, started_at = catalog.new_id_in(chain.bases_folder), time.time()
    try:
        with beside.running(name, container, script, mounts, user) as saver:
            lines = beside.finish(saver, settings.archive_timeout)
        about = facts.parse(lines)[1]
        if not wal_files.name(about.get("start", "")):
            raise RolloutFailed("its script did not say which WAL it starts with")
        size = sum(path.lstat().st_size for path in chain.new.iterdir())
        needed = previous if about.get("sort") == "incremental" else ""
        base = Base(base_id, needed, about["start"], started_at, time.time(), size)
        chain.add(base)
    except (RolloutFailed, OSError) as error:
        detail = error.detail if isinstance(error, RolloutFailed) else ()
        raise RolloutFailed(f"service '{service}': no base backup was taken: {error}", detail) from None
    finally:
        shutil.rmtree(chain.new, ignore_errors=True)
    return base


def _previous(chain: Chain, full_every: int) -> str:
    """Return the base backup whose changes are saved, empty to save everything."""
    bases = chain.bases()
    if not bases:
        return ""
    try:
        return bases[-1].id if len(chain.lineage(bases[-1])) < full_every else ""
    except RolloutFailed:
        return ""
