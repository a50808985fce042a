"""The bundle for the host: complete, the same for the same description, and without a secret in its content."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description.secret_text import SecretFile

from tests.support.descriptions import ROOT, SECRETS, example, model, parcel, plain

CANARY = "canary-6f1d"
DIGEST = "from tests.support.descriptions import example, parcel; print(parcel(example()).digest)"


def test_a_release_has_all_files() -> None:
    assert sorted(parcel(example()).files) == [
        ".env",
        ".env.example",
        "compose.production.yaml",
        "compose.yaml",
        "edge/canary.conf",
        "edge/listen.conf",
        "edge/logs.sh",
        "edge/nginx.conf",
        "edge/start.sh",
        "edge/upstream.conf",
        "env/backend.env",
        "env/beat.env",
        "env/db.env",
        "env/worker.env",
    ]


def test_dotenv_names_the_compose_files() -> None:
    assert parcel(example(), environment="staging").files[".env"] == (
        "# Read by docker compose in this directory; .env.example says what each variable is.\n"
        "# Below, the addresses of the secret files; the secrets are not here.\n"
        'COMPOSE_PROJECT_NAME="shop"\n'
        'COMPOSE_FILE="compose.yaml:compose.staging.yaml:compose.images.yaml"\n'
        'COMPOSE_PATH_SEPARATOR=":"\n'
    )


def test_services_are_in_the_order_in_which_they_start() -> None:
    services = {"web": plain(needs=["db"]), "db": {"kind": "postgres"}}
    assert list(parcel(services).services) == ["db", "web"]


@pytest.mark.parametrize(
    "use",
    ["k", {"name": "k", "target": "/etc/key"}, {"name": "k", "env": "KEY"}],
    ids=["as a file", "elsewhere", "as a variable"],
)
def test_the_value_of_a_secret_is_only_in_the_secrets(use: object) -> None:
    services = example(backend={"secrets": [use]}, db={"publish": ["127.0.0.1:5432:5432"]})
    secrets = {"k": CANARY, "db_password": f"{CANARY}-db", "redis_password": {"value": f"{CANARY}-redis"}}
    found = parcel(services, secrets)
    assert CANARY not in json.dumps(found.content())
    assert CANARY not in repr(found)
    assert CANARY not in repr(model(services, secrets))
    assert found.secrets() == {
        "db_password": {"value": f"{CANARY}-db", "generate": None},
        "redis_password": {"value": f"{CANARY}-redis", "generate": None},
        "k": {"value": CANARY, "generate": None},
    }


def test_a_new_value_of_a_secret_does_not_change_the_digest() -> None:
    assert parcel(example(), {"secret_key": "one"}).digest == parcel(example(), {"secret_key": "two"}).digest


def test_the_same_description_has_the_same_digest_everywhere() -> None:
    """Whatever the order of sets, which depends on the seed: these two give {"app", "data"} in both orders."""
    path = f"{ROOT}:{ROOT / '.collections'}"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("0", "3")
    ]
    digests = {process.communicate()[0].strip() for process in running}
    assert digests == {parcel(example()).digest}


@pytest.mark.parametrize(
    "change",
    [
        {"backend": {"image": "registry.example.com/shop/backend:1.4.3"}},
        {"backend": {"replicas": 3}},
        {"backend": {"environment": {"LOG": "debug"}}},
        {"backend": {"files": {"/etc/a": {"content": "x"}}}},
        {"backend": {"secrets": []}},
        {"backend": {"release": "alembic upgrade heads"}},
        {"edge": {"max_body": "1m"}},
        {"extra": plain()},
    ],
    ids=json.dumps,
)
def test_a_changed_description_has_another_digest(change: dict[str, Any]) -> None:
    assert parcel(example(**change)).digest != parcel(example()).digest


def test_another_environment_or_probe_has_another_digest() -> None:
    digests = {
        parcel(example()).digest,
        parcel(example(), environment="staging").digest,
        parcel(example(), domain="other.example.com").digest,
        parcel(example(), probes=[{"path": "/"}]).digest,
    }
    assert len(digests) == 4


def test_mounted_files_are_addressed_by_their_content() -> None:
    services = {
        "a": plain(files={"/etc/x.conf": {"content": "one"}, "/etc/y.conf": {"content": "two"}}),
        "b": plain(files={"/opt/x.conf": {"content": "one"}}),
    }
    one, two = (hashlib.sha256(text).hexdigest() for text in (b"one", b"two"))
    assert parcel(services).mounted == {f"{one}/x.conf": "one", f"{two}/y.conf": "two"}


def test_the_manifest_entry_of_a_service() -> None:
    spec = parcel(example()).services["backend"]
    settings = spec["settings"]
    expected = {
        "kind": "fastapi",
        "class": "rolling",
        "image": "registry.example.com/shop/backend:1.4.2",
        "replicas": 2,
        "depends_on": ["db", "redis"],
        "edge": False,
        "release": "backend-release",
        "ports": [],
        # 30 s of start, and four attempts of 10 s and 5 s.
        "start_seconds": 90.0,
        "secrets": {
            "SECRET_DB_PASSWORD_10001": "db_password",
            "SECRET_REDIS_PASSWORD_10001": "redis_password",
            "SECRET_SECRET_KEY_10001": "secret_key",
        },
    }
    assert {key: spec[key] for key in expected} == expected
    assert settings["environment"]["POSTGRES_HOST"] == "db"
    assert settings["deploy"]["replicas"] == 2


def test_variables_in_compose_keys_are_in_the_manifest_entry() -> None:
    keys = {"environment": {"A": "1", "B": "2"}, "compose": {"environment": {"B": "3"}}}
    overlay = {"environments": {"production": {"environment": {"C": "4"}}}}
    spec = parcel({"web": plain(**keys, **overlay)}).services["web"]
    assert spec["settings"]["environment"] == {"A": "1", "B": "3", "C": "4"}


def test_the_overlay_is_merged_into_the_manifest_entry() -> None:
    keys = {"publish": ["80:80"], "environments": {"production": {"image": "other:2", "ports": ["81:81"]}}}
    spec = parcel({"web": plain(**keys)}).services["web"]
    assert (spec["image"], spec["ports"]) == ("other:2", ["80:80", "81:81"])


@pytest.mark.parametrize(
    ("health", "seconds"),
    [
        ({}, 90.0),
        ({"interval": "1m", "timeout": "30s", "retries": 1, "start_period": "0s"}, 180.0),
        ({"interval": "1s", "timeout": "1s", "retries": "10"}, 52.0),
    ],
)
def test_the_start_seconds_follow_from_the_health_check(health: dict[str, Any], seconds: float) -> None:
    services = {"web": plain(health={"test": ["CMD", "true"], **health})}
    assert parcel(services).services["web"]["start_seconds"] == seconds


def test_a_health_check_without_times_has_those_of_docker() -> None:
    keys = {"class": "oneshot", "image": "a:1", "compose": {"healthcheck": {"test": ["CMD", "true"]}}}
    assert parcel({"job": {"kind": "custom", **keys}}).services["job"]["start_seconds"] == 240.0


def test_a_service_without_a_health_check_may_take_its_min_uptime() -> None:
    services = {
        "job": {"kind": "custom", "image": "a:1", "class": "oneshot", "job_timeout": "2h"},
        "x": plain(compose={"healthcheck": None}, min_uptime="1m"),
        "y": plain(compose={"healthcheck": None}),
    }
    found = parcel(services).services
    assert {name: found[name]["start_seconds"] for name in ("x", "y")} == {"x": 60.0, "y": 10.0}
    assert {name: found[name]["min_uptime"] for name in ("x", "y")} == {"x": 60.0, "y": 10.0}
    assert {name: found[name]["job_seconds"] for name in ("job", "x")} == {"job": 7200.0, "x": 1800.0}


def test_there_is_one_secret_file_for_each_uid() -> None:
    files = parcel(example()).secret_files
    assert [(file["name"], file["uid"], file["variable"]) for file in files] == [
        ("db_password", 10001, "SECRET_DB_PASSWORD_10001"),
        ("db_password", 999, "SECRET_DB_PASSWORD_999"),
        ("redis_config", 999, "SECRET_REDIS_CONFIG_999"),
        ("redis_password", 10001, "SECRET_REDIS_PASSWORD_10001"),
        ("redis_password", 999, "SECRET_REDIS_PASSWORD_999"),
        ("secret_key", 10001, "SECRET_SECRET_KEY_10001"),
    ]
    assert files[2]["parts"] == [
        "requirepass ",
        {"secret": "redis_password", "quote": "redis"},
        "\ndir /data\nappendonly yes\nmaxmemory 128mb\nmaxmemory-policy noeviction\n",
    ]


def test_each_route_is_probed_if_no_probe_is_described() -> None:
    assert parcel(example()).probes == (
        {"path": "/api/", "status": None, "contains": None},
        {"path": "/", "status": None, "contains": None},
    )
    assert parcel(example(), probes=[{"path": "/x", "status": "204"}]).probes == (
        {"path": "/x", "status": 204, "contains": None},
    )
    assert parcel({"web": plain()}).probes == ()


def test_upstreams_have_no_duplicates() -> None:
    routes = [{"path": path, "to": "backend"} for path in ("/api/", "/ws")] + [{"path": "/", "to": "frontend"}]
    assert parcel(example(edge={"routes": routes})).upstreams == (
        {"service": "backend", "port": 8000},
        {"service": "frontend", "port": 8080},
    )


def test_the_content_is_plain_json() -> None:
    content = parcel(example(), SECRETS).content()
    assert json.loads(json.dumps(content)) == content


def test_two_secrets_with_similar_names_have_two_variables() -> None:
    names = ["api-key", "api_key", "api.key", "API_KEY"]
    assert len({SecretFile(name, 0, 0, ()).variable for name in names}) == len(names)
    web = {"kind": "spa", "image": "shop/web:1", "secrets": ["api-key", "api_key"]}
    secrets = {"api-key": {"generate": 32}, "api_key": {"generate": 32}}
    found = parcel({"web": web}, secrets=secrets).secret_files
    assert sorted(file["name"] for file in found) == ["api-key", "api_key"]
