"""Secrets: none in a file that is kept in a repository, none where every look at a container shows it.

Judged is what the file itself says: a variable's default counts as written there, its value from `.env` does not.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..interpolation import interpolate
from ..notation import mark_of
from ..parts import Path
from ..registry import Problem, service_rule
from ..stack import LONGEST, Service, Stack, spelled

_REFERENCE = "Compose specification, secrets; OWASP Docker Security Cheat Sheet, rule 12"
_FIX = (
    "Put it into a file under the top-level `secrets` and give the service its path, as in POSTGRES_PASSWORD_FILE; and "
    "change the secret, since it has been in the repository."
)
SECRET_NAME = re.compile(
    r"(?:^|[_.-]|(?<=[a-z]))(?:password|passwd|passphrase|pass|pwd|secret|secret[_-]?key|secret[_-]?key[_-]?base|token"
    r"|api[_-]?key|apikey|access[_-]?key|private[_-]?key|encryption[_-]?key|signing[_-]?key|master[_-]?key|credentials?"
    r"|app[_-]?key|auth[_-]?key|secret[_-]?access[_-]?key)(?:_\d+)?$",
    re.IGNORECASE,
)
_SHAPES = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|glpat-[\w-]{20}|xox[abpr]-[\w-]{10,}|sk_live_\w{16,}"
    r"|sk-[A-Za-z0-9_-]{32,}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|AIza[\w-]{35}|SG\.[\w-]{20,}\.[\w-]{20,}|\b\d{8,10}:AA[\w-]{33}\b"
)
URL_WITH_PASSWORD = re.compile(
    r"[a-z][a-z0-9+.-]{0,30}://[^/\s:@]{0,200}:((?:\$\{[^}]{0,200}\}|[^/\s@]){1,200})@", re.IGNORECASE
)
_ARGUMENT = re.compile(
    r"(?:--?(?:requirepass|masterauth|[a-z-]*password|passwd|token|secret(?:-key)?|api-?key)[=\s]+"
    r"|\b[A-Z_]*(?:PASSWORD|SECRET|TOKEN|PGPASSWORD|MYSQL_PWD|REDISCLI_AUTH|API_KEY)="
    r"|redis-cli(?:\s+-[hpn]\s+\S+)*\s+-a\s+|mysql(?:admin|dump)?\s[^|;&]{0,200}?\s-p(?=\S))"
    r"[\"']?(\S{1,200})"
)
_NO_SECRETS = frozenset(
    {"", "true", "false", "yes", "no", "none", "null", "on", "off", "0", "1", "required", "optional"}
)


def written(container: Any, key: Any, value: Any) -> str:
    """Return what the file itself says for a value, as it would be without any variable set."""
    mark = mark_of(container, key)
    if mark is not None and mark.source and "$" in mark.source:
        return interpolate(mark.source[:LONGEST], {})
    return spelled(value)[:LONGEST]


def is_secret(text: str) -> bool:
    """Return whether what stands under the name of a secret is one, and no switch, path or unknown variable."""
    return (
        text.lower() not in _NO_SECRETS and "${" not in text and not text.startswith(("/run/secrets", "/etc/", "file:"))
    )


def _looks_random(text: str) -> bool:
    if not 24 <= len(text) <= 200 or not re.fullmatch(r"[A-Za-z0-9+/=_-]+", text) or text.startswith("/"):
        return False
    kinds = sum(bool(re.search(kind, text)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    counts = Counter(text).values()
    entropy = -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
    return kinds == 3 and entropy > 3.9


@service_rule(
    "wwee",
    "compose-lint:CL-0020 compose-auditor:SEC005 hadolint:DL3064",
    id="SLP050",
    title="No secret is written into environment",
    reason="It is in the repository and its history for ever, and whoever may read the one may use the other.",
    fix=_FIX,
    reference=_REFERENCE,
)
def in_environment(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find values, defaults of variables too, under the names of secrets or of the shape of one."""
    for name, value in service.environment.items():
        text = written(service.environment, name, value)
        if not is_secret(text):
            continue
        if SECRET_NAME.search(name) and not URL_WITH_PASSWORD.search(text):
            yield f"has a secret in the file: {name}", ("environment", name)
        elif _SHAPES.search(text) or _looks_random(text):
            yield f"has what looks like a secret in the file: {name}", ("environment", name)


