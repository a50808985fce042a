"""The copy of a service has its image and settings, and nothing by which it reaches or is reached."""

from __future__ import annotations

from ansible_collections.slipway.stack.plugins.module_utils.backup.throwaway import document

RESOLVED = {
    "name": "shop",
    "services": {
        "db": {
            "image": "postgres@sha256:1",
            "environment": {"POSTGRES_USER": "shop"},
            "secrets": [{"source": "db_password", "target": "/run/secrets/db_password"}],
            "networks": {"data": None},
            "ports": [{"target": 5432, "published": "5432"}],
            "labels": {"traefik.enable": "true"},
            "depends_on": {"other": {"condition": "service_healthy"}},
            "restart": "unless-stopped",
            "container_name": "the-database",
            "deploy": {"replicas": 2, "resources": {"limits": {"memory": "512m"}, "reservations": {"cpus": "1"}}},
            "volumes": [
                {"type": "volume", "source": "db-data", "target": "/var/lib/postgresql/data"},
                {"type": "bind", "source": "/srv/exports", "target": "/exports"},
                {"type": "bind", "source": "/opt/stacks/shop/files/a", "target": "/etc/a", "read_only": True},
                {"type": "tmpfs", "target": "/tmp"},
            ],
        },
        "other": {"image": "x"},
    },
    "networks": {"data": {}},
    "volumes": {"db-data": {}},
    "secrets": {"db_password": {"file": "/opt/stacks/shop/secrets/x"}},
}


def test_a_copy() -> None:
    assert document(RESOLVED, "db", "shop-drill") == {
        "name": "shop-drill",
        "services": {
            "db": {
                "image": "postgres@sha256:1",
                "environment": {"POSTGRES_USER": "shop"},
                "secrets": [{"source": "db_password", "target": "/run/secrets/db_password"}],
                "deploy": {"resources": {"limits": {"memory": "512m"}}},
                "network_mode": "none",
                "restart": "no",
                "cpu_shares": 128,
                "volumes": [
                    {"type": "volume", "source": "data0", "target": "/var/lib/postgresql/data"},
                    {"type": "volume", "source": "data1", "target": "/exports"},
                    {"type": "bind", "source": "/opt/stacks/shop/files/a", "target": "/etc/a", "read_only": True},
                    {"type": "tmpfs", "target": "/tmp"},
                ],
            }
        },
        "volumes": {"data0": {}, "data1": {}},
        "secrets": {"db_password": {"file": "/opt/stacks/shop/secrets/x"}},
    }
