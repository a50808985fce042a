"""What the kinds of the library give to those that need them, and what their options change."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from tests.support.descriptions import KINDS, documents, parcel, plain
from tests.support.errors import error_of

#: By kind: the variables that a service called `app` gets when it needs one called `it`.
GIVEN: dict[str, dict[str, str]] = {
    "mariadb": {
        "MYSQL_HOST": "it",
        "MYSQL_PORT": "3306",
        "MYSQL_DATABASE": "shop",
        "MYSQL_USER": "shop",
        "MYSQL_PASSWORD_FILE": "/run/secrets/it_password",
    },
    "rabbitmq": {
        "RABBITMQ_HOST": "it",
        "RABBITMQ_PORT": "5672",
        "RABBITMQ_USER": "shop",
        "RABBITMQ_VHOST": "shop",
        "RABBITMQ_PASSWORD_FILE": "/run/secrets/it_password",
    },
    "valkey": {"REDIS_HOST": "it", "REDIS_PORT": "6379", "REDIS_PASSWORD_FILE": "/run/secrets/it_password"},
    "memcached": {"MEMCACHED_HOST": "it", "MEMCACHED_PORT": "11211"},
    "mongodb": {
        "MONGODB_HOST": "it",
        "MONGODB_PORT": "27017",
        "MONGODB_DATABASE": "shop",
        "MONGODB_USER": "shop",
        "MONGODB_PASSWORD_FILE": "/run/secrets/it_password",
    },
    "opensearch": {
        "OPENSEARCH_HOST": "it",
        "OPENSEARCH_PORT": "9200",
        "OPENSEARCH_USER": "admin",
        "OPENSEARCH_PASSWORD_FILE": "/run/secrets/it_password",
    },
    "minio": {
        "S3_ENDPOINT_URL": "http://it:9000",
        "S3_ACCESS_KEY_ID": "shop_root",
        "S3_REGION": "us-east-1",
        "S3_SECRET_ACCESS_KEY_FILE": "/run/secrets/it_password",
    },
    "mailpit": {"SMTP_HOST": "it", "SMTP_PORT": "1025"},
    "prometheus": {"PROMETHEUS_URL": "http://it:9090"},
    "grafana": {"IT_URL": "http://it:3000"},
    "django": {"IT_URL": "http://it:8000"},
    "gunicorn": {"IT_URL": "http://it:8000"},
    "node": {"IT_URL": "http://it:3000"},
    "static": {"IT_URL": "http://it:8080"},
    "flower": {"IT_URL": "http://it:5555"},
}
URLS = {
    "mariadb": "mysql://shop:<it_password>@it:3306/shop",
    "rabbitmq": "amqp://shop:<it_password>@it:5672/shop",
    "valkey": "redis://:<it_password>@it:6379/0",
    "memcached": "memcached://it:11211",
    "mongodb": "mongodb://shop:<it_password>@it:27017/shop?authSource=admin",
    "opensearch": "http://admin:<it_password>@it:9200",
    "minio": "http://shop_root:<it_password>@it:9000",
    "mailpit": "smtp://it:1025",
}


def _released(kind: str, need: object = "it", **keys: Any) -> Bundle:
    image = {} if KINDS[kind].body["image"] else {"image": "app:1"}
    return parcel({"it": {"kind": kind, **image, **keys}, "app": plain(needs=[need])}, {})


def _text(release: Bundle, name: str) -> str:
    file = next(file for file in release.secret_files if file["name"] == name)
    return "".join(part if isinstance(part, str) else f"<{part['secret']}>" for part in file["parts"])


@pytest.mark.parametrize("kind", GIVEN)
def test_what_a_need_gives(kind: str) -> None:
    assert dict(_released(kind).services["app"]["settings"]["environment"]) == GIVEN[kind]


@pytest.mark.parametrize("kind", URLS)
def test_the_url_that_a_need_gives(kind: str) -> None:
    release = _released(kind, {"service": "it", "url": "ITS_URL"})
    assert _text(release, "app_env") == f'ITS_URL="{URLS[kind]}"\n'


def test_a_driver_has_its_own_scheme() -> None:
    need = {"service": "it", "url": "ITS_URL", "scheme": "mysql+pymysql"}
    assert (
        _text(_released("mariadb", need), "app_env")
        == f'ITS_URL="{URLS["mariadb"].replace("mysql", "mysql+pymysql")}"\n'
    )


@pytest.mark.parametrize(
    ("need", "message"),
    [
        (
            {"service": "it", "scheme": "mysql+pymysql"},
            "service 'app': key 'needs': 'it': 'scheme' changes a URL, and the service gets none; write 'url', too",
        ),
        (
            {"service": "it", "url": "ITS_URL", "scheme": "mysql:/"},
            "service 'app', key 'needs': 'it': key 'scheme': 'mysql:/' is not the scheme of a URL, such as",
        ),
    ],
)
def test_a_wrong_scheme_is_named(need: dict[str, str], message: str) -> None:
    assert error_of(_released, "mariadb", need).startswith(message)


@pytest.mark.parametrize(
    ("keys", "image", "version"),
    [
        ({}, "mariadb:11.8", "11.8"),
        ({"version": "10.11"}, "mariadb:10.11", "10.11"),
        ({"version": "11.4.8-noble"}, "mariadb:11.4.8-noble", "11.4.8"),
        ({"image": "registry.example.com/mariadb:11.4"}, "registry.example.com/mariadb:11.4", "11.4"),
        ({"image": "registry.example.com/shop/db:3", "version": "11.4"}, "registry.example.com/shop/db:3", "11.4"),
    ],
)
def test_the_version_of_the_data_of_a_mariadb(keys: dict[str, Any], image: str, version: str) -> None:
    service = _released("mariadb", **keys).services["it"]
    assert service["image"] == image
    found = service["data_version"]
    assert (found["is"], found["volume"], found["reads"]) == (version, "it-data", "older")
    assert found["files"] == ["mariadb_upgrade_info", "mysql_upgrade_info"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"version": "lts"}, "'lts' does not say which version it is; write one that begins with its number, such as"),
        ({"versoin": "11.8"}, "service 'it': unknown key 'versoin'; did you mean 'version'?"),
        ({"database": "a b"}, "service 'it': key 'database': 'a b' is not a name of letters"),
        (
            {"version": "11.4", "image": "mariadb:11.8"},
            "service 'it': key 'version': '11.4', but the image mariadb:11.8 is of version 11.8; remove the key",
        ),
    ],
)
def test_what_a_mariadb_cannot_be_is_refused(keys: dict[str, Any], message: str) -> None:
    assert message in error_of(_released, "mariadb", **keys)


def test_a_postgres_database_is_made_in_the_postgres_and_not_in_the_mariadb() -> None:
    services = {
        "first": {"kind": "mariadb"},
        "db": {"kind": "postgres"},
        "own": {"kind": "postgres_database", "needs": ["first", "db"]},
        "app": plain(needs=["own"]),
    }
    assert parcel(services, {}).services["app"]["settings"]["environment"]["POSTGRES_HOST"] == "db"


def test_the_servers_listen_on_another_port() -> None:
    for kind, word in (("mariadb", "--port=7001"), ("memcached", "--port=7001"), ("mongodb", "--port=7001")):
        base, _ = documents({"it": {"kind": kind, "port": 7001}}, {})
        assert word in base["services"]["it"]["command"], kind
        if kind != "memcached":
            assert word in str(base["services"]["it"]["healthcheck"]["test"]), kind
    for kind, word in (("opensearch", "-Ehttp.port=7001"), ("minio", "--address=:7001")):
        base, _ = documents({"it": {"kind": kind, "image": "app:1", "port": 7001}}, {})
        assert word in base["services"]["it"]["command"], kind
    assert "listeners.tcp.default = 7001\n" in _text(_released("rabbitmq", port=7001), "it_account")
    assert "port 7001\n" in _text(_released("valkey", port=7001), "it_config")


@pytest.mark.parametrize(
    "kind", ["mariadb", "rabbitmq", "valkey", "mongodb", "opensearch", "minio", "grafana", "flower"]
)
def test_no_command_and_no_health_check_has_a_password(kind: str) -> None:
    """A placeholder would be in the list of processes as the password itself."""
    release = _released(kind)
    settings = release.services["it"]["settings"]
    shown = [settings.get("command"), settings.get("healthcheck"), settings.get("environment")]
    assert "\ue000" not in str(shown)
    assert any(file["name"].startswith("it_") for file in release.secret_files)


@pytest.mark.parametrize(
    ("kind", "saved"),
    [
        ("mariadb", (["databases"], {})),
        ("rabbitmq", (["definitions"], {})),
        ("mongodb", ([], {"it-data": "paused"})),
        ("opensearch", ([], {"it-data": "paused"})),
        ("minio", ([], {"it-data": "paused"})),
        ("grafana", ([], {"it-data": "paused"})),
        ("prometheus", ([], {"it-data": "none"})),
    ],
)
def test_what_a_backup_has(kind: str, saved: tuple[list[str], dict[str, str]]) -> None:
    backup = _released(kind).services["it"]["backup"]
    assert (list(backup["archives"]), {name: one["mode"] for name, one in backup["volumes"].items()}) == saved


def test_the_configuration_of_prometheus_has_its_targets() -> None:
    targets = [{"job": "api", "targets": ["api:8000"]}, {"job": 'a "b"', "targets": ["x:1", "y:2"], "path": "/m"}]
    release = _released("prometheus", targets=targets)
    (text,) = (text for path, text in release.mounted.items() if path.endswith("/prometheus.yml"))
    jobs = {one["job_name"]: one for one in yaml.safe_load(text)["scrape_configs"]}
    assert set(jobs) == {"prometheus", "api", 'a "b"'}
    assert (jobs["api"]["metrics_path"], jobs["api"]["static_configs"]) == ("/metrics", [{"targets": ["api:8000"]}])
    assert jobs['a "b"']["metrics_path"] == "/m"


def test_the_health_check_of_django_asks_as_the_edge_does() -> None:
    base, _ = documents({"it": {"kind": "django", "image": "app:1"}}, {})
    program = base["services"]["it"]["healthcheck"]["test"][3]
    compile(program, "health", "exec")
    assert "{'Host': 'shop.example.com', 'X-Forwarded-Proto': 'https'}" in program


def test_rabbitmq_with_its_pages() -> None:
    services = {"it": {"kind": "rabbitmq", "management": True}}
    base, overlay = documents(services, {}, environment="development")
    assert base["services"]["it"]["image"] == "rabbitmq:4-management"
    assert overlay["services"]["it"]["ports"] == ["127.0.0.1:5672:5672", "127.0.0.1:15672:15672"]


def test_grafana_knows_its_prometheus() -> None:
    with_source = _released("grafana", prometheus="metrics").mounted
    assert any('url: "http://metrics:9090"' in text for text in with_source.values())
    assert _released("grafana").mounted == {}


def test_opensearch_shows_its_other_port_to_nobody_and_maps_files_only_if_told() -> None:
    """Everybody has the key of the certificate behind that port."""
    command = documents({"it": {"kind": "opensearch"}}, {})[0]["services"]["it"]["command"]
    assert {"-Ediscovery.type=single-node", "-Etransport.host=127.0.0.1"} <= set(command)
    assert "-Enode.store.allow_mmap=false" in command
    mapped = documents({"it": {"kind": "opensearch", "mmap": True, "heap": "1g"}}, {})[0]["services"]["it"]["command"]
    assert "-Enode.store.allow_mmap=true" in mapped
    release = _released("opensearch", heap="1g")
    assert 'OPENSEARCH_JAVA_OPTS="-Xms1g -Xmx1g"' in release.files["env/it.env"]


def test_another_password_of_existing_opensearch_data_is_noticed() -> None:
    assert set(_released("opensearch").services["it"]["initial"]["values"]) == {"OPENSEARCH_INITIAL_ADMIN_PASSWORD"}


def test_minio_with_its_pages_and_the_names_of_aws() -> None:
    given = {"kind": "minio", "image": "app:1", "console": True}
    _base, overlay = documents({"it": given}, {}, environment="development")
    assert overlay["services"]["it"]["ports"] == ["127.0.0.1:9000:9000", "127.0.0.1:9001:9001"]
    release = _released("minio", {"service": "it", "prefix": "AWS"}, username="ada")
    assert list(release.mounted.values()) == ["ada"]
    environment = release.services["app"]["settings"]["environment"]
    assert (environment["AWS_ENDPOINT_URL"], environment["AWS_ACCESS_KEY_ID"]) == ("http://it:9000", "ada")
    shown = {keys: release.files["env/it.env"].count(f'MINIO_BROWSER="{keys}"') for keys in ("on", "off")}
    assert shown == {"on": 0, "off": 1}
