"""Receive the WAL of a service, for as long as its container runs; tell how far it has come.

Place in the pipeline: target, started by systemd for each service that is saved continuously (:mod:`receiver_units`).
One call receives until the server stops. Then systemd starts the next, which finds the new container of the service.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.module_utils.backup import (
    beside,
    chains,
    containers,
    facts,
    live_release,
    space,
    wal_files,
)
from ansible_collections.slipway.stack.plugins.module_utils.backup.chains import Chain
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

#: The replication slot. A server belongs to one stack.
SLOT = "slipway"
#: Seconds for a script that asks the server or tells it something.
_SCRIPT_SECONDS = 60.0
#: Seconds between two looks at whether the live release wants it still.
_LOOK_SECONDS = 5.0
#: Seconds for the end of a file of WAL to arrive. It is on this host already.
_ARRIVAL_SECONDS = 60.0
_POLL_SECONDS = 0.2
_FOREVER = float("inf")

Scripts = Mapping[str, str]


def wanted(home: Home) -> dict[str, Scripts]:
    """Return the scripts of each service of the live release that is saved continuously."""
    manifest = home.manifest(home.current_id()) or {}
    found = {}
    for name, spec in manifest.get("services", {}).items():
        scripts = (spec.get("backup") or {}).get("continuous")
        if scripts:
            found[name] = scripts
    return found


def receive(home: Home, service: str) -> bool:
    """Receive the WAL of a service until its server stops, or until nobody wants it.

    :return: whether to go on with another call.
    :raises RolloutFailed: if the service does not run, or the server refuses.
    :raises DockerError: if the engine refuses.
    """
    manifest = live_release.manifest(home)
    scripts = wanted(home).get(service)
    if scripts is None:
        return False
    container = containers.running(manifest["stack"], service)
    user = beside.owner(container)
    is_new = bool(execute(container, scripts["prepare"], service).strip())
    present = chains.of_service(home, service)
    chain = present[-1] if present and not is_new else chains.begin(home, service, user)
    name = f"slipway-wal-{manifest['stack']}-{service}"
    _check_disk(chain)
    looked = time.monotonic()

    def is_wanted() -> bool:
        nonlocal looked
        if time.monotonic() - looked < _LOOK_SECONDS:
            return True
        looked = time.monotonic()
        _check_disk(chain)
        # During a rollout no release may be live for a moment.
        return home.manifest(home.current_id()) is None or service in wanted(home)

    try:
        script = f"SLOT={SLOT}\n{scripts['receive']}"
        with beside.running(name, container, script, {"/continuous/wal": (str(chain.wal), True)}, user) as receiver:
            beside.finish(receiver, _FOREVER, is_wanted)
    except RolloutFailed as error:
        raise RolloutFailed(f"service '{service}': its WAL is not received: {error}", error.detail) from None
    if is_wanted() and service in wanted(home):
        return True
    execute(container, scripts["stop"], service)
    return False


def _check_disk(chain: Chain) -> None:
    """:raises RolloutFailed: if the stack needs the rest of the disk. The server keeps some WAL meanwhile."""
    if space.is_short(chain.wal):
        raise RolloutFailed(
            f"the disk of {chain.wal} is full but for {space.RESERVE // 1024**2} MiB; remove data there"
        )


def execute(container: Container, script: str, service: str) -> str:
    """Run a script of the kind in a container, and return its output.

    :raises RolloutFailed: if it fails.
    """
    try:
        return container_exec.execute(container.id, ["sh", "-ec", f"SLOT={SLOT}\n{script}"], _SCRIPT_SECONDS)
    except DockerError as error:
        raise RolloutFailed(f"service '{service}' cannot be saved continuously: {error}", error.detail) from None


def mark(container: Container, scripts: Scripts, service: str, chain: Chain) -> tuple[float, bool]:
    """Let the server commit something and end its file of WAL, and wait until it has arrived.

    :return: a moment in seconds of the epoch, and whether everything of it has arrived.
    :raises RolloutFailed: if the server refuses.
    """
    moment = time.time()
    file = _ended(container, scripts["mark"], service)
    if not file:
        raise RolloutFailed(f"service '{service}': the server did not say which file of WAL it has ended")
    return moment, _has_arrived(container, scripts, service, chain, file)


def end(container: Container, scripts: Scripts, service: str, chain: Chain) -> tuple[float, bool]:
    """Let the server end its file of WAL if anything was written to it, and wait until it has arrived.

    :return: a moment in seconds of the epoch, and whether everything before it has arrived.
    :raises RolloutFailed: if the server refuses.
    """
    moment = time.time()
    file = _ended(container, scripts["end"], service)
    if file:
        return moment, _has_arrived(container, scripts, service, chain, file)
    about = about_lag(container, scripts, service)
    return moment, about.get("state") == "receiving" and about.get("bytes") == "0"


def _ended(container: Container, script: str, service: str) -> str:
    return wal_files.name(facts.parse(execute(container, script, service).splitlines())[1].get("file", ""))


def _has_arrived(container: Container, scripts: Scripts, service: str, chain: Chain, file: str) -> bool:
    """Wait for a file of WAL. :return: false if it does not arrive, or nobody receives."""
    deadline = time.monotonic() + _ARRIVAL_SECONDS
    while not any((chain.wal / f"{file}{ending}").exists() for ending in ("", ".gz")):
        if time.monotonic() > deadline or about_lag(container, scripts, service).get("state") != "receiving":
            return False
        time.sleep(_POLL_SECONDS)
    return True


def about_lag(container: Container, scripts: Scripts, service: str) -> dict[str, str]:
    """Return what the server says about the receiver: ``bytes`` that are missing, and ``state``.

    :raises RolloutFailed: if it does not answer.
    """
    return facts.parse(execute(container, scripts["lag"], service).splitlines())[1]
