"""gRPC through the edge: a real server and real clients, over HTTP/2 without TLS."""

from __future__ import annotations

import contextlib
import json
import queue
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.support.real_edge import DEAD, HOST, Edge, running

FORWARDING = Path(__file__).parents[1] / "support/forwarding.py"


class _Service(grpc.GenericRpcHandler):
    """Answers ``Headers`` with what arrived, ``Echo`` with the request, and ``Chat`` with each message of a stream."""

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """Return the handler of a call by its last word."""
        path = str(details.method)
        method = path.rsplit("/", 1)[-1]
        if method == "Headers":
            found = {"path": path, "headers": [list(pair) for pair in details.invocation_metadata]}
            return grpc.unary_unary_rpc_method_handler(lambda _request, _context: json.dumps(found).encode())
        if method == "Echo":
            return grpc.unary_unary_rpc_method_handler(lambda request, _context: request)
        if method == "Chat":
            return grpc.stream_stream_rpc_method_handler(lambda requests, _context: (b"re: " + one for one in requests))
        if method == "Fail":
            return grpc.unary_unary_rpc_method_handler(
                lambda _request, context: context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not today")
            )
        return None


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server of gRPC on this machine."""
    server = grpc.server(futures.ThreadPoolExecutor(20), options=[("grpc.max_receive_message_length", -1)])
    server.add_generic_rpc_handlers((_Service(),))
    found = server.add_insecure_port("0.0.0.0:0")
    server.start()
    yield found
    server.stop(0)


@pytest.fixture(scope="module", params=["nginx", "traefik"])
def edge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Edge]:
    """An edge in front of it."""
    routes = [
        {"path": "/shop.Echo/", "to": "app", "port": port, "protocol": "grpc", "timeout": "2s"},
        {"path": "/cut/", "to": "app", "port": port, "protocol": "grpc", "strip_prefix": True},
        {"path": "/few/", "to": "app", "port": port, "protocol": "grpc", "rate_limit": {"rate": "1/m", "burst": 1}},
        {"path": "/dead/", "to": "app", "port": int(DEAD), "protocol": "grpc"},
        {"path": "/", "to": "app", "port": port},
    ]
    folder = tmp_path_factory.mktemp("edge")
    keys: dict[str, Any] = {"routes": routes, "max_body": "1000b"}
    with running(request.param, folder, application=FORWARDING, **keys) as started:
        yield started


@contextlib.contextmanager
def _channel(edge: Edge, host: str = HOST) -> Iterator[grpc.Channel]:
    options = [("grpc.default_authority", host), ("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(f"{edge.address}:8080", options=options) as channel:
        yield channel


def _call(edge: Edge, path: str, request: bytes = b"", host: str = HOST, **metadata: str) -> bytes:
    with _channel(edge, host) as channel:
        call: Callable[..., bytes] = channel.unary_unary(path)
        return call(request, timeout=20, metadata=[(name.replace("_", "-"), text) for name, text in metadata.items()])


def _status(edge: Edge, path: str, **keys: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as refused:
        _call(edge, path, **keys)
    code: grpc.StatusCode = refused.value.code()  # type: ignore[attr-defined]
    return code


def test_a_call_is_answered(edge: Edge) -> None:
    assert _call(edge, "/shop.Echo/Echo", b"hello") == b"hello"


def test_what_a_client_claims_does_not_arrive(edge: Edge) -> None:
    said = {"x_forwarded_for": "198.51.100.7", "x_real_ip": "198.51.100.7", "remote_user": "root", "x_own": "kept"}
    found = json.loads(_call(edge, "/shop.Echo/Headers", **said))
    headers = {name: text for name, text in found["headers"] if name != "user-agent"}
    assert (headers["x-forwarded-for"], headers["x-real-ip"]) == (edge.gateway, edge.gateway)
    assert (headers["x-forwarded-proto"], headers["x-forwarded-host"], headers["x-own"]) == ("http", HOST, "kept")
    assert "remote-user" not in headers


def test_the_service_may_get_the_path_without_the_prefix(edge: Edge) -> None:
    found = json.loads(_call(edge, "/cut/shop.Echo/Headers"))
    assert found["path"] == "/shop.Echo/Headers"
    assert ["x-forwarded-prefix", "/cut"] in found["headers"]


def test_a_stream_flows_in_both_directions_for_longer_than_the_timeout(edge: Edge) -> None:
    """Each message is answered before the next one is sent, and there are pauses."""
    outgoing: queue.Queue[bytes | None] = queue.Queue()
    with _channel(edge) as channel:
        answers = channel.stream_stream("/shop.Echo/Chat")(iter(outgoing.get, None), timeout=30)
        for number, pause in enumerate((0, 3, 0, 3)):
            time.sleep(pause)
            outgoing.put(b"%d" % number)
            assert next(answers) == b"re: %d" % number
        outgoing.put(None)
        assert list(answers) == []
        assert answers.code() == grpc.StatusCode.OK


def test_messages_may_be_large(edge: Edge) -> None:
    """`max_body` of the edge is for bodies of other routes."""
    message = b"x" * 3_000_000
    assert _call(edge, "/shop.Echo/Echo", message) == message


def test_many_calls_share_a_connection(edge: Edge) -> None:
    with _channel(edge) as channel:
        calls = [channel.unary_unary("/shop.Echo/Echo").future(b"%d" % number, timeout=20) for number in range(200)]
        assert [call.result() for call in calls] == [b"%d" % number for number in range(200)]


def test_the_status_of_the_service_arrives(edge: Edge) -> None:
    assert _status(edge, "/shop.Echo/Fail") == grpc.StatusCode.FAILED_PRECONDITION
    assert _status(edge, "/shop.Echo/Unknown") == grpc.StatusCode.UNIMPLEMENTED


def test_errors_of_the_edge_are_errors_of_the_call(edge: Edge) -> None:
    assert _status(edge, "/dead/x") == grpc.StatusCode.UNAVAILABLE
    # 421 has no meaning in gRPC.
    assert _status(edge, "/shop.Echo/Echo", host="evil.example") == grpc.StatusCode.UNKNOWN
    found = [_status(edge, "/few/x") for _ in range(3)]
    assert found == [grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.UNAVAILABLE]
