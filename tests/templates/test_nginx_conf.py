"""The configuration of nginx as text: what clients, containers and the next release rely on."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import parse_duration
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import edge

from tests.support.descriptions import SECRETS, example, model, plain
from tests.support.errors import error_of

#: Of no password.
HASH = f"$2y$05${'a' * 53}"


def _configuration(**values: Any) -> str:
    """Return the example's configuration; *values* are keys of the edge."""
    return edge.files(model(example(edge=values)))["nginx.conf"]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


def _public(text: str) -> str:
    """Return the public server block."""
    return text.split("listen unix:/tmp/edge.sock;")[1]


def _locations(text: str) -> list[str]:
    return re.findall(r"^ +location (.+) \{$", _public(text), re.MULTILINE)


def _inside(text: str, location: str) -> str:
    """Return the text of one location."""
    text = _public(text)
    start = text.index(f"location {location} {{")
    return text[start : text.index("\n        }", start)]


def test_the_longest_routes_come_first() -> None:
    routes = [{"path": path, "to": "backend"} for path in ("/", "/api/", "/api/admin/", "/ws")]
    locations = _locations(_configuration(routes=routes))
    assert [one for one in locations if not one.startswith("@")] == [
        "= /healthz",
        '"/api/admin/"',
        '"/api/"',
        '"/ws"',
        '"/"',
    ]


def test_each_route_has_its_upstream_and_its_timeouts() -> None:
    routes = [
        {"path": "/api/", "to": "backend", "timeout": "2m", "connect_timeout": "1s", "max_body": "1k"},
        {"path": "/", "to": "frontend", "port": 81, "timeout": "500ms"},
    ]
    text = _configuration(routes=routes)
    for location in ('"/api/"', "@upload_1"):
        assert _lines(_inside(text, location))[-5:] == [
            "proxy_pass http://backend_8000$slipway_canary;",
            "client_max_body_size 1024;",
            "proxy_connect_timeout 1s;",
            "proxy_read_timeout 120s;",
            "proxy_send_timeout 120s;",
        ]
    assert "proxy_pass http://frontend_81$slipway_canary;" in _inside(text, '"/"')
    # nginx knows no fractions of a second.
    assert "proxy_read_timeout 500ms;" in _inside(text, '"/"')


def test_a_rate_limit_holds_for_every_location_of_its_route() -> None:
    text = _configuration(
        routes=[{"path": "/api/", "to": "backend", "rate_limit": "1/m"}, {"path": "/", "to": "frontend"}],
        rate_limit={"rate": "10/s", "burst": 5},
    )
    zones = re.findall(r"limit_req_zone (\S+) zone=(\w+):(\d+) rate=(\w+/\w);", text)
    assert zones == [
        ("$slipway_client", "slipway_route_1", "1048576", "1r/m"),
        ("$slipway_client", "slipway_route_2", "1048576", "10r/s"),
    ]
    for location, line in {
        '"/api/"': "limit_req zone=slipway_route_1 burst=1 nodelay;",
        "@upload_1": "limit_req zone=slipway_route_1 burst=1 nodelay;",
        "@stream_1": "limit_req zone=slipway_route_1 burst=1 nodelay;",
        '"/assets/"': "limit_req zone=slipway_route_2 burst=5 nodelay;",
    }.items():
        assert line in _lines(_inside(text, location))
    # It has counted already.
    assert "limit_req" not in _inside(text, "@frontend_2")
    assert "1:429: 60;" in _lines(text)
    assert "limit_req" not in _configuration()


def test_every_location_of_a_route_asks_who_it_is() -> None:
    routes = [
        {"path": "/api/", "to": "backend"},
        {"path": "/files/", "static": "/srv/files", "allow": ["192.0.2.0/24", "2001:db8::1"], "basic_auth": "admins"},
        {"path": "/", "to": "frontend", "allow": ["10.0.0.1"], "basic_auth": "admins"},
    ]
    services = example(edge={"image": "shop/edge:1", "routes": routes})
    text = edge.files(model(services, {**SECRETS, "admins": f"ada:{HASH}"}))["nginx.conf"]
    guards = {
        2: ["allow 192.0.2.0/24;", "allow 2001:db8::1/128;", "deny all;"],
        3: ["allow 10.0.0.1/32;", "deny all;"],
    }
    password = ['auth_basic "shop";', 'auth_basic_user_file "/run/secrets/admins";']
    for location, route in (
        *(('"/files/assets/"', 2), ('"/files/"', 2), ('"/assets/"', 3), ('"/"', 3)),
        *(("@upload_3", 3), ("@stream_3", 3)),
    ):
        lines = _lines(_inside(text, location))
        assert [line for line in lines if line.startswith(("allow", "deny", "auth"))] == [*guards[route], *password]
    assert "proxy_set_header Authorization $slipway_authorization;" in _lines(_public(text))
    assert "Authorization" not in _configuration()


