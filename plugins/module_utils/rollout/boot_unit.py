"""What systemd does around the start of the engine, so that an edge survives it.

Place in the pipeline: target, prepare. Both files are the same for every stack. The rollout installs them, not the
provisioning of the server, because the rollout makes a stack depend on them.

- A unit starts containers that the engine could not start at boot. The engine starts all containers at once, and each
  one once. The edge joins the network of its pod. If the pod is not running yet, the start of the edge fails and it
  stays down.
- While the engine is stopped, published ports work: the kernel has its rules. When the engine starts, it removes these
  rules and writes them again. For about 0.3 seconds the server itself gets the packets, and refuses them. So for that
  time new connections to these ports are ignored instead. Their clients try again by themselves, after one second.
- The engine that is stopped answers no question for the address of a container. nginx keeps what it knows, Traefik gets
  the addresses before.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import write_text

UNIT = "slipway-pods.service"
#: Settings that are added to the unit of the engine.
ENGINE_SETTINGS = "docker.service.d/slipway-ports.conf"
_FOLDER = Path("/etc/systemd/system")
#: This directory exists exactly if systemd booted the machine (sd_booted(3)).
_BOOTED = Path("/run/systemd/system")
# A container that the engine failed to start has an error, a container that a person stopped has none. docker.service
# is ready when it has tried to start all containers, and each start of it starts this unit. The rounds are for a
# container in the network of a container that is in the network of another.
_UNIT_TEXT = """\
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
# The engine is ready when its rules are there again.
_ENGINE_TEXT = """\
# Written by slipway.stack. The engine that starts removes its rules for published ports and writes them again. Until
# then new connections to these ports are ignored, so that their clients try again; otherwise they would be refused.
#
# Traefik asks the engine for an address whenever it connects. Before the engine stops, it gets the addresses in
# /etc/hosts, which it reads again after five seconds. Until the engine starts again, no container gets another address.
[Service]
ExecStop=-/bin/sh -c '\\
  for pod in $$(docker ps --quiet --filter label=slipway.class=pod --filter label=slipway.kind=traefik); do \\
    hosts=$$(docker inspect --format "{{.HostsPath}}" "$$pod"); \\
    for net in $$(docker inspect --format "{{range .NetworkSettings.Networks}}{{.NetworkID}} {{end}}" "$$pod"); do \\
      docker network inspect --format "{{range .Containers}}{{println .IPv4Address .Name}}{{end}}" "$$net"; \\
    done | sed -n "s/^\\\\([0-9.]*\\\\)[^ ]* \\\\(..*\\\\)/\\\\1 \\\\2 # slipway/p" >> "$$hosts"; \\
    wait=6; \\
  done; sleep $${wait:-0}'
ExecStartPre=-/bin/sh -c '\\
  iptables -w -N SLIPWAY-START && iptables -w -I INPUT ! -i lo -p tcp --syn -j SLIPWAY-START; \\
  iptables-save -t nat | sed -n "s/^-A DOCKER .*-p tcp .*--dport \\\\([0-9]*\\\\) -j DNAT.*/\\\\1/p" | sort -u | \\
    while read port; do iptables -w -A SLIPWAY-START -p tcp --dport "$$port" -j DROP; done'
ExecStartPost=-/bin/sh -c '\\
  for pod in $$(docker ps --quiet --filter label=slipway.class=pod --filter label=slipway.kind=traefik); do \\
    hosts=$$(docker inspect --format "{{.HostsPath}}" "$$pod"); \\
    kept=$$(grep -v "# slipway" "$$hosts") && echo "$$kept" > "$$hosts"; \\
  done'
ExecStartPost=-/bin/sh -c '\\
  exec 2> /dev/null; iptables -w -D INPUT ! -i lo -p tcp --syn -j SLIPWAY-START; \\
  iptables -w -F SLIPWAY-START; iptables -w -X SLIPWAY-START'
ExecStopPost=-/bin/sh -c '\\
  exec 2> /dev/null; iptables -w -D INPUT ! -i lo -p tcp --syn -j SLIPWAY-START; \\
  iptables -w -F SLIPWAY-START; iptables -w -X SLIPWAY-START'
"""
_FILES = {ENGINE_SETTINGS: _ENGINE_TEXT, UNIT: _UNIT_TEXT}


def ensure_enabled(journal: Journal) -> None:
    """Install both files and enable the unit, and write to *journal* if one is new. Without systemd, do nothing.

    :raises RolloutFailed: if systemd refuses them.
    """
    new = [name for name, text in _FILES.items() if not _has(_FOLDER / name, text)]
    if not _BOOTED.is_dir() or not new:
        return
    for name in new:
        write_text(_FOLDER / name, _FILES[name])
    # It reads all units again, too. Not AnsibleModule.run_command, which ansible-test expects here: a detached rollout
    # has no AnsibleModule.
    done = subprocess.run(  # pylint: disable=ansible-bad-function
        ["systemctl", "enable", UNIT], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        for name in new:
            (_FOLDER / name).unlink()
        raise RolloutFailed(f"{_FOLDER / UNIT} cannot be enabled: {done.stderr.strip()}")
    journal.write("prepare", "done", f"{UNIT} starts the edge at boot")


def _has(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
