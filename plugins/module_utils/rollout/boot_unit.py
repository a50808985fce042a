"""A systemd unit that starts containers that the engine could not start at boot.

Place in the pipeline: target, prepare. At boot the engine starts all containers at once, and each one once. The edge
joins the network of its pod. If the pod is not running yet, the start of the edge fails and it stays down. The unit is
the same for every stack. The rollout installs it, not the provisioning of the server, because the rollout makes a stack
depend on it.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import write_text

UNIT = "slipway-pods.service"
_FOLDER = Path("/etc/systemd/system")
#: This directory exists exactly if systemd booted the machine (sd_booted(3)).
_BOOTED = Path("/run/systemd/system")
# A container that the engine failed to start has an error, a container that a person stopped has none. docker.service
# is ready when it has tried to start all containers, and each start of it starts this unit. The rounds are for a
# container in the network of a container that is in the network of another.
_TEXT = """\
# Written by slipway.stack. The engine starts containers at boot in no order, and does not try again with one whose
# network is that of a container which was not running yet.
[Unit]
Description=Start containers that are in the network of another, once that one runs
After=docker.service

[Service]
Type=oneshot
ExecStart=/bin/sh -c '\\
  for round in 1 2 3; do \\
    for id in $$(docker ps --all --quiet --filter label=com.docker.compose.project --filter status=exited \\
        --filter status=created); do \\
      case "$$(docker inspect --format "{{if .State.Error}}{{.HostConfig.NetworkMode}} {{.HostConfig.IpcMode}} \\
          {{.HostConfig.PidMode}} {{json .Config.Labels}}{{end}}" "$$id")" in \\
        *container:*/releases/*) docker start "$$id" ;; \\
      esac; \\
    done; \\
  done'

[Install]
WantedBy=docker.service
"""


def ensure_enabled(journal: Journal) -> None:
    """Install and enable the unit, and write to *journal* if it is new. Without systemd, do nothing.

    :raises RolloutFailed: if systemd refuses it.
    """
    path = _FOLDER / UNIT
    if not _BOOTED.is_dir() or (path.is_file() and path.read_text(encoding="utf-8") == _TEXT):
        return
    write_text(path, _TEXT)
    # Not AnsibleModule.run_command, which ansible-test expects here: a detached rollout has no AnsibleModule.
    done = subprocess.run(  # pylint: disable=ansible-bad-function
        ["systemctl", "enable", UNIT], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        path.unlink()
        raise RolloutFailed(f"{path} cannot be enabled: {done.stderr.strip()}")
    journal.write("prepare", "done", f"{UNIT} starts the edge at boot")