def test_a_stream_and_a_websocket_may_be_silent_for_an_hour() -> None:
    text = _configuration(routes=[{"path": "/api/", "to": "backend"}, {"path": "/", "to": "frontend", "timeout": "2h"}])
    assert "proxy_read_timeout 3600s;" in _inside(text, "@stream_1")
    # Unless the route allows more.
    assert "proxy_read_timeout 7200s;" in _inside(text, "@stream_2")


def test_the_path_is_passed_on_unchanged() -> None:
    """A path after the name of an upstream would replace the path of the route."""
    public = _public(_configuration())
    assert set(re.findall(r"proxy_pass (\S+);", public)) == {
        "http://backend_8000$slipway_canary",
        "http://frontend_8080$slipway_canary",
    }


def test_the_host_writes_the_containers_of_an_upstream() -> None:
    text = _configuration(routes=[{"path": path, "to": "backend"} for path in ("/a", "/b")])
    assert text.count("upstream backend_8000 {") == 1
    assert "zone backend_8000 64k;" in text
    assert "include upstreams/backend_8000.conf;" in text
    assert re.search(r"^ +server backend", text, re.MULTILINE) is None
    assert "resolver 127.0.0.11 valid=2s ipv6=off;" in text


def test_idle_connections_close_before_the_application_closes_them() -> None:
    """uvicorn closes a connection after five idle seconds; a request on a closing connection is lost."""
    files = edge.files(model(example()))
    upstreams = re.findall(r"upstream \w+ \{.*?\n    \}", files["nginx.conf"], re.DOTALL)
    assert [("include upstream.conf;" in upstream) for upstream in upstreams] == [True, True]
    timeout = re.search(r"^keepalive_timeout (\w+);", files["upstream.conf"], re.MULTILINE)
    assert timeout is not None
    assert parse_duration(timeout[1]) < 5
    assert "keepalive 32;" in files["upstream.conf"]


def test_every_response_has_the_release_header() -> None:
    lines = _lines(_configuration())
    assert "include release.conf;" in lines
    assert "add_header X-Release $slipway_release always;" in lines
    assert "proxy_hide_header X-Release;" in lines
    assert 'return 200 "$slipway_release\\n";' in lines


def test_no_location_overrides_the_common_headers() -> None:
    """A single `add_header` or `proxy_set_header` in a location disables all those of the levels above."""
    text = _configuration()
    for location in _locations(text):
        assert "add_header" not in _inside(text, location)
        assert "proxy_set_header" not in _inside(text, location)


def test_websockets_and_ordinary_connections_are_both_passed_on() -> None:
    text = _configuration()
    lines = _lines(text)
    assert "proxy_http_version 1.1;" in lines
    assert "proxy_set_header Upgrade $slipway_upgrade;" in lines
    assert "proxy_set_header Connection $slipway_connection;" in lines
    # Empty, not "close": without an upgrade the connection to the application is kept.
    assert re.search(r'map \$slipway_upgrade \$slipway_connection \{\s+default upgrade;\s+"" "";\s+\}', text)


def test_the_application_gets_the_headers_of_the_client() -> None:
    lines = _lines(_configuration())
    assert {
        "proxy_set_header Host $slipway_host;",
        "proxy_set_header X-Real-IP $remote_addr;",
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
        "proxy_set_header X-Request-Id $slipway_request_id;",
    } <= set(lines)


def test_only_named_load_balancers_are_trusted() -> None:
    assert "real_ip" not in _configuration()
    lines = _lines(_configuration(real_ip_from=["10.0.0.0/8", "192.168.0.0/16"]))
    assert lines.count('set_real_ip_from "10.0.0.0/8";') == 1
    assert lines.count('set_real_ip_from "192.168.0.0/16";') == 1
    assert "real_ip_header X-Forwarded-For;" in lines
    assert "real_ip_recursive on;" in lines


