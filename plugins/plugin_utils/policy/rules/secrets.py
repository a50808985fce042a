"""Secrets: not in a file of a repository, and not where the engine shows them.

The rules check the text of the Compose file. The default of a variable is part of it, a value from `.env` is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ...compose_reader.interpolation import Scope, interpolate
from ...compose_reader.scalars import scalar_text
from ...compose_reader.source_positions import KeyPath, mark_of
from ..rule_registry import Problem, service_rule
from ..secret_shapes import (
    NO_SECRETS,
    URL_WITH_PASSWORD,
    has_secret_format,
    is_secret_variable,
    is_value,
    names_secret,
)
from ..stack import MAX_SCANNED, Service, Stack

_REFERENCE = "Compose specification, secrets; OWASP Docker Security Cheat Sheet, rule 12"
_FIX = (
    "Move the secret to a file under the top-level `secrets`, and give the service its path, such as "
    "POSTGRES_PASSWORD_FILE. Change the secret, because it was in the repository."
)
#: Options and variables in a command line that pass a secret.
_SECRET_ARGUMENT = re.compile(
    r"(?:--?(?:requirepass|masterauth|[a-z-]*password|passwd|token|secret(?:-key)?|api-?key)[=\s]+"
    r"|\b[A-Z_]*(?:PASSWORD|SECRET|TOKEN|PGPASSWORD|MYSQL_PWD|REDISCLI_AUTH|API_KEY)="
    r"|redis-cli(?:\s+-[hpn]\s+\S+)*\s+-a\s+|mysql(?:admin|dump)?\s[^|;&]{0,200}?\s-p(?=\S))"
    r"[\"']?(\S{1,200})"
)


_NO_VARIABLES = Scope({})


def text_in_file(container: Any, key: Any, value: Any) -> str:
    """Return a value as the file has it: with the defaults of its variables, as if no variable was set."""
    mark = mark_of(container, key)
    if mark is not None and mark.source and "$" in mark.source:
        return interpolate(mark.source[:MAX_SCANNED], _NO_VARIABLES)
    return scalar_text(value)[:MAX_SCANNED]


@service_rule(
    "wwee",
    "compose-lint:CL-0020 compose-auditor:SEC005 hadolint:DL3064",
    id="SLP050",
    title="No secret is written in environment",
    reason="The secret stays in the repository and its history. Everybody who can read the repository can use it.",
    fix=_FIX,
    reference=_REFERENCE,
)
def in_environment(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find values and defaults of variables that have the name or the format of a secret."""
    for name, value in service.environment.items():
        text = text_in_file(service.environment, name, value)
        if URL_WITH_PASSWORD.search(text) or not is_secret_variable(name, text):
            continue
        if names_secret(name):
            yield f"has a secret in the file: {name}", ("environment", name)
        else:
            yield f"has a value that looks like a secret in the file: {name}", ("environment", name)


