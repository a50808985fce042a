"""The budget of an edge: how many connections fit into its memory, whatever its clients do with them.

Place in the pipeline: model -> compose. Pure. A client of an edge may read slowly, send headers that never end, or hold
thousands of connections. Each connection can make the proxy use at most a known amount of memory, so the number of
connections limits the whole. One generation of a proxy may use half of its memory: a reload runs a second generation
beside it, and the kernel's buffers for connections need room, too.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_size

_KIB, _MIB = 1024, 1024**2
#: The memory of an edge whose limit was removed.
_WITHOUT_LIMIT = 512 * _MIB
#: Fewer connections than this are no use: one browser opens six.
_LEAST = 64
#: Bytes of ``/tmp``, which is in memory: the logs, process ids and switches of a proxy. The kinds have the same size.
TEMPORARY = 16 * _MIB
#: Bytes of each log file, at which it begins again. The engine keeps what was printed (``compose.LOG_OPTIONS``).
LOG = 4 * _MIB


@dataclass(frozen=True)
class Budget:
    """What fits. ``connections``: with a request in flight, of all clients. ``per_address``: of one client address,
    idle ones included. ``workers``: processes of nginx. ``memory``: bytes that the proxy may use."""

    connections: int
    per_address: int
    workers: int
    memory: int


@dataclass(frozen=True)
class _Needs:
    """The bytes that a proxy needs: at rest, for each worker process, at most for each connection, and for the clients
    that it counts for one route."""

    fixed: int
    worker: int
    connection: int
    counted: int


#: Bytes for one header of a request, and for all headers of an answer. 16 kB of them pass, and as much besides.
HEADER_BUFFER = 24 * _KIB
#: Number of such buffers for one request.
HEADER_BUFFERS = 2
#: Bytes of a request's body that nginx holds until it is complete. A larger one goes to the application as it comes.
SMALL_BODY = 30_000
#: Bytes of nginx' compressor: its window and its hash table, in powers of two, and its output.
GZIP_WINDOW, GZIP_HASH, GZIP_OUTPUT = 8 * _KIB, 16 * _KIB, 16 * _KIB
#: Bytes of all headers of a request to Traefik.
TRAEFIK_HEADERS = HEADER_BUFFER * HEADER_BUFFERS
#: Bytes of a body without a length, which Traefik holds until it is complete, if there is a limit for bodies.
UNMEASURED_BODY = 4 * _MIB

#: Bytes in which nginx counts the clients of one route with a rate limit: about 8,000 of them.
RATE_ZONE = _MIB

_GZIP = 8 * _KIB + 4 * GZIP_WINDOW + 2 * GZIP_HASH + GZIP_OUTPUT
_NEEDS = {
    "nginx": _Needs(
        fixed=8 * _MIB,
        worker=4 * _MIB,
        # The structures of both connections, the headers of the request, its body, the answer, and its compression.
        connection=12 * _KIB + HEADER_BUFFERS * HEADER_BUFFER + SMALL_BODY + 2 * HEADER_BUFFER + _GZIP,
        counted=RATE_ZONE,
    ),
    # Measured: 95 kB for a connection that has sent 16 kB of headers, 20 kB for one without a request. A request with
    # all its headers has them twice, and an answer on its way has two buffers of 32 kB.
    "traefik": _Needs(
        fixed=48 * _MIB,
        worker=0,
        connection=96 * _KIB + TRAEFIK_HEADERS + 2 * 32 * _KIB,
        # Measured: 40 MB for 65,536 clients, after which it forgets the oldest.
        counted=48 * _MIB,
    ),
}


#: Bytes more for a connection of HTTP/2, what it reads ahead of a body, and for TLS, OpenSSL's state and its buffers.
_HTTP2, _TLS = 64 * _KIB, 64 * _KIB


def has_grpc(edge: Service) -> bool:
    """Return whether clients of an edge speak HTTP/2 without TLS, as gRPC does."""
    return any(route.protocol == "grpc" for route in edge.routes)


def budget(edge: Service) -> Budget:
    """Return the budget of an edge.

    :raises ValueError: if its memory is too little, or what the description sets does not fit into it.
    """
    proxy = str(edge.kind.edge)
    needs = _NEEDS[proxy]
    has_tls = bool(edge.options.get("tls"))
    more = (_HTTP2 if has_tls or has_grpc(edge) else 0) + (_TLS if has_tls else 0)
    needs = dataclasses.replace(needs, connection=needs.connection + more)
    limit = memory_limit(edge)
    workers = max(2, math.ceil(edge.cpus or 4)) if needs.worker else 1
    fixed = needs.fixed + workers * needs.worker + TEMPORARY + _counting(edge, needs)
    fits = (limit // 2 - fixed) // needs.connection
    where = f"service {edge.name!r}: key"
    if fits < _LEAST:
        least = _memory_for(_LEAST, fixed, needs)
        counting = _counting(edge, needs) // _MIB
        reason = f" ({2 * counting}m of it for the clients that 'rate_limit' counts)" if counting else ""
        raise ValueError(f"{where} 'memory': {proxy} needs at least {least}{reason}, not {limit // _MIB}m")
    connections = edge.options["connections"] or fits
    if connections > fits:
        raise ValueError(
            f"{where} 'connections': {connections} do not fit into the memory of {limit // _MIB}m, {fits} do; write "
            f"at most {fits}, or 'memory: {_memory_for(connections, fixed, needs)}'"
        )
    if connections < _LEAST:
        raise ValueError(f"{where} 'connections': at least {_LEAST}, not {connections}")
    # One address never takes them all. Many people may share one, behind a company's or a mobile network's router.
    per_address = edge.options["connections_per_address"] or connections // 2
    if not 0 < per_address <= connections:
        raise ValueError(
            f"{where} 'connections_per_address': {per_address} is not between 1 and {connections}, the connections "
            "that all clients have together"
        )
    return Budget(connections, per_address, workers, limit // 2)


def _counting(edge: Service, needs: _Needs) -> int:
    """Return the bytes in which a proxy counts the clients of routes with a rate limit."""
    # Traefik counts those that come by a load balancer apart.
    times = 2 if edge.kind.edge == "traefik" and edge.options["real_ip_from"] else 1
    return times * needs.counted * sum(1 for route in edge.routes if route.rate_limit)


def memory_limit(edge: Service) -> int:
    """Return the bytes that the edge's container may use in this environment."""
    for keys in (edge.overlay, edge.compose):
        deploy: Mapping[str, Any] = keys.get("deploy") or {}
        limits = (deploy.get("resources") or {}).get("limits") or {}
        found = limits.get("memory") or keys.get("mem_limit")
        if found:
            return parse_size(found)
    return parse_size(edge.memory) if edge.memory else _WITHOUT_LIMIT


