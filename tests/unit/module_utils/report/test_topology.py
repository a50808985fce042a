"""What a release consists of, from its manifest."""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.report.topology import services


def _spec(**keys: Any) -> dict[str, Any]:
    empty = {"kind": "custom", "class": "rolling", "image": "app:1", "replicas": 1, "edge": False, "ports": []}
    return {**empty, "depends_on": [], "settings": {}, "secrets": {}, **keys}


def test_services_with_what_they_need_publish_and_keep() -> None:
    found = services(
        {
            "services": {
                "db": _spec(settings={"volumes": ["db-data:/data", "/opt/x/files/a:/etc/a:ro", "./b:/b"]}),
                "backend": _spec(
                    depends_on=["db", "gone"],
                    settings={"networks": {"app": {}, "data": {}}},
                    secrets={"SECRET_KEY_1000": "key", "SECRET_KEY_0": "key"},
                    reaches={"redis": ["10.0.0.2", 6379]},
                ),
                "edge-pod": {**_spec(ports=["80:8080"], settings={"networks": ["app"]}), "class": "pod"},
                "edge": _spec(edge=True, pod="edge-pod", depends_on=["edge-pod"]),
            },
            "upstreams": [
                {"service": "backend", "port": 8000},
                {"service": "far", "port": 80, "servers": [["app1", "10.0.0.3", 8480]]},
            ],
        }
    )
    by_name = {one["name"]: one for one in found}
    assert list(by_name) == ["db", "backend", "edge"]
    assert by_name["db"]["volumes"] == ["db-data"]
    assert by_name["backend"]["needs"] == ["db"]
    assert by_name["backend"]["elsewhere"] == [{"service": "redis", "address": "10.0.0.2", "port": 6379}]
    assert (by_name["backend"]["networks"], by_name["backend"]["secrets"]) == (["app", "data"], ["key"])
    assert (by_name["edge"]["ports"], by_name["edge"]["networks"]) == (["80:8080"], ["app"])
    assert by_name["edge"]["elsewhere"] == [{"service": "far", "address": "app1 (10.0.0.3)", "port": 8480}]


def test_volumes_in_long_syntax_too() -> None:
    mounts = [{"type": "volume", "source": "data", "target": "/a"}, {"type": "bind", "source": "/etc", "target": "/b"}]
    (found,) = services({"services": {"db": _spec(settings={"volumes": mounts})}})
    assert found["volumes"] == ["data"]
