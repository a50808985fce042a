"""The Docker network of the servers and the registry. Its subnet and addresses are the same on every machine."""

from __future__ import annotations

from testbed import shell

NAME = "slipway-testbed"
SUBNET = "172.31.250.0/24"
GATEWAY = "172.31.250.1"
# Docker assigns addresses from the upper half. The lower half is for fixed addresses.
DYNAMIC = "172.31.250.128/25"
REGISTRY_ADDRESS = "172.31.250.2"
TELEGRAM_ADDRESS = "172.31.250.3"


def ensure(step: str) -> None:
    """Create the network unless it exists."""
    if shell.succeeds(["docker", "network", "inspect", NAME]):
        return
    addresses = [f"--subnet={SUBNET}", f"--gateway={GATEWAY}", f"--ip-range={DYNAMIC}"]
    shell.run(step, ["docker", "network", "create", f"--label={shell.LABEL}=network", *addresses, NAME])


def remove(step: str) -> None:
    """Remove the network if it exists."""
    if shell.succeeds(["docker", "network", "inspect", NAME]):
        shell.run(step, ["docker", "network", "rm", NAME])
