"""The container beside a server, what stands in the way of a restore, and the copy that reads a chain."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import (
    base_backups,
    beside,
    continuous_standing,
    throwaway,
)
from ansible_collections.slipway.stack.plugins.module_utils.backup.chains import Base

_PASSWORD = secrets.token_hex()
_RAW: dict[str, Any] = {
    "Id": "abc",
    "Image": "sha256:1",
    "Config": {"Env": [f"POSTGRES_PASSWORD={_PASSWORD}"]},
    "Mounts": [
        {"Type": "volume", "Source": "/var/lib/docker/volumes/data", "Destination": "/data", "RW": True},
        {"Type": "volume", "Source": "/var/lib/docker/volumes/more", "Destination": "/more", "RW": False},
        {"Type": "bind", "Source": "/srv/data", "Destination": "/srv", "RW": True},
        {"Type": "bind", "Source": "/opt/secret", "Destination": "/run/secrets/pw", "RW": False},
    ],
}


def test_it_has_the_secrets_and_not_the_data() -> None:
    body = beside._body(_RAW, "true", {"/continuous/wal": ("/backups/wal", True)}, (999, 998))
    mounts = [(one["Source"], one["Target"], one["ReadOnly"]) for one in body["HostConfig"]["Mounts"]]
    assert mounts == [("/opt/secret", "/run/secrets/pw", True), ("/backups/wal", "/continuous/wal", False)]
    assert body["HostConfig"]["NetworkMode"] == "container:abc"
    assert (body["User"], body["HostConfig"]["CapDrop"], body["HostConfig"]["ReadonlyRootfs"]) == (
        "999:998",
        ["ALL"],
        True,
    )
    assert "Volumes" not in json.dumps(body)
    assert _PASSWORD not in json.dumps([body["Entrypoint"], body["Cmd"]])


_GOOD = {
    "service": "db",
    "state": "receiving",
    "problem": "",
    "lag_bytes": 0,
    "lag_seconds": 0.0,
    "from": 1.0,
    "base": 2.0,
    "gaps": 0,
    "sent_until": None,
    "sent_is_late": False,
    "sent_problem": "",
}


@pytest.mark.parametrize(
    ("differs", "sentence"),
    [
        ({}, ""),
        ({"lag_bytes": 1024**2, "lag_seconds": 60.0}, ""),
        ({"lag_bytes": 1024**2, "lag_seconds": 61.0}, "1.0 MiB of its WAL are missing for 61 s, and the limit is 60 s"),
        ({"state": "extended", "lag_seconds": 61.0}, "nobody has received its WAL for 61 s"),
        ({"state": "reserved", "lag_seconds": 5.0}, ""),
        ({"state": "lost"}, "WAL was lost"),
        ({"state": ""}, "is not received; playbooks/backup.yml starts that"),
        ({"problem": "it is stopped", "state": ""}, "is not known: it is stopped"),
        ({"base": None}, "has no base backup yet"),
    ],
)
def test_what_stands_in_the_way(differs: dict[str, Any], sentence: str) -> None:
    found = continuous_standing.problems([{**_GOOD, **differs}], 60)
    assert len(found) == bool(sentence)
    assert all(sentence in one and "service 'db'" in one for one in found)


class _Chain:
    def __init__(self, *previous: str) -> None:
        self._bases = [Base(str(number), one, "", 0.0, 0.0, 0) for number, one in enumerate(previous)]

    def bases(self) -> list[Base]:
        return self._bases

    def lineage(self, base: Base) -> list[Base]:
        return [*(self.lineage(self._bases[int(base.previous)]) if base.previous else []), base]


@pytest.mark.parametrize(
    ("previous", "full_every", "expected"),
    [
        ([], 7, ""),
        ([""], 7, "0"),
        ([""], 1, ""),
        (["", "0", "1"], 4, "2"),
        (["", "0", "1"], 3, ""),
        (["", "0", ""], 3, "2"),
    ],
)
def test_when_a_base_backup_is_a_full_one(previous: list[str], full_every: int, expected: str) -> None:
    assert base_backups._previous(_Chain(*previous), full_every) == expected  # type: ignore[arg-type]


def test_a_copy_reads_a_chain_and_has_no_network() -> None:
    resolved = {"services": {"db": {"image": "x", "volumes": []}}}
    document = throwaway.document(resolved, "db", "shop-recovery", {"/continuous": "/backups/chain"})
    service = document["services"]["db"]
    assert service["network_mode"] == "none"
    assert service["volumes"] == [
        {"type": "bind", "source": "/backups/chain", "target": "/continuous", "read_only": True}
    ]
