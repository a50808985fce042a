"""What kinds render from their options, as text and values that a container would see."""

from __future__ import annotations

from typing import Any

from tests.support.descriptions import documents, example, parcel


def _mounted(services: dict[str, Any], name: str) -> str:
    (text,) = (text for path, text in parcel(services).mounted.items() if path.endswith(f"/{name}"))
    return text


def _config(**keys: Any) -> str:
    """Return the configuration of Redis, with each secret written as <NAME>."""
    file = next(file for file in parcel(example(redis=keys)).secret_files if file["name"] == "redis_config")
    return "".join(part if isinstance(part, str) else f"<{part['secret']}>" for part in file["parts"])


def test_redis_requires_its_password() -> None:
    """The exact text: any difference is a new secret file, and would restart a running Redis for no reason."""
    assert _config() == (
        "requirepass <redis_password>\ndir /data\nappendonly yes\nmaxmemory 128mb\nmaxmemory-policy noeviction\n"
    )
    assert documents(example())[0]["services"]["redis"]["healthcheck"]["test"] == [
        "CMD-SHELL",
        'REDISCLI_AUTH="$$(cat /run/secrets/redis_password)" redis-cli ping | grep -q PONG',
    ]


def test_redis_without_a_password_has_no_secret() -> None:
    services = example(redis={"password": False})
    assert _config(password=False).splitlines()[:2] == ["protected-mode no", "dir /data"]
    base, overlay = documents(services, environment="development")
    assert base["services"]["redis"]["healthcheck"]["test"] == ["CMD-SHELL", "redis-cli ping | grep -q PONG"]
    assert "redis_password" not in str(base)
    # No port on loopback either, where every program of the machine could connect without a password.
    assert "redis" not in overlay["services"]


def test_a_redis_url_without_a_password() -> None:
    services = example(redis={"password": False}, backend={"needs": ["db", {"service": "redis", "url": "BROKER"}]})
    file = next(file for file in parcel(services).secret_files if file["name"] == "backend_env")
    assert "".join(file["parts"]) == 'BROKER="redis://redis:6379/0"\n'


def test_extensions_are_created_before_the_scripts_of_a_stack() -> None:
    path = "/docker-entrypoint-initdb.d/10-schemas.sql"
    services = example(db={"extensions": ["pg_trgm", "citext"], "files": {path: {"content": "SELECT 1;"}}})
    assert _mounted(services, "00-extensions.sql") == (
        'CREATE EXTENSION IF NOT EXISTS "pg_trgm";\nCREATE EXTENSION IF NOT EXISTS "citext";\n'
    )
    targets = [volume.split(":")[1] for volume in documents(services)[0]["services"]["db"]["volumes"][1:]]
    assert targets == ["/docker-entrypoint-initdb.d/00-extensions.sql", path]


def test_a_postgres_without_extensions_has_no_script() -> None:
    assert documents(example())[0]["services"]["db"]["volumes"] == ["db-data:/var/lib/postgresql/data"]


def test_the_script_of_a_database_can_run_again() -> None:
    own = {"kind": "postgres_database", "needs": ["db"], "extensions": ["citext"], "schemas": ["reporting"]}
    text = _mounted({**example(), "own": own}, "database.sql")
    assert "\\set password `cat /run/secrets/own_password`" in text
    made = [line for line in text.splitlines() if "CREATE" in line]
    assert len(made) == 4
    for line in made:
        assert "IF NOT EXISTS" in line or "WHERE NOT EXISTS" in text.splitlines()[text.splitlines().index(line) + 1]
    assert text.index('\\connect "own"') < text.index("CREATE EXTENSION")


def test_nextjs_listens_on_every_address_of_its_container() -> None:
    """Docker sets HOSTNAME to the container's id, and the health check would fail on that address alone."""
    services = {**example(), "web": {"kind": "nextjs", "image": "web:1"}}
    assert 'HOSTNAME="0.0.0.0"' in parcel(services).files["env/web.env"].splitlines()


def test_a_stack_can_choose_the_debug_ports() -> None:
    services = example(db={"debug_port": 5420}, redis={"debug_port": 6420}, backend={"debug_port": 8420, "replicas": 1})
    _, overlay = documents(services, environment="development")
    assert {name: keys["ports"] for name, keys in overlay["services"].items()} == {
        "db": ["127.0.0.1:5420:5432"],
        "redis": ["127.0.0.1:6420:6379"],
        "backend": ["127.0.0.1:8420:8000"],
    }


def test_servers_listen_on_the_port_that_other_services_get() -> None:
    services = example(db={"port": 5433}, redis={"port": 6380})
    base, _ = documents(services)
    found = parcel(services)
    assert 'PGPORT="5433"' in found.files["env/db.env"]
    config = next(file for file in found.secret_files if file["name"] == "redis_config")
    assert "port 6380\n" in "".join(str(part) for part in config["parts"])
    assert "redis-cli -p 6380 ping" in base["services"]["redis"]["healthcheck"]["test"][1]
    assert 'REDIS_PORT="6380"' in found.files["env/backend.env"]


def test_servers_at_their_default_ports_have_not_changed() -> None:
    """A different text would be a change of a data service, which a deploy refuses."""
    found = parcel(example())
    assert "PGPORT" not in found.files["env/db.env"]
    config = next(file for file in found.secret_files if file["name"] == "redis_config")
    text = "".join(str(part) for part in config["parts"])
    assert "\ndir /data\nappendonly yes\n" in text
    assert "port " not in text
    assert "redis-cli ping | grep" in found.files["compose.yaml"]