@service_rule(
    "--ww",
    id="SLP051",
    title="A secret is handed over as a file, not in environment",
    reason="Everything in `environment` is shown by docker inspect, inherited by every child process and printed by "
    "many a crash report.",
    fix="Use the top-level `secrets` and the image's `…_FILE` variable. Where it has none, except this with a reason.",
    reference=_REFERENCE,
)
def handed_over(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find secrets that come from a variable of Compose, alone or inside of a URL."""
    for name, value in service.environment.items():
        text = written(service.environment, name, value)
        if SECRET_NAME.search(name) and not URL_WITH_PASSWORD.search(text) and (value is None or "${" in text):
            yield f"is given a secret in its environment: {name}", ("environment", name)
        elif any("${" in match[1] for match in URL_WITH_PASSWORD.finditer(text)):
            yield f"is given a URL with a password in its environment: {name}", ("environment", name)


def _texts(service: Service) -> Iterator[tuple[str, str, Path]]:
    """Yield for each text of a service where passwords in URLs turn up: what to call it, as written, its path."""
    for name, value in service.environment.items():
        if value is not None:
            yield name, written(service.environment, name, value), ("environment", name)
    for key in ("command", "entrypoint"):
        yield key, _line(service.keys, key), (key,)
    for name, value in service.mapping("build", "args").items():
        yield f"build argument {name}", written(service.mapping("build", "args"), name, value), ("build", "args", name)


def _line(container: Any, key: str) -> str:
    """Return a command as it is written, variables and all, as one text."""
    value = container.get(key)
    if isinstance(value, list):
        return " ".join(_source(value, index, item) for index, item in enumerate(value))[:LONGEST]
    return _source(container, key, value)[:LONGEST]


def _source(container: Any, key: Any, value: Any) -> str:
    mark = mark_of(container, key)
    return mark.source if mark is not None and mark.source else spelled(value)


@service_rule(
    "wwee",
    "compose-lint:CL-0021",
    id="SLP052",
    title="No URL has a password in it",
    reason="It is in the repository, and URLs end up in logs and error messages besides.",
    fix=_FIX,
    reference=_REFERENCE,
)
def in_url(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find URLs whose password is written out, in environment, commands and build arguments."""
    for name, text, path in _texts(service):
        if any("$" not in match[1] for match in URL_WITH_PASSWORD.finditer(interpolate(text, {})[:LONGEST])):
            yield f"has a URL with its password in the file: {name}", path


@service_rule(
    "iwee",
    "compose-lint:CL-0020",
    id="SLP053",
    title="No secret is on a command line",
    reason="Command lines are in the process list of the host and in docker inspect, whoever the container runs as.",
    fix="Give the program a file: a configuration file among the `secrets`, or let a shell read it: "
    '`"$$(cat /run/secrets/password)"`.',
    reference=_REFERENCE,
)
def on_command_line(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find passwords among the arguments of commands and health checks, from Compose's variables too."""
    check = service.mapping("healthcheck")
    for container, path in (
        (service.keys, ("command",)),
        (service.keys, ("entrypoint",)),
        (check, ("healthcheck", "test")),
    ):
        for match in _ARGUMENT.finditer(_line(container, path[-1])):
            value = match[1].strip("\"'")
            # A doubled dollar is the shell's own, inside the container.
            if value and not value.startswith(("$$", "$(", "/run/secrets", "\\", "-")):
                yield f"has a secret on the command line of its {path[0]}", path
                break


@service_rule(
    "wwee",
    id="SLP054",
    title="No secret is in a label",
    reason="Labels are shown to everybody who may list containers, and to every proxy and monitor on the socket.",
    fix="Take it out; a proxy's passwords belong into a file that it reads, such as `usersfile` of Traefik.",
    reference=_REFERENCE,
)
def in_labels(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find secrets, password hashes for basic authentication among them, in labels."""
    for name, value in service.labels.items():
        text = written(service.labels, name, value)
        if not is_secret(text):
            continue
        hashed = name.endswith("basicauth.users") or re.search(r":\$(?:apr1|2[aby]|5|6)\$", text)
        if SECRET_NAME.search(name) or hashed or _SHAPES.search(text) or URL_WITH_PASSWORD.search(text):
            yield f"has a secret in its label {name}", ("labels", name)


@service_rule(
    "wwee",
    "hadolint:DL3064",
    id="SLP055",
    title="No secret is a build argument",
    reason="Arguments stay in the image's history, where everybody who can pull it reads them.",
    fix="Use build secrets: `RUN --mount=type=secret,id=…`, and `build.secrets`.",
    reference="Compose specification, build, args and secrets",
)
def in_build_arguments(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find build arguments under the names of secrets, whatever their value comes from."""
    arguments = service.mapping("build", "args")
    for name, value in arguments.items():
        text = written(arguments, name, value)
        if (SECRET_NAME.search(name) and text.lower() not in _NO_SECRETS - {""}) or _SHAPES.search(text):
            yield f"is built with a secret as an argument: {name}", ("build", "args", name)


@service_rule(
    "wwee",
    id="SLP056",
    title="Nobody gets in without a password",
    reason="`trust`, an allowed empty password or security switched off let everybody in who reaches the port.",
    fix="Take the setting away and give the service a password, from a file.",
    reference="The images' own documentation: postgres, mysql, bitnami, elasticsearch",
)
def open_door(service: Service, stack: Stack) -> Iterator[Problem]:
    """Find the variables and arguments that switch authentication off."""
    for name, value in service.told.items():
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
            yield f"lets everybody in: {name} is {value!r}", ("environment", name)
    if re.search(r"--protected-mode[=\s]+no\b|--skip-grant-tables|\btrust\b.*pg_hba|--noauth\b", service.command):
        yield "lets everybody in, by its command", ("command",)
