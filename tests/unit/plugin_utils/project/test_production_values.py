"""What a value of a development machine becomes in production."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.project import production_values, secret_origins, urls
from ansible_collections.slipway.stack.plugins.plugin_utils.project.production_values import (
    GENERATED,
    MISSING,
    PLAIN,
    SETTING,
    TEMPLATE,
    VAULT,
    Surroundings,
)

AROUND = Surroundings(
    {"pg": "postgres", "cache": "redis"}, frozenset({"POSTGRES_PASSWORD"}), frozenset({"pg", "cache", "redis", "api"})
)


@pytest.mark.parametrize(
    ("name", "text", "is_example", "kind", "result"),
    [
        ("SECRET_KEY", "changethis", False, GENERATED, ""),
        ("SECRET_KEY", "", True, GENERATED, ""),
        ("POSTGRES_PASSWORD", "changethis", False, GENERATED, ""),
        ("FIRST_SUPERUSER_PASSWORD", "changethis", False, GENERATED, ""),
        ("SMTP_PASSWORD", "s3cret", False, VAULT, ""),
        ("STRIPE_API_KEY", "", True, VAULT, ""),
        ("FERNET_SECRET_KEY", "x" * 32, False, VAULT, ""),
        ("SMTP_PASSWORD", "", False, PLAIN, ""),
        ("OPENAI_API_KEY", None, False, VAULT, ""),
        ("DOMAIN", "localhost", False, TEMPLATE, "{{ stack_domain }}"),
        ("DOMAIN", "shop.acme.io", False, PLAIN, "shop.acme.io"),
        ("ENVIRONMENT", "local", False, PLAIN, "production"),
        ("APP_DEBUG", "True", False, PLAIN, "False"),
        ("REDIS_URL", "redis://localhost:6379/0", False, PLAIN, "redis://cache:6379/0"),
        ("POSTGRES_SERVER", "localhost", False, PLAIN, "pg"),
        ("FRONTEND_HOST", "http://localhost:5173", False, SETTING, "https://{{ stack_domain }}"),
        ("CORS", "http://localhost,http://api.localhost:80", False, SETTING,
         "https://{{ stack_domain }},https://api.{{ stack_domain }}"),
        ("ALLOWED_HOSTS", "localhost", False, SETTING, "{{ stack_domain }}"),
        ("MAIL_HOST", "localhost", False, MISSING, ""),
        # A name that is also a usual placeholder.
        ("REDIS_HOST", "redis", True, PLAIN, "redis"),
        ("API_URL", "http://api:8000/v1", False, PLAIN, "http://api:8000/v1"),
        ("SMTP_HOST", "mailpit", False, MISSING, ""),
        ("SMTP_URL", "smtp://mailpit:1025", False, MISSING, ""),
        ("SMTP_HOST", "smtp.example.com", False, PLAIN, "smtp.example.com"),
        ("VITE_HOST", "true", False, PLAIN, "true"),
        ("DATABASE_URL", "sqlite:///data.db", False, PLAIN, "sqlite:///data.db"),
        ("WORKERS", None, False, MISSING, ""),
        ("WORKERS", "4", False, PLAIN, "4"),
    ],
)  # fmt: skip
def test_a_value_in_production(name: str, text: str | None, is_example: bool, kind: str, result: str) -> None:
    found = production_values.decide(name, text, is_example, AROUND)
    assert (found.kind, found.text) == (kind, result)


def test_only_the_password_of_a_url_is_found() -> None:
    found = urls.find("postgresql://app:pass-1@db:5432/app?x=1")
    assert found is not None
    assert (found.before, found.password, found.after, found.host) == (
        "postgresql://app:",
        "pass-1",
        "@db:5432/app?x=1",
        "db",
    )
    assert urls.find("https://example.com/a:b@c") is None


@pytest.mark.parametrize(("name", "secret"), [("DB_PASSWORD", "db_password"), ("a.b-C", "a_b_c"), ("__", "secret")])
def test_a_secret_has_a_valid_name(name: str, secret: str) -> None:
    assert secret_origins.secret_name(name) == secret
