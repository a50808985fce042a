"""The stack of this scenario, and a registry that goes silent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.stacks import Stack

#: Where the silent registry listens on the server. The engine needs no TLS for a registry at this address.
SILENT = "127.0.0.1:5055"


@pytest.fixture
def jobs(host: Any) -> Stack:
    return Stack(host, "jobs", 0)


@pytest.fixture
def silent_registry(host: Any) -> Iterator[str]:
    """Run a registry on the server that knows every manifest, and that never sends a layer. Return its address."""
    script = (Path(__file__).parent / "silent_registry.py").read_text()
    host.check_output(f"cat > /tmp/silent_registry.py <<'END'\n{script}\nEND")
    host.check_output(
        "sudo systemd-run --quiet --unit=silent-registry python3 /tmp/silent_registry.py %s http://registry:5000",
        SILENT,
    )
    yield SILENT
    host.check_output("sudo systemctl stop silent-registry")
