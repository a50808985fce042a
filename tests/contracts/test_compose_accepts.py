"""Real Compose, the oldest and the newest, reads a release as it lies on the host, and finds what was described."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.release.ship import IMAGES
from ansible_collections.slipway.stack.plugins.module_utils.state.secret_store import SecretStore
from ansible_collections.slipway.stack.plugins.plugin_utils.description import dotenv

from tests.support.described import example, parcel, plain
from tests.support.real_compose import SUITES, config

ENVIRONMENTS = ("development", "test", "staging", "production")
#: Text that interpolation, YAML, a shell or a parser of variables would each change somewhere.
AWKWARD = "$HOME ${X:-y} $$ `id` $(id) # 'single' \"double\" \\n \\ é 🚢 : {a: b} [c] %d"
SECRET = "p\"a$$w'o#r\\d ü"

pytestmark = pytest.mark.parametrize("suite", SUITES)


def _read(suite: str, folder: Path, services: Any, secrets: Any = None, environment: str = "production") -> Any:
    """Lay a release down in *folder*, with the secrets beside it, and return what Compose makes of it."""
    given = secrets or {"secret_key": SECRET}
    release = parcel(services, given, environment=environment, root=str(folder))
    addresses = SecretStore(Path(release.home)).addresses(list(release.secret_files), release.secrets())
    here = Path(release.home) / "releases/r1"
    for name, text in {**release.files, IMAGES: "services: {}\n"}.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text, encoding="utf-8", newline="")
    with (here / ".env").open("a", encoding="utf-8") as stream:
        stream.write(dotenv.dump(addresses))
    return config(suite, here, "--profile", "*")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_example_in_every_environment(suite: str, tmp_path: Path, environment: str) -> None:
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


def test_a_debug_port_has_a_network_to_come_in_by(suite: str, tmp_path: Path) -> None:
    found = _read(suite, tmp_path, example(), environment="development")
    assert sorted(found["services"]["db"]["networks"]) == ["data", "published"]


def test_an_environment_takes_away_what_the_base_says(suite: str, tmp_path: Path) -> None:
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


def test_secret_files_are_where_compose_looks_for_them(suite: str, tmp_path: Path) -> None:
    found = _read(suite, tmp_path, example())
    assert len(found["secrets"]) == 6
    for secret in found["secrets"].values():
        assert Path(secret["file"]).is_file()
    assert Path(found["secrets"]["secret_key_10001"]["file"]).read_text(encoding="utf-8") == SECRET
    target = {secret["target"]: secret["source"] for secret in found["services"]["backend"]["secrets"]}
    assert target["/run/secrets/secret_key"] == "secret_key_10001"


def test_another_secret_is_another_container(suite: str, tmp_path: Path) -> None:
    """Compose recreates a service whose labels differ; it does not look into secret files."""
    labels = [
        _read(suite, tmp_path, example(), {"secret_key": value})["services"]["backend"]["labels"]
        for value in ("one", "two")
    ]
    assert labels[0]["slipway.secrets"] != labels[1]["slipway.secrets"]


def test_awkward_text_reaches_the_container_as_it_was_written(suite: str, tmp_path: Path) -> None:
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


def test_a_url_holds_the_secret_in_the_quoting_of_urls(suite: str, tmp_path: Path) -> None:
    services = {
        "db": {"kind": "postgres"},
        "web": plain(needs=[{"service": "db", "url": "DATABASE_URL"}]),
    }
    found = _read(suite, tmp_path, services, {"db_password": SECRET})
    assert found["services"]["web"]["environment"]["DATABASE_URL"] == (
        "postgresql://shop:p%22a%24%24w%27o%23r%5Cd%20%C3%BC@db:5432/shop"
    )


def test_health_checks_run_a_shell_inside_the_container(suite: str, tmp_path: Path) -> None:
    """Their dollars are the shell's there, not Compose's here."""
    found = _read(suite, tmp_path, example())["services"]
    assert found["redis"]["healthcheck"]["test"] == [
        "CMD-SHELL",
        'REDISCLI_AUTH="$(cat /run/secrets/redis_password)" redis-cli ping | grep -q PONG',
    ]
    assert '"celery@$HOSTNAME"' in found["worker"]["healthcheck"]["test"][1]


def test_every_kind_stands_alone(suite: str, tmp_path: Path) -> None:
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
