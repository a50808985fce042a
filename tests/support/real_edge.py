"""A real nginx or Traefik as the edge, with the privileges, the limits and the start that it has on a server."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.slipway.stack.plugins.module_utils.certificates import installing
from ansible_collections.slipway.stack.plugins.module_utils.certificates.pair import Pair
from ansible_collections.slipway.stack.plugins.module_utils.edge import certificate_files, configuration
from ansible_collections.slipway.stack.plugins.module_utils.engine import incidents
from ansible_collections.slipway.stack.plugins.module_utils.state import drain, maintenance
from ansible_collections.slipway.stack.plugins.module_utils.state.drain import Drain
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.maintenance import Maintenance
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from testbed import engine, images, shell
from tests.support.descriptions import parcel, plain

IMAGES = {"nginx": "nginx:1.30", "traefik": "traefik:3"}
RELEASE = "20261121T101500Z-1a2b3c4d"
HOST = "shop.example.com"
ROUTES = [{"path": "/api/", "to": "app"}, {"path": "/", "to": "app"}]
DEAD = "9"
ECHO = Path(__file__).with_name("echo_application.py")


@dataclass(frozen=True)
class Reply:
    """An answer of the edge. ``headers``: in order, with names in lower case. ``body``: as it was sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Return the values of a header."""
        return [value for key, value in self.headers if key == name]


def arrived(reply: Reply) -> dict[str, list[str]]:
    """Return the headers that the application got, by name."""
    assert reply.status == 200, reply
    result: dict[str, list[str]] = {}
    for name, value in json.loads(reply.body)["headers"]:
        result.setdefault(name, []).append(value)
    return result


@dataclass(frozen=True)
class Edge:
    """A running edge.

    ``network`` and ``address``: of its container. ``gateway``: the address of this machine, as the edge sees it.
    """

    kind: str
    container: str
    network: str
    address: str
    gateway: str

    def ask(self, path: str = "/", method: str = "GET", host: str | None = HOST, **headers: str) -> Reply:
        """Send a request. Underscores of *headers* stand for hyphens. Without a *host*: that header is not sent."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(method, path, [*([("Host", host)] if host is not None else []), *named.items()])

    def ask_securely(self, path: str = "/", host: str = HOST, name: str = HOST, **headers: str) -> Reply:
        """Send a GET request over HTTPS. :param name: the host name that TLS is asked for."""
        named = {header.replace("_", "-"): value for header, value in headers.items()}
        with self.secured(name) as connection:
            return self._exchange(connection, "GET", path, [("Host", host), *named.items()], "HTTP/1.1")

    @contextlib.contextmanager
    def secured(self, name: str = HOST, protocols: Sequence[str] = (), **options: Any) -> Iterator[ssl.SSLSocket]:
        """Return a connection with TLS. :param options: attributes of its context."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(list(protocols))
        for option, value in options.items():
            setattr(context, option, value)
        with (
            socket.create_connection((self.address, 8443), timeout=20) as plain_connection,
            context.wrap_socket(plain_connection, server_hostname=name) as connection,
        ):
            yield connection

    def send(self, method: str, path: str, headers: list[tuple[str, str]], version: str = "HTTP/1.1") -> Reply:
        """Send a request with exactly these headers, and read the answer until its end."""
        with self.connected() as connection:
            return self._exchange(connection, method, path, headers, version)

    @staticmethod
    def _exchange(
        connection: socket.socket, method: str, path: str, headers: list[tuple[str, str]], version: str
    ) -> Reply:
        lines = [f"{method} {path} {version}", *(f"{name}: {value}" for name, value in headers)]
        if not any(name.lower() == "connection" for name, _ in headers):
            lines.append("Connection: close")
        connection.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1"))
        response = http.client.HTTPResponse(connection, method=method)
        response.begin()
        found = tuple((name.lower(), value) for name, value in response.getheaders())
        return Reply(response.status, found, response.read() if response.status != 101 else b"")

    @contextlib.contextmanager
    def connected(self) -> Iterator[socket.socket]:
        """Return a connection to the public port."""
        with socket.create_connection((self.address, 8080), timeout=20) as connection:
            yield connection

    @property
    def pid(self) -> int:
        """The process id of its main process; 0 if it does not run."""
        return int(_run("inspect", "--format={{.State.Pid}}", self.container))

    def harm(self) -> tuple[int, int]:
        """Return how many of its processes were killed for want of memory, and how often it was restarted."""
        restarts = int(_run("inspect", "--format={{.RestartCount}}", self.container))
        return incidents.oom_kills(self.pid), restarts

    def memory(self) -> tuple[int, int]:
        """Return the largest memory that it has used, and its limit, in bytes."""
        most = "cd /sys/fs/cgroup; cat memory.peak 2>/dev/null || cat memory/memory.max_usage_in_bytes"
        limit = _run("inspect", "--format={{.HostConfig.Memory}}", self.container)
        return int(_run("exec", self.container, "sh", "-c", most)), int(limit)

    def log(self) -> str:
        """Return what the edge has logged."""
        done = subprocess.run(["docker", "logs", self.container], capture_output=True, text=True, check=True)
        return done.stdout + done.stderr


def user(name: str, password: str) -> str:
    """Return a name and the hash of a password as `htpasswd -nB` prints them."""
    have_images("nginx")
    program = "print crypt($ARGV[0], q($2y$04$) . substr($ARGV[1], 0, 22))"
    hashed = _run("run", "--rm", "--entrypoint=perl", IMAGES["nginx"], "-e", program, "--", password, uuid.uuid4().hex)
    return f"{name}:{hashed}"


def have_images(*names: str) -> None:
    """Start the engine and build images of the testbed, as far as they are missing."""
    with shell.locked("images"):
        engine.require()
        images.ensure(names)


@contextlib.contextmanager
def running(
    kind: str,
    folder: Path,
    domain: str = HOST,
    application: Path = ECHO,
    secrets: Mapping[str, str] | None = None,
    with_secrets: bool = True,
    closed: Maintenance | None = None,
    is_drained: bool = False,
    certificate: Pair | None = None,
    **keys: Any,
) -> Iterator[Edge]:
    """Run an edge of a kind, *keys* being the keys of its description, in front of the service `app`.

    :param application: a program that listens on the ports that are its arguments.
    :param closed: the maintenance that the edge is closed for. :param is_drained: whether its host is drained.
    :param certificate: the one in use. Without it, and with TLS, there is one for the moment, as before a first deploy.
    :param secrets: values by name; the edge finds those that it uses, unless *with_secrets* is false.

    ``"GATEWAY"`` in `real_ip_from` stands for the address of this machine as the edge sees it.
    """
    have_images(kind, "python")
    with network_of_its_own() as (network, gateway), contextlib.ExitStack() as stack:
        if "real_ip_from" in keys:
            keys["real_ip_from"] = [gateway if one == "GATEWAY" else one for one in keys["real_ip_from"]]
        app = f"{network}-app"
        mounted = f"--volume={application}:/app.py:ro"
        keys = {"routes": ROUTES, **keys}
        ports = [str(port) for port in dict.fromkeys([8000, *(route.get("port", 8000) for route in keys["routes"])])]
        # Nobody listens on this one.
        ports = [port for port in ports if port != DEAD]
        stack.enter_context(container(app, network, [mounted, "python:3.13-slim", "python", "/app.py", *ports]))
        if certificate:
            _use(Home(str(folder / "home")), certificate)
        arguments = _arguments(kind, folder, app, domain, keys, secrets or {}, with_secrets, closed, is_drained)
        edge = stack.enter_context(container(f"{network}-edge", network, arguments))
        form = f"{{{{(index .NetworkSettings.Networks {network!r}).IPAddress}}}}".replace("'", '"')
        address = _run("inspect", f"--format={form}", edge)
        result = Edge(kind, edge, network, address, gateway)
        wait_for(result)
        yield result


def _use(home: Home, pair: Pair) -> None:
    certificate_files.use(home, certificate_files.write(home, pair.chain, pair.key, pair.about, 0).name)


def _arguments(
    kind: str,
    folder: Path,
    app: str,
    domain: str,
    keys: Mapping[str, Any],
    secrets: Mapping[str, str],
    found: bool,
    closed: Maintenance | None,
    is_drained: bool,
) -> list[str]:
    home = Home(str(folder / "home"))
    maintenance.write(home, closed)
    drain.write(home, Drain("ada") if is_drained else None)
    release = parcel({"app": plain(port=8000), "edge": {"kind": kind, **keys}}, secrets, domain=domain)
    return arguments_of(folder, release, {"app": [app]}, secrets if found else {})


def arguments_of(
    folder: Path, release: Bundle, targets: Mapping[str, list[str]], secrets: Mapping[str, str]
) -> list[str]:
    """Return the arguments of `docker run` for the edge of a release, whose files are written below *folder*.

    :param targets: the containers by service. :param secrets: values by name; those that are not there are not mounted.
    """
    folder.chmod(0o755)
    home = Home(str(folder / "home"))
    for path, text in release.files.items():
        if path.startswith("edge/"):
            write_text(home.release(RELEASE) / path, text)
    manifest = {"release": RELEASE, "services": release.services, "upstreams": list(release.upstreams)}
    manifest["tls"] = release.tls
    installing.ensure(home, manifest)
    version = configuration.write_version(home, configuration.render(home, manifest, targets))
    configuration.set_live(home, version)
    service = yaml.safe_load(release.files["compose.yaml"])["services"]["edge"]
    limits = service["deploy"]["resources"]["limits"]
    rights = [f"--user={service['user']}", "--read-only", "--cap-drop=ALL", "--restart=unless-stopped"]
    rights += [f"--memory={limits['memory']}", f"--memory-swap={limits['memory']}", f"--cpus={limits['cpus']}"]
    rights += [f"--tmpfs={mount}" for mount in service["tmpfs"]]
    rights += [f"--env={name}={value}" for name, value in service.get("environment", {}).items()]
    rights += [f"--ulimit={name}={value}" for name, value in service["ulimits"].items()]
    rights += [f"--log-opt={name}={value}" for name, value in service["logging"]["options"].items()]
    for used in service.get("secrets", []):
        # Its name without the uid.
        name = str(used["source"]).rpartition("_")[0]
        if name in secrets:
            write_text(folder / "secrets" / name, secrets[name])
            rights.append(f"--volume={folder / 'secrets' / name}:{used['target']}:ro")
    rights += [f"--volume={home.edge}:/etc/slipway/edge:ro", "--entrypoint=sh"]
    image = IMAGES[release.services["edge"]["proxy"]]
    return [*rights, image, "/etc/slipway/edge/current/start.sh", *service.get("command", [])]


@contextlib.contextmanager
def network_of_its_own(*options: str) -> Iterator[tuple[str, str]]:
    """Return the name of a new network, and the address of this machine in it."""
    name = f"edge-test-{uuid.uuid4().hex[:8]}"
    _run("network", "create", *options, name)
    try:
        yield name, _run("network", "inspect", "--format={{(index .IPAM.Config 0).Gateway}}", name)
    finally:
        _run("network", "rm", name)


@contextlib.contextmanager
def container(name: str, network: str, arguments: list[str]) -> Iterator[str]:
    """Run a container, and yield its id."""
    found = _run("run", "--detach", f"--name={name}", f"--network={network}", *arguments)
    try:
        yield found
    finally:
        _run("rm", "--force", found)


def _run(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def wait_for(edge: Edge) -> None:
    """Wait until an edge answers."""
    deadline = time.monotonic() + 20
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            # Traefik answers 404 before it has read its routes.
            if edge.ask("/healthz").status in (200, 503):
                return
        assert time.monotonic() < deadline, edge.log()
        time.sleep(0.1)
