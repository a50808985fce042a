"""The files that the host adds to the configuration of Traefik: containers, the certificate, who gets through.

Place in the pipeline: target, under ``traefik``. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.edge.canary import COOKIE_SECONDS, Canary
from ansible_collections.slipway.stack.plugins.module_utils.edge.certificate_files import (
    CHAIN,
    FOLDER,
    KEY,
    MISSING,
    Certificate,
)
from ansible_collections.slipway.stack.plugins.module_utils.edge.endpoint import LOOPBACK, MOUNT, tls_of
from ansible_collections.slipway.stack.plugins.module_utils.edge.probe import RELEASE_HEADER
from ansible_collections.slipway.stack.plugins.module_utils.edge.traefik_loaded import (
    DOOR,
    HEALTH,
    MAINTENANCE,
    OPENS_AFTER,
    UPSTREAMS,
)
from ansible_collections.slipway.stack.plugins.module_utils.state.maintenance import Maintenance
from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import bracketed

_EVERYBODY = ["0.0.0.0/0", "::/0"]
#: Which hosts get requests: those that say that they are healthy, and have not just failed to answer.
_HEALTH_OF_HOSTS = {
    "healthCheck": {"path": "/healthz", "scheme": "http", "interval": "1s", "timeout": "2s"},
    "passiveHealthCheck": {"maxFailedAttempts": 1, "failureWindow": "5s"},
}


def host_files(
    manifest: Mapping[str, Any],
    targets: Mapping[str, Iterable[str]],
    certificate: Certificate | None,
    away: Collection[str] = (),
) -> dict[str, str]:
    """Return the files that the host adds to a release's configuration, by path, except :func:`door`.

    They are JSON, which is valid YAML.

    :param away: the other hosts that get no requests.
    """
    release = {"headers": {"customResponseHeaders": {RELEASE_HEADER: manifest["release"]}}}
    services = {
        upstream["name"]: {
            "loadBalancer": {
                "serversTransport": upstream["transport"],
                "servers": [
                    {"url": f"{upstream.get('scheme', 'http')}://{address}"}
                    for address in _addresses(upstream, targets, away)
                ],
                **(_HEALTH_OF_HOSTS if upstream.get("servers") else {}),
            }
        }
        for upstream in manifest["upstreams"]
    }
    tls = tls_of(manifest)
    if tls:
        answers = {"url": f"http://127.0.0.1:{tls['challenge_port']}"}
        services["challenges"] = {"loadBalancer": {"servers": [answers]}}
    files = {
        "release.yml": _dump({"http": {"middlewares": {"release": release}}}),
        UPSTREAMS: _dump({"http": {"services": services}}),
    }
    if tls:
        folder = f"{MOUNT}/{FOLDER}/{certificate.name if certificate else MISSING}"
        pair = {"certFile": f"{folder}/{CHAIN}", "keyFile": f"{folder}/{KEY}"}
        files["certificate.yml"] = _dump({"tls": {"certificates": [pair]}})
    return files


def canary_files(manifest: Mapping[str, Any], files: Mapping[str, str], canary: Canary) -> dict[str, str]:
    """Return ``upstreams.yml``, in which services with new containers are divided into one of each release.

    Each of these services draws for itself and has a cookie of its own: Traefik knows no draw for all of them.
    """
    services = json.loads(files[UPSTREAMS])["http"]["services"]
    for upstream in manifest["upstreams"]:
        new = canary.targets.get(upstream["service"])
        if upstream.get("servers") or not new or not canary.weight:
            continue
        name = upstream["name"]
        served = services[name]["loadBalancer"]
        servers = [{"url": f"{upstream.get('scheme', 'http')}://{one}:{upstream['port']}"} for one in new]
        parts = {
            f"{name}-{canary.previous}": (served, 100 - canary.weight),
            f"{name}-{canary.release}": ({**served, "servers": servers}, canary.weight),
        }
        # Weights are whole numbers.
        weighted = [{"name": part, "weight": round(weight * 100)} for part, (_served, weight) in parts.items()]
        services[name] = {"weighted": {"services": weighted, **_sticky(canary, upstream["service"], manifest)}}
        services.update({part: {"loadBalancer": balancer} for part, (balancer, _weight) in parts.items()})
    return {UPSTREAMS: _dump({"http": {"services": services}})}


def _sticky(canary: Canary, service: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
    if not canary.cookie:
        return {}
    attributes = {"httpOnly": True, "sameSite": "lax", "secure": bool(tls_of(manifest)), "maxAge": COOKIE_SECONDS}
    return {"sticky": {"cookie": {"name": f"{canary.cookie}_{service}", **attributes}}}


def _addresses(
    upstream: Mapping[str, Any], targets: Mapping[str, Iterable[str]], away: Collection[str]
) -> Iterator[str]:
    """Yield where the requests for an upstream go: ``NAME:PORT``."""
    if not upstream.get("servers"):
        yield from (f"{name}:{upstream['port']}" for name in targets[upstream["service"]])
    for host, address, port in upstream.get("servers") or ():
        if host not in away:
            yield f"{bracketed(address)}:{port}"


def door(balancers: Sequence[str], maintenance: Maintenance | None, is_drained: bool) -> dict[str, str]:
    """Return the file with the middlewares that say who gets through, and in how many seconds others may try again.

    What load balancers send has one of its own: they say whose request it is.
    """
    ways: dict[str, dict[str, Any]] = {"": {}}
    if balancers:
        ways["-by-balancer"] = {"ipStrategy": {"excludedIPs": list(balancers)}}
    networks = [LOOPBACK, *maintenance.allow] if maintenance else _EVERYBODY
    refusal = {"rejectStatusCode": 503} if maintenance else {}
    asked = {"sourceRange": [LOOPBACK], "rejectStatusCode": 503} if is_drained else {"sourceRange": _EVERYBODY}
    middlewares: dict[str, Any] = {HEALTH: {"ipAllowList": asked}}
    for way, strategy in ways.items():
        # Without maintenance nobody's address is looked up.
        found = {"sourceRange": networks, **refusal, **(strategy if maintenance else {})}
        middlewares[f"{DOOR}{way}"] = {"ipAllowList": found}
        before = [OPENS_AFTER] if maintenance else []
        middlewares[f"maintenance{way}"] = {"chain": {"middlewares": [*before, f"{DOOR}{way}"]}}
    if maintenance:
        # Who gets through has it too, in vain.
        seconds = {"Retry-After": str(maintenance.retry_after)}
        middlewares[OPENS_AFTER] = {"headers": {"customResponseHeaders": seconds}}
    return {MAINTENANCE: _dump({"http": {"middlewares": middlewares}})}


def _dump(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1) + "\n"
