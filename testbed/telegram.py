"""The stand-in for Telegram, on the testbed's network for bots and on 127.0.0.1:8081 for this machine.

Bots know it by its address: a container on a server cannot ask the name server of the network that the server is on.
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
    """Start it anew, with nothing said and nothing sent. Raises StepError."""
    images.ensure([IMAGE])
    network.ensure(STEP)
    remove()
    place = ["--network", network.NAME, "--ip", network.TELEGRAM_ADDRESS, f"--publish=127.0.0.1:{PORT}:{PORT}"]
    start = ["docker", "run", "--detach", "--init", "--name", CONTAINER, "--label", f"{shell.LABEL}=telegram", *place]
    shell.run(STEP, [*start, IMAGE, "python", "-c", SCRIPT.read_text(encoding="utf-8")])
    shell.say(STEP, f"answers bots at {network.TELEGRAM_ADDRESS}:{PORT}")


def remove() -> None:
    """Remove it."""
    if shell.succeeds(["docker", "container", "inspect", CONTAINER]):
        shell.run(STEP, ["docker", "rm", "--force", CONTAINER])
