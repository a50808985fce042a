"""What a value of a development machine becomes in production.

Place in the pipeline: project. Pure. A value is kept, or it becomes a template, a generated secret, a secret from a
vault, or a setting that a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.slipway.stack.plugins.plugin_utils.policy.placeholders import placeholder
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.secret_shapes import is_secret_variable, names_secret
from ansible_collections.slipway.stack.plugins.plugin_utils.project import secret_origins

#: The kinds of :class:`ProductionValue`.
PLAIN, TEMPLATE, SETTING, MISSING, GENERATED, VAULT = "plain", "template", "setting", "missing", "generated", "vault"
DOMAIN = "{{ stack_domain }}"

_DOMAINS = re.compile(r"(?:.*_)?(?:DOMAIN|DOMAIN_NAME|FQDN|HOSTNAME|PUBLIC_HOST|VIRTUAL_HOST|SITE_HOST|SERVER_NAME)")
_ALLOWED = re.compile(r"(?:.*_)?(?:ALLOWED_HOSTS|TRUSTED_HOSTS)")
_ENVIRONMENTS = re.compile(r"(?:.*_)?(?:ENVIRONMENT|ENV|APP_ENV)")
_DEVELOPMENT = frozenset({"local", "dev", "develop", "development", "debug", "test", "testing"})
_DEBUG = re.compile(r"(?:.*_)?(?:DEBUG|DEV_MODE|RELOAD|HOT_RELOAD)")
_FALSE = {"true": "false", "True": "False", "TRUE": "FALSE", "1": "0", "yes": "no", "on": "off"}
_LOCAL = r"(?:localhost|127\.0\.0\.1|\[::1\]|host\.docker\.internal)"
_LOCAL_URL = re.compile(rf"https?://((?:[\w-]+\.)*){_LOCAL}(?::\d+)?", re.IGNORECASE)
_LOCAL_HOST = re.compile(rf"(?<![\w.]){_LOCAL}(?![\w.])", re.IGNORECASE)
_EXAMPLE_DOMAIN = re.compile(r"(?:.*\.)?(?:example|localhost|local|test|lan|invalid)(?:\.(?:com|org|net))?")
_HOSTS = re.compile(r".*HOST|(?:.*_)?SERVER")
_SERVICE = re.compile(r"[a-zA-Z][\w-]{0,62}")
_SERVICE_URL = re.compile(r"[a-zA-Z][\w+.-]{0,30}://(?:[^/@\s]{0,200}@)?([a-zA-Z][\w-]{0,62})(?=[:/?]|$)")
_SWITCHES = frozenset({"true", "false", "yes", "no", "on", "off", "none"})
#: The program that a variable is about, by its first word.
_PROGRAMS = {
    **dict.fromkeys(("POSTGRES", "POSTGRESQL", "PG", "PGHOST"), ("postgres", "pgvector", "postgis", "timescaledb")),
    **dict.fromkeys(("MYSQL", "MARIADB"), ("mysql", "mariadb", "percona")),
    **dict.fromkeys(("REDIS", "CELERY", "CACHE", "VALKEY"), ("redis", "valkey", "keydb")),
    **dict.fromkeys(("MONGO", "MONGODB"), ("mongo", "mongodb")),
    **dict.fromkeys(("RABBITMQ", "AMQP"), ("rabbitmq",)),
    **dict.fromkeys(("DB", "DATABASE", "SQL"), ("postgres", "pgvector", "postgis", "mysql", "mariadb", "mongo")),
}


@dataclass(frozen=True)
class ProductionValue:
    """What is written in production. ``text``: the value or template; empty for secrets. ``reason``: why, in words."""

    kind: str
    text: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Surroundings:
    """``datastores``: by service, the program of each database. ``of_datastores``: variables that a database gets.

    ``names``: by which a service of production reaches another one; none if they are not known.
    """

    datastores: Mapping[str, str]
    of_datastores: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


def decide(name: str, text: str | None, is_example: bool, around: Surroundings) -> ProductionValue:
    """Return what a variable is in production.

    :param text: its value in the repository, ``None`` if it has none. :param is_example: it is in an example file.
    """
    is_secret = names_secret(name) or bool(text and is_secret_variable(name, text))
    if is_secret and (text or is_example or text is None):
        if secret_origins.is_generated(name, name in around.of_datastores):
            return ProductionValue(GENERATED)
        return ProductionValue(VAULT)
    if text is None:
        return ProductionValue(MISSING, reason="has no value in the repository")
    return _plain(name, text, around)


def _plain(name: str, text: str, around: Surroundings) -> ProductionValue:
    words = name.upper()
    if _DOMAINS.fullmatch(words) and (_EXAMPLE_DOMAIN.fullmatch(text) or _LOCAL_HOST.search(text)):
        return ProductionValue(TEMPLATE, DOMAIN)
    if _ALLOWED.fullmatch(words) and ("localhost" in text or text == "*"):
        return ProductionValue(SETTING, DOMAIN, f"is {text!r} in the repository")
    if _ENVIRONMENTS.fullmatch(words) and text.lower() in _DEVELOPMENT:
        return ProductionValue(PLAIN, "production")
    if _DEBUG.fullmatch(words) and text in _FALSE:
        return ProductionValue(PLAIN, _FALSE[text])
    if "localhost" in text.lower() or _LOCAL_HOST.search(text):
        return _without_localhost(words, text, around)
    host = _host(words, text) if around.names else ""
    if host in around.names:
        return ProductionValue(PLAIN, text)
    if host:
        return ProductionValue(MISSING, reason=f"is {text!r} in the repository, and production has no service {host}")
    if text and placeholder(text) and _needs_a_person(words):
        return ProductionValue(MISSING, reason=f"is {text!r} in the repository")
    return ProductionValue(PLAIN, text)


def _host(name: str, text: str) -> str:
    """Return the name of a service that a value leads to, empty if it does not: a host with a dot is another's."""
    in_url = _SERVICE_URL.match(text)
    if in_url:
        return in_url[1].lower()
    is_host = _HOSTS.fullmatch(name) and _SERVICE.fullmatch(text) and text.lower() not in _SWITCHES
    return text.lower() if is_host else ""


