"""Give the content of an archive back: into a running service, into a directory, and compare what is there then.

Place in the pipeline: target, for the drill and for a restore.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.backup import facts, streams
from ansible_collections.slipway.stack.plugins.module_utils.backup.catalog import Backup
from ansible_collections.slipway.stack.plugins.module_utils.backup.pipeline import StreamError
from ansible_collections.slipway.stack.plugins.module_utils.backup.throwaway import Throwaway
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed

UNPACK = ("tar", "--extract", "--sparse", "--xattrs", "--acls", "--numeric-owner", "--preserve-permissions")
#: Seconds for a script that counts what was restored.
_FACTS_SECONDS = 3600.0

Entry = Mapping[str, Any]


def title(entry: Entry) -> str:
    """Return how messages name an archive."""
    return f"{entry['name']} {entry['item']}".rstrip()


def into_container(
    backup: Backup, entry: Entry, method: Mapping[str, Any], container: Container, into: str, timeout: float
) -> None:
    """Restore an archive with its script into a running container, under the name *into*, and compare the facts.

    :raises RolloutFailed: if the archive is damaged, the script fails, or a fact differs.
    """
    variables = {"ITEM": entry["item"], "INTO": into, **facts.variables(entry["facts"], entry["about"])}
    command = streams.in_container(container.id, method["restore"], variables, reads=True)
    with_command(backup, entry, command, timeout)
    compare_if_told(entry, method, container, into)


def before_start(backup: Backup, entry: Entry, method: Mapping[str, Any], copy: Throwaway, timeout: float) -> None:
    """Restore an archive with its script into an empty volume of a copy that does not run.

    :raises RolloutFailed: if the archive is damaged, or the script fails.
    """
    command = copy.command(method["restore"], facts.variables(entry["facts"], entry["about"]))
    with_command(backup, entry, command, timeout)


def compare_if_told(entry: Entry, method: Mapping[str, Any], container: Container, into: str) -> None:
    """Compare the facts if the kind says how they are found. :raises RolloutFailed: as :func:`compare`."""
    if method.get("facts"):
        compare(entry, method["facts"], container, into)


def into_directory(backup: Backup, entry: Entry, folder: Path, timeout: float) -> None:
    """Unpack the archive of a volume. :raises RolloutFailed: if it is damaged or cannot be unpacked."""
    with_command(backup, entry, [*UNPACK, f"--directory={folder}"], timeout)


def compare(entry: Entry, script: str, container: Container, into: str) -> None:
    """Compare the facts of what was restored with those of the original.

    :raises RolloutFailed: naming what differs, with both values.
    """
    variables = [f"ITEM={entry['item']}", f"INTO={into}"]
    try:
        printed = container_exec.execute(container.id, ["sh", "-ec", script], _FACTS_SECONDS, {"Env": variables})
    except DockerError as error:
        raise RolloutFailed(f"{_where(entry)}: what was restored cannot be counted: {error}", error.detail) from None
    found, _about, _others = facts.parse(printed.splitlines())
    different = facts.differences(entry["facts"], found)
    if different:
        raise RolloutFailed(f"{_where(entry)}: what was restored differs: {'; '.join(different)}")


def with_command(backup: Backup, entry: Entry, command: list[str], timeout: float) -> None:
    """Restore an archive with *command*, which reads it. :raises RolloutFailed: if it is damaged or that fails."""
    try:
        streams.restore(backup.path(entry), command, entry["sha256"], timeout)
    except (StreamError, OSError) as error:
        raise RolloutFailed(f"backup {backup.id}: {_where(entry)}: {error}") from None


def _where(entry: Entry) -> str:
    return f"service '{entry['service']}': {title(entry)}" if entry["service"] else title(entry)
