"""A unit of systemd that starts what the engine could not start when the server booted.

Place in the pipeline: target, prepare. At boot the engine starts all containers at once, and each once. One that joins
the network of another, as an edge joins that of its pod, fails where the other does not run yet, and stays down. The
unit is the same for every stack. A rollout puts it down rather than the provisioning of the server, because it is the
rollout that makes a stack depend on it.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import write_text

UNIT = "slipway-pods.service"
_FOLDER = Path("/etc/systemd/system")
#: Exists exactly where systemd is what booted the machine (sd_booted(3)).
_BOOTED = Path("/run/systemd/system")
# A container that somebody stopped has no error; one that the engine failed to start has. docker.service is ready only
# when it has tried all, and takes the unit with it at each of its own starts.
_TEXT = """\
# Written by slipway.stack. The engine starts containers at boot in no order, and does not try again with one whose
# network is that of a container which was not running yet.
[Unit]
Description=Start containers that are in the network of another, once that one runs
After=docker.service

[Service]
Type=oneshot
ExecStart=/bin/sh -c '\\
  for id in $$(docker ps --all --quiet --filter label=slipway.pod --filter status=exited --filter status=created); do \\
    test -z "$$(docker inspect --format "{{.State.Error}}" "$$id")" || docker start "$$id"; \\
  done'

[Install]
WantedBy=docker.service
"""


def ensure_enabled(journal: Journal) -> None:
    """Have the unit on this server, enabled, and tell where it is new. A server without systemd has none.

    :raises RolloutFailed: when systemd refuses it.
    """
    path = _FOLDER / UNIT
    if not _BOOTED.is_dir() or (path.is_file() and path.read_text(encoding="utf-8") == _TEXT):
        return
    write_text(path, _TEXT)
    done = subprocess.run(
        ["systemctl", "enable", UNIT], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        path.unlink()
        raise RolloutFailed(f"{path} cannot be enabled: {done.stderr.strip()}")
    journal.write("prepare", "done", f"{UNIT} starts the edge when the server has booted")
