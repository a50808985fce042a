"""An edge, and an inner edge behind it in front of the application, as on two hosts: real ones, of one kind."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.descriptions import plain
from tests.support.placed import release_of
from tests.support.real_edge import (
    ECHO,
    Edge,
    arguments_of,
    container,
    have_images,
    network_of_its_own,
    wait_for,
)

#: For addresses that are known before there are containers. One that nothing else here uses.
_SUBNET = ipaddress.ip_network("172.31.254.0/24")
EDGE, INNER = str(_SUBNET[11]), str(_SUBNET[12])


@dataclass(frozen=True)
class Chain:
    """``edge``: what clients ask. ``inner``: what is behind it."""

    edge: Edge
    inner: Edge


@contextlib.contextmanager
def running(kind: str, folder: Path, secrets: Mapping[str, str], **keys: Any) -> Iterator[Chain]:
    """Run both, *keys* being the keys of the edge's description, in front of the service `app` on another host."""
    have_images(kind, "python")
    services = {
        "app": {**plain(port=8000), "hosts": "app1"},
        # An inner edge listens at 8480 of its host, and at 8080 in its container, which has the address here.
        "edge": {"kind": kind, "hosts": "edge1", "private_port": 8080, **keys},
    }
    addresses = {"edge1": EDGE, "app1": INNER}
    with (
        network_of_its_own(f"--subnet={_SUBNET}", f"--gateway={_SUBNET[1]}") as (network, gateway),
        contextlib.ExitStack() as stack,
    ):
        app = f"{network}-app"
        echo = [f"--volume={ECHO}:/app.py:ro", "python:3.13-slim", "python", "/app.py", "8000"]
        stack.enter_context(container(app, network, echo))

        def start(host: str) -> Edge:
            release = release_of(host, services, secrets, addresses)
            arguments = [f"--ip={addresses[host]}", *arguments_of(folder / host, release, {"app": [app]}, secrets)]
            found = stack.enter_context(container(f"{network}-{host}", network, arguments))
            result = Edge(kind, found, network, addresses[host], gateway)
            wait_for(result)
            return result

        inner = start("app1")
        yield Chain(start("edge1"), inner)
