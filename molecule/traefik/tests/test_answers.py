"""The answers of Traefik, and its log."""

from __future__ import annotations

import http.client
import json
import urllib.request
from typing import Any

from tests.support.stacks import Stack, address


def _log(host: Any, stack: Stack) -> list[dict[str, Any]]:
    (edge,) = stack.containers("edge")
    lines = [json.loads(line) for line in host.check_output("docker logs %s 2>&1", edge).splitlines()]
    return [line for line in lines if "RequestPath" in line]


def test_every_answer_names_its_release(stack: Stack) -> None:
    live = stack.live()
    for path in ("/", "/api/version", "/api/nothing", "/healthz"):
        assert stack.get(path).headers["x-release"] == live


def test_the_log_has_the_id_and_the_client_of_each_request(host: Any, stack: Stack) -> None:
    headers = {"X-Forwarded-For": "198.51.100.7", "X_Forwarded_For": "192.0.2.1"}
    request = urllib.request.Request(f"http://{address()}:{stack.port}/api/version?logged", headers=headers)
    urllib.request.urlopen(request, timeout=10).close()
    # Nobody else comes from there. Queries are not logged.
    (line,) = [line for line in _log(host, stack) if line["ClientHost"] == "198.51.100.7"]
    assert line["RequestPath"] == "/api/version"
    assert len(line["TraceId"]) == 32
    assert line["downstream_X-Release"] == stack.live()
    assert line["DownstreamStatus"] == 200


def test_traefiks_api_is_reachable_only_inside_the_pod(host: Any, stack: Stack) -> None:
    (app, *_) = stack.containers("backend")
    ask = "import urllib.request as r; r.urlopen('http://edge:18181/api/rawdata', timeout=3)"
    assert "Connection refused" in host.run("docker exec %s python -c %s", app, ask).stderr
    assert stack.get("/api/rawdata").status == 404


def test_only_the_domain_of_the_stack_is_answered(stack: Stack) -> None:
    def status(path: str, name: str) -> int:
        connection = http.client.HTTPConnection(address(), stack.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": name})
            return connection.getresponse().status
        finally:
            connection.close()

    assert [status(path, "other.example.com") for path in ("/", "/api/version", "/healthz")] == [421, 421, 200]
    assert status("/api/version", address()) == 200
