"""Makes sure that a Docker engine with Compose v2 runs on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from testbed import apt, machine, shell

STEP = "engine"
PACKAGES = ["docker.io", "docker-cli", "docker-compose", "docker-buildx"]
SUITE = "trixie"
SOURCES = machine.APT / "sources.list.d/slipway-trixie.list"
PINS = machine.APT / "preferences.d/slipway-trixie"
STARTED_BY_US = shell.STATE / "dockerd.started"
PID_FILES = {
    Path("/run/docker.pid"): "dockerd",
    Path("/run/docker/containerd/containerd.pid"): "containerd",
}
ANSWERS_WITHIN = 60.0


def ensure() -> None:
    """Install missing packages and start the engine. Change nothing if a complete engine runs already."""
    if not answers() or not _complete():
        if not shutil.which("dockerd") or not _complete():
            _install()
        if not answers():
            _start()
    missing = [plugin for plugin in ("compose", "buildx") if not shell.succeeds(["docker", plugin, "version"])]
    if missing:
        raise shell.StepError(f"engine: `docker {missing[0]}` does not work with {shutil.which('docker')}")
    versions = [
        shell.answer(["docker", "version", "--format", "{{.Server.Version}}"]),
        shell.answer(["docker", "compose", "version", "--short"]),
        (shell.answer(["docker", "buildx", "version"]) or "").partition(" ")[2].split(" ")[0],
    ]
    shell.say(STEP, "Docker {} answers, with Compose {} and buildx {}".format(*versions))


def require() -> None:
    """Start the engine if it is not running or not complete. Print nothing otherwise."""
    if not answers() or not _complete():
        ensure()


def answers() -> bool:
    """Return whether an engine answers."""
    return shell.succeeds(["docker", "version", "--format", "{{.Server.Version}}"])


def stop() -> None:
    """Stop the daemon if `ensure` started it without systemd."""
    if not STARTED_BY_US.is_file():
        return
    pid = int(STARTED_BY_US.read_text())
    if _is_dockerd(pid):
        shell.say(STEP, "stopping the dockerd that this testbed started")
        os.kill(pid, 15)
        deadline = time.monotonic() + ANSWERS_WITHIN
        while _is_dockerd(pid) and time.monotonic() < deadline:
            time.sleep(0.1)
    STARTED_BY_US.unlink()


def _complete() -> bool:
    return all(shell.succeeds(["docker", plugin, "version"]) for plugin in ("compose", "buildx"))


def _install() -> None:
    codename = machine.require_debian()
    if codename != SUITE:
        source = machine.apt_source().for_suite(SUITE)
        SOURCES.write_text("\n".join(source.one_line()) + "\n")
        PINS.write_text(apt.pins(SUITE, PACKAGES))
    shell.say(STEP, "installing Docker from Debian 13 (about 40 s)")
    machine.install(STEP, PACKAGES)


def _start() -> None:
    log = shell.log_path("dockerd")
    shell.say(STEP, "starting the engine (about 4 s)")
    if machine.has_systemd():
        shell.run(STEP, ["systemctl", "enable", "--now", "docker.service"])
        process = None
    else:
        _forget_dead_daemon()
        # The init script is not used: its `ulimit` fails on machines without CAP_SYS_RESOURCE.
        with log.open("a") as out:
            process = subprocess.Popen(
                ["dockerd"], stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/", start_new_session=True
            )
        STARTED_BY_US.write_text(f"{process.pid}\n")
    deadline = time.monotonic() + ANSWERS_WITHIN
    while not answers():
        if process is not None and process.poll() is not None:
            print("\n".join(log.read_text(errors="replace").splitlines()[-shell.TAIL_LINES :]))
            raise shell.StepError(
                f"engine: dockerd ended with code {process.returncode}; see {log.relative_to(shell.ROOT)}"
            )
        if time.monotonic() > deadline:
            raise shell.StepError(f"engine: dockerd does not answer after {ANSWERS_WITHIN:.0f} s")
        time.sleep(0.1)


def _forget_dead_daemon() -> None:
    """Remove the PID files of a dead engine. If another process has such a PID now, dockerd does not start."""
    for path, name in PID_FILES.items():
        text = path.read_text().strip() if path.is_file() else ""
        if text and not _is_process(int(text), name):
            path.unlink()


def _is_dockerd(pid: int) -> bool:
    return _is_process(pid, "dockerd")


def _is_process(pid: int, name: str) -> bool:
    """Return whether a process with this name runs. A zombie does not count."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return f"Name:\t{name}\n" in status and "State:\tZ" not in status
