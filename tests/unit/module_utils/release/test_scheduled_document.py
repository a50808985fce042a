"""The file that creates services in a Swarm."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.release.scheduled_document import document

SWARM = {
    "service": {
        "command": ["serve"],
        "environment": {"PRICE": "5$$", "BOTH": "shown"},
        "labels": {"own": "1"},
        "deploy": {},
    },
    "secrets": [
        {
            "variable": "SECRET_KEY_10",
            "name": "key",
            "path": "/opt/stacks/shop/secrets/10/key.${SECRET_KEY_10}",
            "target": "/run/secrets/key",
            "uid": "10",
            "gid": "10",
            "mode": 0o400,
        }
    ],
    "secret_env": "SECRET_BACKEND_ENV_0",
    "files": [{"name": "app.conf", "path": "/opt/f/aa/app.conf", "target": "/etc/app.conf", "mode": 0o444}],
    "network": "shop-mesh",
    "acts": True,
}
MANIFEST: dict[str, Any] = {
    "stack": "shop",
    "release": "20261128T000000Z-1a2b3c4d",
    "addresses": {"SECRET_KEY_10": "0123456789abcdef"},
    "services": {
        "backend": {"pinned": "backend@sha256:aa", "replicas": 3, "swarm": SWARM, "login": {"USER": "b"}},
        "db": {"pinned": "postgres@sha256:bb", "replicas": 1},
    },
}


def _document(**changes: Any) -> dict[str, Any]:
    content = b'URL="postgres://a:p\\$\\"x\\\\\\n@db"\nBOTH="hidden"\n'
    names = {"backend": "backend-1a2b3c4d"}
    return document({**MANIFEST, **changes}, names, {"SECRET_BACKEND_ENV_0": content}.__getitem__)


def test_a_service_has_the_name_of_its_release_and_no_task_yet() -> None:
    (name,) = _document()["services"]
    service = _document()["services"][name]
    assert name == "backend-1a2b3c4d"
    assert service["labels"] == {"own": "1", "slipway.stack": "shop", "slipway.service": "backend"}
    assert service["image"] == "backend@sha256:aa"
    assert service["networks"] == {"mesh": {"aliases": ["backend"]}}
    assert service["deploy"]["replicas"] == 0
    assert service["deploy"]["labels"] == {
        "slipway.stack": "shop",
        "slipway.service": "backend",
        "slipway.release": MANIFEST["release"],
        "slipway.replicas": "3",
    }


def test_variables_with_secrets_come_from_their_file_and_yield_to_others() -> None:
    assert _document()["services"]["backend-1a2b3c4d"]["environment"] == {
        # Docker replaces two dollar signs by one.
        "URL": 'postgres://a:p$$"x\\\n@db',
        "BOTH": "shown",
        "PRICE": "5$$",
        "USER": "b",
    }


def test_a_secret_and_a_file_are_named_by_their_content() -> None:
    found = _document()
    (secret,), (config,) = found["secrets"].values(), found["configs"].values()
    assert secret == {
        "name": "shop-key-0123456789ab",
        "file": "/opt/stacks/shop/secrets/10/key.0123456789abcdef",
        "labels": {"slipway.stack": "shop"},
    }
    assert config["name"].startswith("shop-app.conf-")
    service = found["services"]["backend-1a2b3c4d"]
    (mounted,) = service["configs"]
    assert mounted == {"source": next(iter(found["configs"])), "target": "/etc/app.conf", "mode": 0o444}
    assert service["secrets"] == [
        {"source": "SECRET_KEY_10", "target": "/run/secrets/key", "uid": "10", "gid": "10", "mode": 0o400}
    ]


def test_no_name_is_longer_than_docker_permits() -> None:
    found = _document(stack="s" * 40)
    assert max(len(one["name"]) for one in [*found["secrets"].values(), *found["configs"].values()]) <= 64