def test_the_forwarded_scheme_is_trusted_from_load_balancers_only() -> None:
    """Without it an application behind a load balancer with TLS would redirect everybody from https to http."""
    assert "slipway_scheme" not in _configuration()
    text = _configuration(real_ip_from=["10.0.0.0/8", "192.168.0.1", "10.0.0.0/8"])
    known = re.search(r"geo \$realip_remote_addr \$slipway_balancer \{\s+([^}]*)\}", text)
    assert known is not None
    assert _lines(known[1]) == ["default 0;", '"10.0.0.0/8" 1;', '"192.168.0.1/32" 1;', ""]
    # Thanks to the colon, what a client sends cannot begin with the part that depends on the address only.
    assert "map $slipway_balancer:$http_x_forwarded_proto $slipway_scheme {" in text
    assert "default $scheme;" in _lines(text)
    assert "proxy_set_header X-Forwarded-Proto $slipway_scheme;" in _lines(_public(text))
    assert "X-Forwarded-Proto $scheme" not in text


def test_a_load_balancer_without_an_address_is_refused() -> None:
    assert error_of(_configuration, real_ip_from=["lb.example.com"]) == (
        "service 'edge': key 'real_ip_from': 'lb.example.com' is not an address or a network such as 10.0.0.0/8"
    )


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({}, "client_max_body_size 16777216;"),
        ({"max_body": "1g"}, "client_max_body_size 1073741824;"),
        ({}, "worker_shutdown_timeout 30s;"),
        ({"drain": "5m"}, "worker_shutdown_timeout 300s;"),
        ({"drain": "1.5s"}, "worker_shutdown_timeout 1500ms;"),
        ({}, "listen unix:/tmp/nginx.sock;"),
        ({}, "server_tokens off;"),
        ({}, "absolute_redirect off;"),
        ({}, "proxy_buffering off;"),
        ({}, "add_header X-Content-Type-Options $slipway_x_content_type_options always;"),
    ],
)
def test_a_setting_is_a_line_of_the_configuration(keys: dict[str, Any], line: str) -> None:
    assert line in _lines(_configuration(**keys))


@pytest.mark.parametrize(("keys", "port"), [({}, 8080), ({"port": 8888}, 8888)])
def test_the_port_is_opened_by_a_separate_file(keys: dict[str, Any], port: int) -> None:
    """A new nginx shares the port with the old one. It must not accept requests before it has resolved all names."""
    files = edge.files(model(example(edge=keys)))
    assert f"listen {port} reuseport;" in _lines(files["listen.conf"])
    assert f"listen {port}" not in files["nginx.conf"]
    assert "include /tmp/listen[.]conf;" in _lines(files["nginx.conf"])
    assert "echo 'include listen.conf;' > /tmp/listen.conf" in files["start.sh"]


def test_only_the_domains_of_the_stack_are_answered() -> None:
    known = re.search(r"map \$host \$slipway_known_host \{([^}]*)\}", _configuration(domains=["*.Example.org", "a.b"]))
    assert known is not None
    assert _lines(known[1])[1:-1] == [
        "hostnames;",
        "default 0;",
        '"shop.example.com" 1;',
        '"*.example.org" 1;',
        '"a.b" 1;',
    ]
    assert "return 421;" in _configuration()


def test_a_domain_counts_without_its_port() -> None:
    text = edge.files(model(example(), domain="Localhost:8443"))["nginx.conf"]
    assert '"localhost" 1;' in _lines(text)


def test_without_a_domain_every_name_is_answered() -> None:
    assert "return 421;" not in edge.files(model(example(), domain=""))["nginx.conf"]


def test_further_domains_without_a_domain_are_refused() -> None:
    services = example(edge={"domains": ["www.example.com"]})
    assert error_of(edge.files, model(services, domain="")) == (
        "service 'edge': key 'domains': stack_domain is empty, so the edge answers to any name, not only to "
        "www.example.com; set stack_domain"
    )


def test_nginx_writes_only_below_tmp() -> None:
    """The container's own file system is read-only."""
    text = _configuration()
    assert set(re.findall(r"(?:pid|_temp_path) (/\w+)/", text)) == {"/tmp"}
    assert "error_log /tmp/error.log warn;" in text
    assert "access_log /tmp/access.log slipway;" in text


def test_no_template_syntax_is_left() -> None:
    assert re.search(r"\{\{|\{%|\n\n\n|\{\n\n", _configuration(real_ip_from=["10.0.0.0/8"])) is None


def test_a_stack_without_an_edge_has_no_edge_files() -> None:
    assert edge.files(model({"web": plain()})) == {}
    assert edge.upstreams(model({"web": plain()})) == []
