"""Check that ports of this machine are free, and say who has them: `python3 -m scripts.free_ports [ADDRESS:]PORT...`.

Without arguments, the ports are those of the services in the output of `docker compose config --format json` on
standard input.
"""

from __future__ import annotations

import errno
import json
import socket
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

Place = tuple[str, int]


def published(document: dict[str, Any]) -> list[Place]:
    """Return address and port of each port that the services of a Compose document publish."""
    ports = [port for service in document["services"].values() for port in service.get("ports") or []]
    return [(str(port.get("host_ip") or "0.0.0.0"), int(port["published"])) for port in ports if port.get("published")]


def problems(places: Iterable[Place]) -> list[str]:
    """Return a sentence for each port that is taken."""
    return [
        f"port {port} of this machine is taken by {_holder(port)}; stop it, and run this again"
        for address, port in places
        if _is_taken(address, port)
    ]


def _is_taken(address: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def _holder(port: int) -> str:
    """Return the container that publishes a port; the engine cannot tell of other programs."""
    command = ["docker", "ps", "--filter", f"publish={port}", "--format", "{{.Names}}"]
    try:
        names = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    except OSError:
        names = []
    return f"the container {names[0]}" if names else "another process"


def main(arguments: list[str]) -> int:
    """Print a line for each port that is taken, and return the exit code."""
    if arguments:
        parts = [argument.rpartition(":") for argument in arguments]
        places = [(address or "0.0.0.0", int(port)) for address, _colon, port in parts]
    else:
        places = published(json.load(sys.stdin))
    found = problems(places)
    for problem in found:
        print(f"error: {problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
