"""Answers a certification authority for a proxy that serves no files, while certbot has a certificate issued.

Place in the pipeline: target, started and stopped by certbot's hooks. Python's own server for files runs in the network
of the pod, on loopback, where the proxy's route for these questions ends. systemd stops it if nobody else does.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge import certificate_files
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import members, tls_of
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec, docker, program
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

#: Seconds after which systemd ends it, and seconds for its start.
_LIMIT, _START = 900, 10.0
_LISTENING = "0A"


def begin(home: Home, manifest: Mapping[str, Any]) -> None:
    """Start the server, and wait until it listens. :raises RolloutFailed: if it does not."""
    stack, port = str(manifest["stack"]), int(tls_of(manifest)["challenge_port"])
    pods = [one for one in docker.containers(stack) if one.service == members(manifest)[0] and one.state == "running"]
    if not pods:
        raise RolloutFailed("the edge does not run, so nobody can answer the certification authority")
    pid = container_exec.main_pid(pods[0].id)
    folder = certificate_files.challenges(home)
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    end(stack)
    server = ("/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(folder), str(port))
    limits = (f"--property=RuntimeMaxSec={_LIMIT}", "--property=ProtectSystem=strict", "--property=PrivateTmp=yes")
    unit = ("systemd-run", "--quiet", "--collect", f"--unit={_unit(stack)}", *limits)
    done = program.run([*unit, "nsenter", f"--net=/proc/{pid}/ns/net", *server], _START)
    deadline = time.monotonic() + _START
    while not _listens(pid, port):
        if done.returncode != 0 or time.monotonic() > deadline:
            why = done.stderr.strip() or f"see journalctl --unit {_unit(stack)}"
            raise RolloutFailed(f"nobody can answer the certification authority on port {port} of the pod: {why}")
        time.sleep(0.1)


def end(stack: str) -> None:
    """Stop the server if it runs."""
    program.run(["systemctl", "stop", _unit(stack)], _START)


def _unit(stack: str) -> str:
    return f"slipway-challenges-{stack}.service"


def _listens(pid: int, port: int) -> bool:
    """Return whether anybody listens on a port of loopback in the network of a process."""
    address = f"0100007F:{port:04X}"
    lines = Path(f"/proc/{pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    return any(line.split()[1] == address and line.split()[3] == _LISTENING for line in lines)
