"""Routes behind a password, and those for some clients only, as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.descriptions import SECRETS, example, model
from tests.support.errors import error_of

HASH = f"$2y$05${'a' * 53}"
WHERE = "service 'edge': key 'routes': path '/api/': 'basic_auth': secret "
HOW = "write lines as htpasswd -nB NAME prints them"


def _services(**keys: Any) -> dict[str, Any]:
    routes = [{"path": "/api/", "to": "backend", **keys}, {"path": "/", "to": "frontend"}]
    return example(edge={"routes": routes})


@pytest.mark.parametrize("text", [f"ada:{HASH}", f"# us\r\n\r\nada:{HASH}\r\nb c:{HASH}\n"])
def test_the_secret_is_a_file_of_the_edge(text: str) -> None:
    edge = model(_services(basic_auth="admins"), {**SECRETS, "admins": text}).services["edge"]
    (mount,) = edge.secret_mounts
    assert (mount.target, mount.file.uid, mount.file.mode) == ("/run/secrets/admins", 101, 0o400)
    assert [route.basic_auth for route in edge.routes] == ["admins", None]


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ({"generate": 50}, "is generated on the host, so nobody knows the password"),
        ("ada:secret", "has no name and bcrypt hash in line 1"),
        (f"ada:{HASH}\nbob:{{SHA}}x", "has no name and bcrypt hash in line 2"),
        (f":{HASH}", "has no name and bcrypt hash in line 1"),
        (f"ada:{HASH}x", "has no name and bcrypt hash in line 1"),
        (f"ada:{HASH.replace('05', '12')}", "has a hash with a cost of 12 in line 1, and the edge has time for 10"),
        ("# nobody\n", "has no line"),
    ],
)
def test_a_secret_that_is_no_password_file_is_refused_and_not_shown(source: Any, problem: str) -> None:
    message = error_of(model, _services(basic_auth="admins"), {**SECRETS, "admins": source})
    assert message == f"{WHERE}'admins' {problem}; {HOW}"


def test_a_secret_without_a_source_is_refused() -> None:
    message = error_of(model, _services(basic_auth="admin"), {**SECRETS, "admins": f"ada:{HASH}"})
    assert message == f"{WHERE}'admin' has no source; did you mean 'admins'?; set stack_secrets.admin and {HOW}"


def test_a_route_may_be_open_behind_a_closed_edge() -> None:
    services = _services(basic_auth="", allow=[])
    services["edge"] |= {"basic_auth": "admins", "allow": ["10.0.0.0/8"]}
    routes = model(services, {**SECRETS, "admins": f"ada:{HASH}"}).services["edge"].routes
    assert [(route.basic_auth, route.allow) for route in routes] == [(None, ()), ("admins", ("10.0.0.0/8",))]


def test_clients_are_written_as_both_proxies_read_them() -> None:
    given = ["192.0.2.7", "10.0.0.0/8", "2001:DB8::/32", "192.0.2.7/32", "::ffff:192.0.2.8"]
    (route, _) = model(_services(allow=given)).services["edge"].routes
    assert route.allow == ("192.0.2.7/32", "10.0.0.0/8", "2001:db8::/32", "192.0.2.8/32")


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (["office"], "'office' is not an address or a network such as 10.0.0.0/8"),
        (["192.0.2.7/24"], "'192.0.2.7/24' is an address in a network; write 192.0.2.7 or 192.0.2.0/24"),
        (["10.0.0.0/33"], "'10.0.0.0/33' is not an address or a network such as 10.0.0.0/8"),
        ("10.0.0.1", "'10.0.0.1' is not a list"),
    ],
)
def test_clients_that_are_no_network_are_refused(given: Any, problem: str) -> None:
    assert (
        error_of(model, _services(allow=given)) == f"service 'edge', key 'routes', path '/api/': key 'allow': {problem}"
    )
    message = error_of(model, example(edge={"allow": given}))
    assert message == f"service 'edge': key 'allow': {problem}"
