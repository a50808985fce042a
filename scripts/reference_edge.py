"""The part of `docs/services.md` about the edge under load, with the numbers that follow from its budget."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.plugin_utils.description import describe
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Kind
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import budget

_TEXT = """\
Clients may be slow, greedy or hostile. The edge has a budget, so that such a client costs itself and nobody else: what
one connection can need at most, times the number of connections, is less than half of `memory`. `memory` is a limit and
not what the edge uses: a quiet nginx needs about 10 MB, a quiet Traefik 25 MB.

| `memory` | nginx: `connections` | Traefik: `connections` |
|---|---|---|
{connections}

- `connections` are those with a request in flight: downloads, uploads, websockets, event streams. nginx closes idle
  connections if a new one needs the place. For more, give the edge more `memory`. A number that does not fit is
  refused when the stack is described, with the memory that it needs.
- `connections_per_address` is half of `connections` by default, so one client address never takes them all. Idle
  connections count. Further connections of that address are closed at once. People behind one router of a company or
  of a mobile network share an address.
- **Behind a load balancer**, or a proxy of the server itself that ends TLS, name its address in `real_ip_from`.
  Otherwise all visitors are one address. With it the limit counts requests per client, by the address that the load
  balancer says, and the answer to too many is 429.
- The headers of a request may arrive within 15 seconds (nginx) or `request_timeout` (Traefik). All of them fit into
  48 kB, one of them into 24 kB, and so do the headers of an answer.
- An answer goes to the client as fast as it reads, and the application waits meanwhile. The edge stores no answers.
- With nginx, a request with a body below 30 kB reaches the application when it is complete. A larger one, and one
  without `Content-Length`, reaches it as it arrives; so do all bodies with Traefik. A slow upload then keeps one
  connection of the application busy. An asynchronous server such as uvicorn or Node does not mind. If yours has a fixed
  number of processes, a few slow uploads or downloads keep them all busy; use one with threads or an event loop.
- `max_body` is checked while the body arrives. Traefik refuses a larger `Content-Length` at once. It has to hold a body
  without a length until it is complete, at most 4 MB of it.
- Buffers of the kernel for connections are not part of the budget. The other half of the memory is for them, and for
  the second generation of nginx' processes during a reload.

`playbooks/status.yml` and `playbooks/verify.yml` report a container in which a process was killed because its memory
was used up, and one that was restarted since the release went live.
"""


def under_load(loaded: Mapping[str, Kind]) -> str:
    """Return the text about the budget of the edge, with the connections for some sizes of memory."""
    rows = []
    for memory in ("256m", "512m", "1g", "2g"):
        numbers = [_connections(loaded, kind, memory) for kind in ("nginx", "traefik")]
        rows.append(f"| {memory} | {numbers[0]} | {numbers[1]} |")
    return _TEXT.format(connections="\n".join(rows))


def _connections(loaded: Mapping[str, Kind], kind: str, memory: str) -> int:
    services = {
        "app": {"kind": "custom", "image": "app:1", "port": 8000, "health": {"test": ["CMD", "true"]}},
        "edge": {"kind": kind, "memory": memory, "routes": [{"path": "/", "to": "app"}]},
    }
    stack = describe.describe(
        name="shop",
        environment="production",
        domain="",
        root="/opt/stacks",
        services=services,
        secrets={},
        kinds=loaded,
    )
    return budget.budget(stack.services["edge"]).connections