def _memory_for(connections: int, fixed: int, needs: _Needs) -> str:
    """Return the memory that so many connections need, in Compose's notation."""
    return f"{math.ceil(2 * (fixed + connections * needs.connection) / _MIB)}m"


def compose_keys(edge: Service) -> dict[str, Any]:
    """Return the Compose keys of the proxy's container that follow from the budget."""
    given = budget(edge)
    if edge.kind.edge == "traefik":
        return {
            "environment": {
                # A program in Go knows no limit of its container. Near this one it collects its garbage more often.
                "GOMEMLIMIT": f"{given.memory // _MIB}MiB",
                # Without TLS no browser speaks HTTP/2, and one connection of it carries many requests. gRPC does.
                **({} if edge.options.get("tls") or has_grpc(edge) else {"GODEBUG": "http2server=0"}),
            },
            # Each connection has four: from the client, two between the entry points, and to the application.
            "ulimits": {"nofile": 4 * given.connections + 1024},
        }
    return {"ulimits": {"nofile": open_files(edge)}}


def worker_connections(edge: Service) -> int:
    """Return the connections of one worker of nginx: to clients, to applications, and idle ones to applications."""
    given = budget(edge)
    upstreams = len({(route.to, route.port, route.protocol) for route in edge.routes if route.to})
    return math.ceil(2 * given.connections / given.workers) + IDLE_UPSTREAM * upstreams + 64


#: Idle connections to each upstream that a worker of nginx keeps.
IDLE_UPSTREAM = 32
#: Files that a worker of nginx keeps open for the next request. The smallest edge has room for them (`open_files`).
FILES_KEPT_OPEN = 64


def open_files(edge: Service) -> int:
    """Return the files that one worker of nginx may have open: its connections, logs and files that it serves."""
    return 2 * worker_connections(edge)
