"""Real Compose, the oldest and the newest version, reads a release on a host and finds what was described."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.descriptions import example, parcel, plain
from tests.support.real_compose import SUITES, config, write_release

ENVIRONMENTS = ("development", "test", "staging", "production")
#: Interpolation, YAML, a shell and a parser of env files each change a part of this text if it is not quoted.
AWKWARD = "$HOME ${X:-y} $$ `id` $(id) # 'single' \"double\" \\n \\ é 🚢 : {a: b} [c] %d"
SECRET = "p\"a$$w'o#r\\d ü"

pytestmark = pytest.mark.parametrize("suite", SUITES)


def _read(suite: str, folder: Path, services: Any, secrets: Any = None, environment: str = "production") -> Any:
    """Write a release and its secrets to *folder*, and return the configuration that Compose reads."""
    values = secrets or {"secret_key": SECRET}
    release = parcel(services, values, environment=environment, root=str(folder))
    return config(suite, write_release(release), "--profile", "*")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_example_is_read_in_every_environment(suite: str, tmp_path: Path, environment: str) -> None:
    found = _read(suite, tmp_path, example(), environment=environment)
    assert found["name"] == "shop"
    assert sorted(found["services"]) == sorted([*example(), "backend-release", "edge-pod"])
    assert found["networks"]["data"]["internal"] is True
    backend = found["services"]["backend"]
    assert backend["deploy"]["replicas"] == 2
    assert backend["environment"]["POSTGRES_PASSWORD_FILE"] == "/run/secrets/db_password"
    assert backend["healthcheck"]["test"][0] == "CMD"
    published = {name for name, service in found["services"].items() if service.get("ports")}
    assert published == ({"edge-pod", "db", "redis"} if environment == "development" else {"edge-pod"})
    assert found["services"]["edge"]["network_mode"] == "service:edge-pod"


def test_a_service_with_a_debug_port_joins_the_published_network(suite: str, tmp_path: Path) -> None:
    found = _read(suite, tmp_path, example(), environment="development")
    assert sorted(found["services"]["db"]["networks"]) == ["data", "published"]


def test_an_environment_removes_keys_of_the_base(suite: str, tmp_path: Path) -> None:
    services = {
        "web": plain(
            publish=["8080:80"],
            compose={"labels": {"kept": "1", "gone": "1"}},
            environments={"test": {"ports": None, "deploy": {"resources": None}, "labels": {"gone": None}}},
        )
    }
    found = {name: _read(suite, tmp_path / name, services, environment=name) for name in ("test", "production")}
    web, other = found["test"]["services"]["web"], found["production"]["services"]["web"]
    assert ("ports" in web, "ports" in other) == (False, True)
    assert (bool(web["deploy"]["resources"]), bool(other["deploy"]["resources"])) == (False, True)
    assert ("gone" in web["labels"], "gone" in other["labels"], web["labels"]["kept"]) == (False, True, "1")


def test_secret_files_exist_where_compose_mounts_them_from(suite: str, tmp_path: Path) -> None:
    found = _read(suite, tmp_path, example())
    assert len(found["secrets"]) == 6
    for secret in found["secrets"].values():
        assert Path(secret["file"]).is_file()
    assert Path(found["secrets"]["secret_key_10001"]["file"]).read_text(encoding="utf-8") == SECRET
    target = {secret["target"]: secret["source"] for secret in found["services"]["backend"]["secrets"]}
    assert target["/run/secrets/secret_key"] == "secret_key_10001"


def test_a_changed_secret_changes_a_label(suite: str, tmp_path: Path) -> None:
    """Compose recreates a service when its labels change. It does not read secret files."""
    labels = [
        _read(suite, tmp_path, example(), {"secret_key": value})["services"]["backend"]["labels"]
        for value in ("one", "two")
    ]
    assert labels[0]["slipway.secrets"] != labels[1]["slipway.secrets"]


def test_awkward_text_reaches_the_container_unchanged(suite: str, tmp_path: Path) -> None:
    services = {
        "web": plain(
            command=["echo", AWKWARD],
            release=["echo", AWKWARD],
            environment={"AWKWARD": AWKWARD, "LINES": f"{AWKWARD}\n\r\n{AWKWARD}\\"},
            secrets=[{"name": "secret_key", "env": "SECRET"}],
            compose={"labels": {"awkward": AWKWARD.replace("$", "$$")}},
        )
    }
    found = _read(suite, tmp_path, services)["services"]
    for name in ("web", "web-release"):
        assert found[name]["command"] == ["echo", AWKWARD]
        assert found[name]["labels"]["awkward"] == AWKWARD
        assert found[name]["environment"] == {
            "AWKWARD": AWKWARD,
            "LINES": f"{AWKWARD}\n\r\n{AWKWARD}\\",
            "SECRET": SECRET,
        }


def test_a_secret_in_a_url_is_percent_encoded(suite: str, tmp_path: Path) -> None:
    services = {
        "db": {"kind": "postgres"},
        "web": plain(needs=[{"service": "db", "url": "DATABASE_URL"}]),
    }
    found = _read(suite, tmp_path, services, {"db_password": SECRET})
    assert found["services"]["web"]["environment"]["DATABASE_URL"] == (
        "postgresql://shop:p%22a%24%24w%27o%23r%5Cd%20%C3%BC@db:5432/shop"
    )


def test_variables_in_health_checks_are_expanded_in_the_container(suite: str, tmp_path: Path) -> None:
    """The shell in the container expands them, not Compose on the host."""
    found = _read(suite, tmp_path, example())["services"]
    assert found["redis"]["healthcheck"]["test"] == [
        "CMD-SHELL",
        'REDISCLI_AUTH="$(cat /run/secrets/redis_password)" redis-cli ping | grep -q PONG',
    ]
    assert '"celery@$HOSTNAME"' in found["worker"]["healthcheck"]["test"][1]


def test_every_key_of_a_service_is_read(suite: str, tmp_path: Path) -> None:
    services = {
        "plain": plain(files={"/etc/a $b.conf": {"content": "x"}}),
        "job": {"kind": "custom", "image": "a:1", "class": "oneshot"},
        "waits": plain(needs=["job"], user="10:20", volumes=["data:/data"], publish=["127.0.0.1:9000:9000/udp"]),
    }
    found = _read(suite, tmp_path, services)["services"]
    assert found["waits"]["depends_on"]["job"]["condition"] == "service_completed_successfully"
    assert found["plain"]["volumes"][0]["target"] == "/etc/a $b.conf"
    assert found["plain"]["volumes"][0]["source"].endswith("/a $b.conf")
    assert found["plain"]["volumes"][0]["read_only"] is True
    assert found["waits"]["ports"][0] == {
        "mode": "ingress",
        "host_ip": "127.0.0.1",
        "target": 9000,
        "published": "9000",
        "protocol": "udp",
    }
