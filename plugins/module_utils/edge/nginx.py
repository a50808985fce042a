"""nginx as the edge: the host's part of its configuration, its test, its reload, its port and its workers.

Place in the pipeline: target, used by ``configuration``.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.canary import (
    COOKIE_SECONDS,
    GROUP_SUFFIX,
    Canary,
    group_of,
)
from ansible_collections.slipway.stack.plugins.module_utils.edge.certificate_files import (
    CHAIN,
    FOLDER,
    KEY,
    MISSING,
    Certificate,
)
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import (
    LOOPBACK,
    MOUNT,
    EdgeError,
    edge_of,
    is_inner,
    members,
    tls_of,
)
from ansible_collections.slipway.stack.plugins.module_utils.engine import container_exec, docker, replicas, restart
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import Container, DockerError
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.maintenance import Maintenance
from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import bracketed

#: The time that new workers get to resolve names. Docker's DNS server answers within a millisecond.
NAME_LOOKUP_SECONDS = 0.3
#: nginx listens on the port if this file exists in its container (``start.sh``).
_LISTEN_FILE = "/tmp/listen.conf"
#: A file of the release that this module replaces during a canary.
_CANARY = "canary.conf"
_WORKER = "worker process"
_SHUTTING_DOWN = "worker process is shutting down"
_WORKERS_SECONDS = 10.0
#: How long a host gets no requests that has not answered one, and how long until it is asked again.
_FAILED_SECONDS = 5


def host_files(
    manifest: Mapping[str, Any],
    targets: Mapping[str, Iterable[str]],
    certificate: Certificate | None,
    away: Collection[str] = (),
) -> dict[str, str]:
    """Return the files that the host adds to a release's configuration, by path, except :func:`door`.

    :param away: the other hosts that get no requests.
    """
    result = {"release.conf": f'map "" $slipway_release {{ default "{manifest["release"]}"; }}\n'}
    for upstream in manifest["upstreams"]:
        lines = [f"server {server};\n" for server in _servers(upstream, targets, away)]
        result[f"upstreams/{group_of(upstream)}.conf"] = "".join(lines)
    if tls_of(manifest):
        result["certificate.conf"] = _certificate(certificate)
    return result


def canary_files(manifest: Mapping[str, Any], files: Mapping[str, str], canary: Canary) -> dict[str, str]:
    """Return ``canary.conf``: a second group of servers for each upstream, and the requests that go to it.

    An upstream without new containers has the same servers in both groups, so a request is of one release wherever it
    goes. An inner edge draws as the edge before it did, because the id of the request is the same, and sets no cookie.
    """
    if _CANARY not in files:
        raise EdgeError(
            f"release {manifest['release']} was deployed by a version of this collection before canaries, so its edge "
            "cannot divide requests; deploy once without deploy_canary"
        )
    groups = []
    for upstream in manifest["upstreams"]:
        if not upstream.get("servers"):
            name = group_of(upstream)
            servers = files[f"upstreams/{name}.conf"]
            if new := canary.targets.get(upstream["service"]):
                servers = "".join(f"server {one};\n" for one in _servers(upstream, {upstream["service"]: new}, ()))
            zone = f"zone {name}{GROUP_SUFFIX} 64k;\n"
            groups.append(f"upstream {name}{GROUP_SUFFIX} {{\n{zone}{servers}include upstream.conf;\n}}\n")
    return {_CANARY: "".join([*groups, *_drawn(canary, is_inner(manifest), bool(tls_of(manifest)))])}


def _drawn(canary: Canary, inner: bool, secure: bool) -> Iterator[str]:
    """Yield the variables with which a request finds its group of servers, and a visitor keeps its release."""
    without = 'map "" $slipway_canary_cookie { default ""; }\n'
    if not canary.weight:
        # New workers must know the addresses before a request goes there.
        yield f'map "" $slipway_canary {{ default ""; }}\n{without}'
        return
    yield f'split_clients $slipway_request_id $slipway_drawn {{ {canary.weight:g}% {GROUP_SUFFIX}; * ""; }}\n'
    if not canary.cookie:
        yield f'map "" $slipway_canary {{ default $slipway_drawn; }}\n{without}'
        return
    cookie = f"$cookie_{canary.cookie}"
    kept = f'{canary.release} {GROUP_SUFFIX}; {canary.previous} ""'
    yield f"map {cookie} $slipway_canary {{ default $slipway_drawn; {kept}; }}\n"
    if inner:
        yield without
        return
    drawn = f"default {canary.previous}; {GROUP_SUFFIX} {canary.release}"
    yield f"map $slipway_drawn $slipway_drawn_release {{ {drawn}; }}\n"
    attributes = f"Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
    # Only with an answer of an application: what nginx itself serves may be kept by caches.
    yield (
        f'map "$upstream_addr:{cookie}" $slipway_canary_cookie {{ default "{canary.cookie}=$slipway_drawn_release; '
        f'{attributes}"; "~^:" ""; "~:({canary.release}|{canary.previous})\\z" ""; }}\n'
    )


def _servers(upstream: Mapping[str, Any], targets: Mapping[str, Iterable[str]], away: Collection[str]) -> Iterator[str]:
    """Yield where the requests for an upstream go, as parameters of ``server``."""
    passive = f"max_fails=1 fail_timeout={_FAILED_SECONDS}s"
    if not upstream.get("servers"):
        # A name in a Swarm has the addresses of several tasks, one of which may have gone with its node.
        fails = passive if upstream.get("swarm") else "max_fails=0"
        yield from (f"{name}:{upstream['port']} resolve {fails}" for name in targets[upstream["service"]])
    for host, address, port in upstream.get("servers") or ():
        yield f"{bracketed(address)}:{port} {passive}{' down' if host in away else ''}"


def door(balancers: Sequence[str], maintenance: Maintenance | None, is_drained: bool) -> dict[str, str]:
    """Return the file that says to whom the edge is closed, in how many seconds they may try again, and the health."""
    lines = ["default 1;", *(f'{network} "";' for network in [LOOPBACK, *maintenance.allow])] if maintenance else []
    geo = "".join(f"    {line}\n" for line in lines or ['default "";'])
    opens_after = maintenance.retry_after if maintenance else '""'
    text = f'geo $slipway_closed {{\n{geo}}}\nmap "" $slipway_opens_after {{ default {opens_after}; }}\n'
    drained = "1" if is_drained else '""'
    return {"maintenance.conf": f'{text}map "" $slipway_drained {{ default {drained}; }}\n'}


def _certificate(certificate: Certificate | None) -> str:
    folder = f"{MOUNT}/{FOLDER}/{certificate.name if certificate else MISSING}"
    lines = [f"ssl_certificate {folder}/{CHAIN};", f"ssl_certificate_key {folder}/{KEY};"]
    # A client need not ask the authority whether it was revoked.
    lines += ["ssl_stapling on;"] if certificate and certificate.about.has_ocsp else []
    return "".join(f"{line}\n" for line in lines)


def test(home: Home, manifest: Mapping[str, Any], names: Sequence[str], running: list[Container]) -> None:
    """Let nginx test configurations, in each of its running containers, or else in a temporary container.

    :raises EdgeError: with nginx' own error message.
    """
    service = edge_of(manifest)
    tests = (f"nginx -t -q -c {MOUNT}/versions/{name}/nginx.conf" for name in names)
    command = ["sh", "-c", " && ".join(tests)]
    running = [container for container in running if container.state == "running"]
    try:
        for container in running:
            container_exec.execute(container.id, command)
        if not running:
            folder = str(home.release(manifest["release"]))
            if members(manifest)[0] != service:
                _ensure_pod(manifest, folder)
            run = ["compose", "run", "--rm", "--no-deps", "-T", "--entrypoint", command[0], str(service), *command[1:]]
            restart.run(run, cwd=folder, timeout=60)
    except DockerError as error:
        errors = [line.partition("[emerg] ")[2] for line in error.detail if "[emerg] " in line] or [str(error)]
        raise EdgeError(f"service '{service}': nginx refuses the configuration: {'; '.join(errors)}") from None


def _ensure_pod(manifest: Mapping[str, Any], folder: str) -> None:
    """Make sure that the edge has a pod: a temporary container joins its network, too.

    A pod that is there stays as it is, although the release may describe another one. The live edge is in it.
    """
    pod = members(manifest)[:1]
    found = docker.containers(str(manifest["stack"]), pod)
    if not found:
        restart.run(replicas.up_arguments(pod), cwd=folder)
    replicas.start([one for one in found if one.state != "running"])


def reload(home: Home, manifest: Mapping[str, Any], running: list[Container]) -> None:
    """Reload each nginx, so that it reads the live configuration. Old workers finish their requests.

    :raises EdgeError: if one keeps its previous configuration.
    """
    _reload(manifest, running)


def hold_port(manifest: Mapping[str, Any], running: list[Container], old: list[Container]) -> None:
    """Do nothing: a new nginx does not listen before it can serve."""


def stop_accepting(manifest: Mapping[str, Any], running: list[Container], old: list[Container]) -> None:
    """Make the *old* nginx stop listening, so that the new one gets all connections. Accepted connections continue.

    :func:`resume_accepting` or a start of its container makes it listen again.
    """
    for container in old:
        container_exec.execute(container.id, ["rm", "-f", _LISTEN_FILE])
    _reload(manifest, old)


def resume_accepting(manifest: Mapping[str, Any], running: list[Container], old: list[Container]) -> None:
    """Make the *old* nginx listen on the port again, and wait until it does."""
    for container in old:
        container_exec.execute(
            container.id, ["sh", "-c", f"test -e {_LISTEN_FILE} || echo 'include listen.conf;' > {_LISTEN_FILE}"]
        )
    # nginx opens its ports before it starts new workers.
    _reload(manifest, old)


def has_old_connections(home: Home, manifest: Mapping[str, Any], running: list[Container]) -> bool:
    """Return whether a worker with an earlier configuration still runs."""
    return any(
        _SHUTTING_DOWN in line for container in running for line in container_exec.processes(container.id).values()
    )


def _reload(manifest: Mapping[str, Any], containers: list[Container]) -> None:
    """Reload each nginx, and wait until all of its old workers are shutting down.

    nginx tells the old workers a tenth of a second after it has started the new ones. Until then the old workers accept
    requests, and their command lines do not show that they are old.

    :raises EdgeError: if an old worker is not shutting down after ten seconds.
    """
    old_workers = [(container, pid) for container in containers for pid in _accepting_workers(container)]
    for container in containers:
        container_exec.send_sighup(container.id)
    deadline = time.monotonic() + _WORKERS_SECONDS
    for container, pid in old_workers:
        while _is_accepting_worker(container_exec.command_line(pid)):
            if time.monotonic() > deadline:
                raise EdgeError(
                    f"service '{edge_of(manifest)}': {container.name} still uses its previous configuration; see "
                    f"docker logs {container.name}"
                )
            time.sleep(0.01)


def _accepting_workers(container: Container) -> list[int]:
    return [pid for pid, line in container_exec.processes(container.id).items() if _is_accepting_worker(line)]


def _is_accepting_worker(command_line: str) -> bool:
    return _WORKER in command_line and _SHUTTING_DOWN not in command_line