def _without_localhost(name: str, text: str, around: Surroundings) -> ProductionValue:
    service = datastore_of(name, text, around.datastores)
    if service:
        return ProductionValue(PLAIN, _LOCAL_HOST.sub(service, text))
    public = _LOCAL_URL.sub(lambda match: f"https://{match[1]}{DOMAIN}", text)
    if public != text:
        parts = list(dict.fromkeys(part.strip() for part in public.split(","))) if "," in public else [public]
        return ProductionValue(SETTING, ",".join(parts), f"is {text!r} in the repository")
    return ProductionValue(MISSING, reason=f"is {text!r} in the repository, which no container reaches")


def program_of(name: str) -> str:
    """Return the word of a variable's name that says about which database it is, empty if none does."""
    return next((word for word in name.upper().split("_") if word in _PROGRAMS), "")


def datastore_of(name: str, text: str, datastores: Mapping[str, str]) -> str:
    """Return the service of the database that a variable is about, empty if none is known.

    :param text: its value, of which the scheme of a URL counts. :param datastores: by service, its program.
    """
    scheme = re.match(r"(\w+)(?:\+\w+)?://", text)
    for word in [scheme[1].upper()] if scheme else name.upper().split("_"):
        programs = _PROGRAMS.get(word, ())
        found = next((service for service, program in datastores.items() if program in programs), "")
        if found:
            return found
    return ""


def _needs_a_person(name: str) -> bool:
    """Return whether a placeholder in a variable says that somebody has to write a value."""
    return name.endswith(("_URL", "_ID", "_BUCKET", "_EMAIL", "_HOST", "_ENDPOINT", "_REGION", "_DSN", "_ACCOUNT"))
