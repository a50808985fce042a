"""Start the stand-in for Telegram on the testbed's network, for bots, and on 127.0.0.1:8081, for this machine.

Bots use its address, because containers on a server cannot resolve names of the testbed's network.
"""

from __future__ import annotations

from pathlib import Path

from testbed import images, network, shell

STEP = "telegram"
CONTAINER = "slipway-telegram"
IMAGE = "python:3.13-slim"
PORT = 8081
SCRIPT = Path(__file__).parent / "stand_ins/telegram.py"


def ensure() -> None:
    """Start the stand-in without any messages, and replace a running one.

    :raises StepError: if it does not start.
    """
    images.ensure([IMAGE])
    network.ensure(STEP)
    remove()
    ports = ["--network", network.NAME, "--ip", network.TELEGRAM_ADDRESS, f"--publish=127.0.0.1:{PORT}:{PORT}"]
    start = ["docker", "run", "--detach", "--init", "--name", CONTAINER, "--label", f"{shell.LABEL}=telegram", *ports]
    shell.run(STEP, [*start, IMAGE, "python", "-c", SCRIPT.read_text(encoding="utf-8")])
    shell.say(STEP, f"answers bots at {network.TELEGRAM_ADDRESS}:{PORT}")


def remove() -> None:
    """Remove the stand-in if it exists."""
    if shell.succeeds(["docker", "container", "inspect", CONTAINER]):
        shell.run(STEP, ["docker", "rm", "--force", CONTAINER])