@service_rule(
    "--ww",
    id="SLP051",
    title="A secret is passed as a file, not in environment",
    reason="`docker inspect` shows everything in `environment`, every child process inherits it, and many crash "
    "reports print it.",
    fix="Use the top-level `secrets` and the `…_FILE` variable of the image. If the image has none, add an exception.",
    reference=_REFERENCE,
)
def from_variable(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find secrets that come from a variable of Compose, alone or inside of a URL."""
    for name, value in service.environment.items():
        text = text_in_file(service.environment, name, value)
        if names_secret(name) and not URL_WITH_PASSWORD.search(text) and (value is None or "${" in text):
            yield f"gets a secret in its environment: {name}", ("environment", name)
        elif any("${" in match[1] for match in URL_WITH_PASSWORD.finditer(text)):
            yield f"gets a URL with a password in its environment: {name}", ("environment", name)


def _texts(service: Service) -> Iterator[tuple[str, str, KeyPath]]:
    """Yield the texts of a service that can have URLs with passwords: a name for messages, the text, its path."""
    for name, value in service.environment.items():
        if value is not None:
            yield name, text_in_file(service.environment, name, value), ("environment", name)
    for key in ("command", "entrypoint"):
        yield key, _line(service.keys, key), (key,)
    for name, value in service.mapping("build", "args").items():
        yield (
            f"build argument {name}",
            text_in_file(service.mapping("build", "args"), name, value),
            ("build", "args", name),
        )


def _line(container: Any, key: str) -> str:
    """Return a command as the file has it, with its variables, as one text."""
    value = container.get(key)
    if isinstance(value, list):
        return " ".join(_source(value, index, item) for index, item in enumerate(value))[:MAX_SCANNED]
    return _source(container, key, value)[:MAX_SCANNED]


def _source(container: Any, key: Any, value: Any) -> str:
    mark = mark_of(container, key)
    return mark.source if mark is not None and mark.source else scalar_text(value)


@service_rule(
    "wwee",
    "compose-lint:CL-0021",
    id="SLP052",
    title="No URL contains a password",
    reason="The password is in the repository. URLs also end up in logs and error messages.",
    fix=_FIX,
    reference=_REFERENCE,
)
def in_url(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find URLs with a password in environment, commands and build arguments."""
    for name, text, path in _texts(service):
        shown = interpolate(text, _NO_VARIABLES)[:MAX_SCANNED]
        if any("$" not in match[1] for match in URL_WITH_PASSWORD.finditer(shown)):
            yield f"has a URL with a password in the file: {name}", path


@service_rule(
    "iwee",
    "compose-lint:CL-0020",
    id="SLP053",
    title="No secret is on a command line",
    reason="The process list of the host and `docker inspect` show command lines, whatever user the container has.",
    fix="Pass a file to the program: a configuration file in `secrets`, or a secret that a shell reads: "
    '`"$$(cat /run/secrets/password)"`.',
    reference=_REFERENCE,
)
def on_command_line(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find passwords in the arguments of commands and health checks, also those from variables of Compose."""
    check = service.mapping("healthcheck")
    for container, path in (
        (service.keys, ("command",)),
        (service.keys, ("entrypoint",)),
        (check, ("healthcheck", "test")),
    ):
        for match in _SECRET_ARGUMENT.finditer(_line(container, path[-1])):
            value = match[1].strip("\"'")
            # Compose passes a doubled dollar to the shell in the container, which reads the secret itself.
            if value and not value.startswith(("$$", "$(", "/run/secrets", "\\", "-")):
                yield f"has a secret on the command line of its {path[0]}", path
                break


@service_rule(
    "wwee",
    id="SLP054",
    title="No secret is in a label",
    reason="Everybody who can list containers can read labels, and so can every proxy and monitor on the Docker "
    "socket.",
    fix="Remove the label. Move the passwords of a proxy to a file that it reads, such as `usersfile` of Traefik.",
    reference=_REFERENCE,
)
def in_labels(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find secrets in labels, also password hashes for basic authentication."""
    for name, value in service.labels.items():
        text = text_in_file(service.labels, name, value)
        if not is_value(text):
            continue
        hashed = name.endswith("basicauth.users") or re.search(r":\$(?:apr1|2[aby]|5|6)\$", text)
        if names_secret(name) or hashed or has_secret_format(text) or URL_WITH_PASSWORD.search(text):
            yield f"has a secret in its label {name}", ("labels", name)


@service_rule(
    "wwee",
    "hadolint:DL3064",
    id="SLP055",
    title="No secret is a build argument",
    reason="Build arguments stay in the history of the image. Everybody who can pull the image can read them.",
    fix="Use build secrets: `RUN --mount=type=secret,id=…`, and `build.secrets`.",
    reference="Compose specification, build, args and secrets",
)
def in_build_arguments(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find build arguments with the name of a secret, wherever their value comes from."""
    arguments = service.mapping("build", "args")
    for name, value in arguments.items():
        text = text_in_file(arguments, name, value)
        if (names_secret(name) and text.lower() not in NO_SECRETS - {""}) or has_secret_format(text):
            yield f"has a secret as a build argument: {name}", ("build", "args", name)


@service_rule(
    "wwee",
    id="SLP056",
    title="Authentication is not disabled",
    reason="With `trust`, an empty password or disabled security, everybody who reaches the port has access.",
    fix="Remove the setting, and give the service a password from a file.",
    reference="The images' own documentation: postgres, mysql, bitnami, elasticsearch",
)
def authentication_disabled(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find variables and arguments that disable authentication."""
    for name, value in service.variables.items():
        text = value.strip().lower()
        if (
            (name == "POSTGRES_HOST_AUTH_METHOD" and text == "trust")
            or (name == "POSTGRES_INITDB_ARGS" and "trust" in text)
            or (
                (re.fullmatch(r"(?:MYSQL|MARIADB)_ALLOW_EMPTY(?:_ROOT)?_PASSWORD|ALLOW_EMPTY_PASSWORD", name))
                and text in ("1", "yes", "true", "on")
            )
            or (
                (name in ("xpack.security.enabled", "plugins.security.disabled"))
                and text == ("false" if name.startswith("xpack") else "true")
            )
        ):
            yield f"has authentication disabled: {name} is {value!r}", ("environment", name)
    if re.search(r"--protected-mode[=\s]+no\b|--skip-grant-tables|\btrust\b.*pg_hba|--noauth\b", service.command):
        yield "has authentication disabled by its command", ("command",)
