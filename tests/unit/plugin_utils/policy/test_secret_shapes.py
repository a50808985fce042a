"""Which variables and files hold a secret: usual names with usual values, and those that only look like it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.services import extract_secrets
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import secret_shapes

from tests.support.compose_projects import parcel, write
from tests.support.policy_review import reviewed
from tests.support.policy_review import rules as rules_of

LINES = (Path(__file__).resolve().parents[3] / "policy/secret_variables.txt").read_text(encoding="utf-8").splitlines()
VARIABLES = [(line[0] == "+", *line[2:].split("=", 1)) for line in LINES if line[:1] in "+-"]


def test_the_table_has_enough_of_both() -> None:
    secret = sum(is_secret for is_secret, _name, _value in VARIABLES)
    assert (secret >= 100, len(VARIABLES) - secret >= 60) == (True, True)


@pytest.mark.parametrize(("is_secret", "name", "value"), VARIABLES, ids=lambda one: str(one)[:50])
def test_a_variable(is_secret: bool, name: str, value: str) -> None:
    assert secret_shapes.is_secret_variable(name, value) is is_secret
    variables = {name: value}
    assert list(extract_secrets("web", variables).values()) == ([value] if is_secret else [])


def test_no_secret_of_an_env_file_is_in_the_release(tmp_path: Path) -> None:
    secret = {f"{name}": value for is_secret, name, value in VARIABLES if is_secret and name.isidentifier()}
    text = "".join(f"{name}='{value}'\n" for name, value in secret.items())
    write(tmp_path, {"compose.yml": "services: {web: {image: 'a:1', env_file: app.env}}\n", "app.env": text})
    release = parcel(tmp_path, "compose.yml")
    assert "env/web.env" not in release.files
    assert len(release.sources) == len(secret)


def test_two_variables_with_one_name_for_their_secrets_are_two_secrets() -> None:
    variables = {"API_KEY": "a", "API.KEY": "b", "api_key": "c"}
    found = extract_secrets("web", variables)
    assert sorted(found.values()) == ["a", "b", "c"]
    assert len(set(variables.values())) == 3


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("+ ") and "://" not in line][:40:4])
def test_the_policy_knows_the_same(line: str) -> None:
    name, value = line[2:].split("=", 1)
    assert "SLP050" in rules_of(reviewed(f"web: {{image: a:1, environment: {{'{name}': '{value}'}}}}"))


FILES = [
    ("server.key", "-----BEGIN PRIVATE KEY-----\nabc\n", "a private key"),
    ("server.pem", "-----BEGIN CERTIFICATE-----\nx\n-----BEGIN RSA PRIVATE KEY-----\n", "a private key"),
    ("id", "-----BEGIN OPENSSH PRIVATE KEY-----\n", "a private key"),
    ("key.asc", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n", "a private key"),
    ("account.json", '{"type": "service_account", "private_key": "x"}', "a private key"),
    ("users", "ada:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/\nbob:$2y$05$abcdefghijk\n", "passwords of users"),
    ("users", "# ours\nada:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n", "passwords of users"),
    (".htpasswd", "", "a key"),
    ("store.p12", "0\udc82\x04", "a key"),
    ("server.key", "0\udc82\x04", "a key"),
    ("conf/id_rsa", "x", "a key"),
    ("app.yml", "token: ghp_0123456789abcdefghijABCDEFGHIJ012345\n", "a token"),
    ("alerts.yml", "url: https://hooks.slack.com/services/T0/B0/x\n", "a token"),
    ("acl.yml", "ada: $2b$12$Pg8A.R220dUZQT1zPg8A\n", "the hash of a password"),
    ("app.toml", 'url = "postgres://app:hunter2@db/app"\n', "a URL with a password"),
    ("redis.conf", "port 6379\nrequirepass hunter2\n", "a password"),
    ("users.acl", "user ada on >hunter2 ~* +@all\n", "a password"),
    ("server.crt", "-----BEGIN CERTIFICATE-----\nabc\n", None),
    ("server.pub", "-----BEGIN PUBLIC KEY-----\nabc\n", None),
    ("nginx.conf", "events {}\nhttp { server { listen 80; ssl_certificate_key /etc/ssl/key.pem; } }\n", None),
    ("hosts", "db:5432:app\n", None),
    ("app.toml", 'url = "postgres://app:${PASSWORD}@db/app"\n', None),
    ("redis.conf", "# requirepass foobared\nuser default on nopass ~* +@all\n", None),
    ("index.html", "<p>Your password: 12 characters</p>", None),
    ("logo.key", "a picture", None),
    ("empty", "", None),
]


@pytest.mark.parametrize(("name", "content", "found"), FILES)
def test_a_file(name: str, content: str, found: str | None) -> None:
    assert secret_shapes.secret_in_file(name, content) == found


def test_a_long_text_is_read_in_good_time() -> None:
    for piece in ("a", "a:", "a://", "password=", "$2b$", "user x on ", "-----BEGIN ", "a_b-", "/", "é"):
        long = piece * 100_000
        assert secret_shapes.is_secret_variable("X", long) in (True, False)
        assert secret_shapes.secret_in_file("x", long) != ""
