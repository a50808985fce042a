"""What hosts report, for tests of the page: two servers with an edge and an application, and one with the data."""

from __future__ import annotations

from typing import Any

BEGIN = 1_795_852_800.0
RELEASE = "20261128T080000Z-0a1b2c3d"


def service(name: str, **keys: Any) -> dict[str, Any]:
    """Return a service as ``module_utils/report/topology.py`` does."""
    empty = {"kind": "custom", "class": "rolling", "image": f"registry.example.com/shop/{name}:1.4.0", "replicas": 1}
    lists: dict[str, Any] = {key: [] for key in ("ports", "networks", "volumes", "secrets", "needs", "elsewhere")}
    return {"name": name, **empty, "edge": False, "inner": False, **lists, **keys}


def bar(name: str, part: str, start: float, end: float) -> dict[str, Any]:
    """Return a bar that begins and ends so many seconds after :data:`BEGIN`."""
    return {"service": name, "part": part, "start": BEGIN + start, "end": BEGIN + end}


def timeline(**keys: Any) -> dict[str, Any]:
    """Return a rollout as ``module_utils/report/timeline.py`` does."""
    bars = [
        bar("", "pull", 0, 4),
        bar("backend", "start", 4, 9),
        bar("edge", "switch", 9, 10),
        bar("backend", "stop", 10, 12),
    ]
    up = [{"service": "backend", "at": BEGIN + 9}]
    found = {"release": RELEASE, "start": BEGIN, "end": BEGIN + 12, "state": "done", "bars": bars, "up": up, "said": []}
    return {**found, **keys}


def requests(start: float = BEGIN) -> dict[str, Any]:
    """Return requests around a rollout, of which three failed."""
    failed = [0] * 43
    failed[25] = 3
    return {"start": int(start) - 15, "answered": [40 + number % 7 for number in range(43)], "failed": failed}


def host(services: list[dict[str, Any]], /, **status: Any) -> dict[str, Any]:
    """Return the result of ``slipway.stack.report`` on one host."""
    states = [
        {
            "service": one["name"],
            "state": "up",
            "reason": "1 of 1 healthy",
            "image": one["image"],
            "since": "2026-11-28T08:00:09Z",
        }
        for one in services
    ]
    audit = {
        "at": "2026-11-28T08:00:12Z",
        "release": RELEASE,
        "outcome": "ok",
        "version": "1.4.0",
        "owner": "ada@laptop",
    }
    return {
        "status": {
            "release": RELEASE,
            "services": states,
            "damage": [],
            "drift": [],
            "incidents": [],
            "rollouts": [{**audit, "seconds": 12.0, "reason": ""}],
            "under_way": None,
            "drained": "",
            "stopped": "",
            "away": [],
            "receivers": [],
            "maintenance": None,
            "certificate": None,
            "backups": {"services": [], "last": {}, "continuous": [], "damage": [], "unsaved": []},
            **status,
        },
        "facts": {
            "environment": "production",
            "version": "1.4.0",
            "commit": "0123456789ab",
            "services": services,
            "findings": [],
            "timelines": [timeline()],
        },
    }


def three_hosts() -> dict[str, dict[str, Any]]:
    """Return the reports of three hosts, with something of everything that a page may show."""
    edge = service("edge", kind="nginx", edge=True, ports=["80:8080", "443:8443"], needs=["backend"])
    backend = service(
        "backend",
        secrets=["db_password", "secret_key"],
        elsewhere=[{"service": "db", "address": "10.0.0.2", "port": 5432}],
    )
    db = service(
        "db",
        kind="postgres",
        image="postgres:17",
        volumes=["db-data"],
        secrets=["db_password"],
        ports=["10.0.0.2:5432:5432"],
    )
    finding = {
        "rule": "SLP080",
        "severity": "warning",
        "service": "db",
        "message": "publishes port 5432",
        "excepted": "private",
    }
    certificate = {
        "source": "acme",
        "not_after": BEGIN + 60 * 86400,
        "days": 60,
        "names": ["shop.example.com"],
        "issuer": "Example CA",
        "missing": [],
        "problem": "",
    }
    backups = {
        "services": ["db"],
        "newest": "20261128T030000Z",
        "age": 18000.0,
        "size": 7 * 1024**2,
        "last": {},
        "continuous": [],
        "damage": [],
        "unsaved": [],
    }
    result = {
        "app1": host([backend, edge], certificate=certificate),
        "app2": host([backend, edge], drift=[{"service": "backend", "reason": "somebody has stopped a container"}]),
        "data1": host([db], backups=backups, incidents=[{"service": "db", "reason": "used up its memory"}]),
    }
    result["data1"]["facts"]["findings"] = [finding]
    result["data1"]["facts"]["timelines"] = []
    failed = timeline(release="20261127T120000Z-0a1b2c3d", state="failed", said=["service 'backend': is unhealthy"])
    for key in ("start", "end"):
        failed[key] -= 72000
    failed["bars"], failed["up"] = [], []
    result["app1"]["facts"]["timelines"].append(failed)
    return result
