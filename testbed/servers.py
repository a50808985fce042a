"""Servers: containers that boot systemd, allow SSH logins of the user `deploy`, and can run their own engine."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from testbed import images, machine, network, recipes, shell

STEP = "server"
IMAGES = tuple(recipe.name for recipe in recipes.RECIPES if recipe.context in ("server", "server-engine"))
PREFIX = "slipway-"
_THAW = "docker ps --quiet --filter status=paused | xargs --no-run-if-empty docker unpause"
# Names of the testbed's own containers and networks.
RESERVED = ("registry", "telegram", "testbed")
USER = "deploy"
KEY = shell.STATE / "id_ed25519"
BOOTS_WITHIN = 60.0


def up(name: str, image: str, address: str | None, publish: Sequence[str]) -> None:
    """Boot the server `name` unless it runs, and print its address. Raises StepError if it does not boot.

    An existing server keeps its image, address and ports. To change them, remove the server first.
    """
    container = _container(name)
    with shell.locked(STEP):
        images.ensure([image])
        network.ensure(STEP)
        _ensure_key()
    state = shell.answer(["docker", "container", "inspect", "--format", "{{.State.Running}}", container])
    if state is not None and container not in _ours():
        raise shell.StepError(f"server: the container {container} exists and is not a server of the testbed; rename it")
    if state is None:
        _create(container, image, address, publish)
    elif state == "false":
        shell.say(STEP, f"starting {container} again")
        shell.run(STEP, ["docker", "start", container])
    _wait(container, lambda: _boot_problem(container))
    _install_key(container)
    reached = _address(container)
    _wait(container, lambda: _login_problem(reached))
    shell.say(STEP, f"{container} is up at {reached}: ssh -i {KEY.relative_to(shell.ROOT)} {USER}@{reached}")


def down(name: str) -> None:
    """Remove a server and the data of its engine."""
    container = _container(name)
    if container in _ours():
        shell.say(STEP, f"removing {container}")
        # A server does not stop while it has paused containers.
        shell.succeeds(["docker", "exec", container, "sh", "-c", _THAW])
        shell.run(STEP, ["docker", "rm", "--force", "--volumes", container])
    if shell.succeeds(["docker", "volume", "inspect", _volume(container)]):
        shell.run(STEP, ["docker", "volume", "rm", _volume(container)])


def down_all() -> None:
    """Remove all servers, and the data that removed servers have left."""
    for container in _ours():
        down(container.removeprefix(PREFIX))
    left = shell.answer(["docker", "volume", "ls", "--quiet", "--filter", f"label={shell.LABEL}=server"]) or ""
    for volume in left.split():
        shell.run(STEP, ["docker", "volume", "rm", volume])


def listing() -> list[str]:
    """Return one line for each server: name, address, state of the container, image, published ports."""
    lines = []
    for container in _ours():
        text = shell.answer(["docker", "container", "inspect", container]) or "[]"
        for found in json.loads(text):
            ports = [
                f"{host['HostIp']}:{host['HostPort']}->{inside.removesuffix('/tcp')}"
                for inside, hosts in (found["HostConfig"]["PortBindings"] or {}).items()
                for host in hosts
            ]
            place = found["NetworkSettings"]["Networks"].get(network.NAME, {}).get("IPAddress") or "-"
            state = found["State"]["Status"]
            fields = [container.removeprefix(PREFIX), place, state, found["Config"]["Image"], *ports]
            lines.append("  ".join(fields))
    return lines


def _container(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,50}", name) or name in RESERVED:
        raise shell.StepError(
            f"server: {name!r} is not a valid name; use lower-case letters, digits and hyphens, and none of {RESERVED}"
        )
    return PREFIX + name


def _ours() -> list[str]:
    # The filter compares the value, because containers inherit this label from images that were built here.
    argv = ["docker", "ps", "--all", "--filter", f"label={shell.LABEL}=server", "--format", "{{.Names}}"]
    return sorted((shell.answer(argv) or "").split())


def _volume(container: str) -> str:
    return f"{container}-engine"


def _create(container: str, image: str, address: str | None, publish: Sequence[str]) -> None:
    shell.say(STEP, f"booting {container} from slipway/{image}")
    label = f"{shell.LABEL}=server"
    shell.run(STEP, ["docker", "volume", "create", "--label", label, _volume(container)])
    # Like a machine: own control groups, /run in memory, and a volume for the engine, since overlays do not stack.
    kind = ["--privileged", "--cgroupns=private", "--tmpfs=/run", "--tmpfs=/run/lock"]
    kind += ["--volume", f"{_volume(container)}:/var/lib/docker"]
    # `reboot` on the server restarts the container. Its engine needs time to stop the containers on it.
    kind += ["--restart=unless-stopped", "--stop-timeout=30"]
    place = ["--network", network.NAME, "--hostname", container.removeprefix(PREFIX)]
    place += ["--ip", address] if address else []
    ports = [f"--publish={port}" for port in publish]
    what = ["--detach", "--name", container, "--label", label, *kind, *place, *ports, f"slipway/{image}"]
    try:
        shell.run(STEP, ["docker", "run", *what])
    except shell.StepError:
        # A created container that cannot start, for example because a port is in use, would count as this server.
        shell.succeeds(["docker", "rm", "--force", container])
        raise


def _ensure_key() -> None:
    """Create the SSH key pair for all servers."""
    if KEY.is_file():
        return
    if not shutil.which("ssh-keygen"):
        machine.require_debian()
        machine.install(STEP, ["openssh-client"])
    KEY.parent.mkdir(exist_ok=True)
    shell.run(STEP, ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "slipway-testbed", "-f", str(KEY)])
    os.chmod(KEY, 0o600)


def _install_key(container: str) -> None:
    authorized = Path("/home") / USER / ".ssh/authorized_keys"
    write = f"cat > {authorized} && chown {USER}: {authorized} && chmod 600 {authorized}"
    shell.run(STEP, ["docker", "exec", "--interactive", container, "sh", "-c", write], stdin=KEY.with_suffix(".pub"))


def _wait(container: str, problem: Callable[[], str]) -> None:
    """Wait until `problem` returns an empty text, and print its text every five seconds. Raises StepError."""
    started = told = time.monotonic()
    while found := problem():
        now = time.monotonic()
        if now - started > BOOTS_WITHIN:
            raise shell.StepError(f"server: {container} is not up after {BOOTS_WITHIN:.0f} s: {found}")
        if now - told > 5:
            shell.say(STEP, f"waiting for {container} ({now - started:.0f} s): {found}")
            told = now
        time.sleep(0.2)


def _boot_problem(container: str) -> str:
    """Return why systemd has not booted yet, or an empty text. The state "degraded" counts as booted."""
    # In any other state, print the state and the jobs that systemd waits for.
    script = (
        "state=$(systemctl is-system-running 2>&1); case $state in running|degraded) exit 0;; esac; "
        'echo "systemd is $state"; systemctl list-jobs --no-legend --plain 2>&1 | head -3'
    )
    shown = shell.answer(["docker", "exec", container, "sh", "-c", script])
    if shown is None:
        status = shell.answer(["docker", "container", "inspect", "--format", "{{.State.Status}}", container])
        return f"the container is {status}; see `docker logs {container}`"
    return ", ".join(shown.split("\n"))


def _login_problem(address: str) -> str:
    """Return why a root shell over SSH is not possible yet, or an empty text."""
    # Host keys are not recorded, because a new server at the same address has new ones.
    unrecorded = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
    access = ["-i", str(KEY), "-o", "BatchMode=yes", "-o", "ConnectTimeout=3", *unrecorded]
    # Errors of the connection go to standard error. This script prints them as its output.
    script = 'out=$(ssh "$@" 2>&1) || echo "${out:-ssh failed}"'
    login = [*access, f"{USER}@{address}", "sudo", "-n", "true"]
    answered = shell.answer(["sh", "-c", script, "ssh", *login], timeout=10)
    return "ssh did not end within 10 s" if answered is None else answered


def _address(container: str) -> str:
    template = f'{{{{(index .NetworkSettings.Networks "{network.NAME}").IPAddress}}}}'
    address = shell.answer(["docker", "container", "inspect", "--format", template, container])
    if not address:
        raise shell.StepError(f"server: {container} has no address on {network.NAME}; see `docker logs {container}`")
    return address
