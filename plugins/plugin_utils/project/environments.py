"""The variables of each service in production, as the Compose files would have to give them.

Place in the pipeline: project. Env files are dissolved: their secrets become secrets of the stack, once for all
services that get them, and a database gets only what is for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.scalars import scalar_text
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.secret_shapes import is_secret_variable, names_secret
from ansible_collections.slipway.stack.plugins.plugin_utils.project import (
    given_values,
    production_values,
    read_project,
    secret_origins,
    urls,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.project.collected_values import CollectedValues
from ansible_collections.slipway.stack.plugins.plugin_utils.project.given_values import GivenValue
from ansible_collections.slipway.stack.plugins.plugin_utils.project.read_project import MARKER, ReadProject

#: What the names of variables for a database begin with, by the program.
_PREFIXES = {
    **dict.fromkeys(("postgres", "pgvector", "postgis", "timescaledb"), ("POSTGRES_", "PG")),
    **dict.fromkeys(("mysql", "mariadb", "percona"), ("MYSQL_", "MARIADB_")),
    **dict.fromkeys(("redis", "valkey", "keydb"), ("REDIS_", "VALKEY_")),
    **dict.fromkeys(("mongo", "mongodb"), ("MONGO",)),
    "rabbitmq": ("RABBITMQ_",),
}
_OF_DATABASES = re.compile(r"(?:^|_)(?:DB|DATABASE|SQL|POSTGRES|POSTGRESQL|PG|MYSQL|MARIADB|MONGO|REDIS|RABBITMQ|AMQP)")
_FOR_COMPOSE = re.compile(r"COMPOSE_\w+|DOCKER_\w*IMAGE\w*|(?:IMAGE_)?TAG|STACK_NAME")


def datastores(project: ReadProject, running: Mapping[str, Any]) -> dict[str, str]:
    """Return the program of each database that runs, by service."""
    return {name: str(one.datastore).rpartition("/")[2] for name, one in running.items() if one.is_datastore}


def names(project: ReadProject, running: Mapping[str, Any]) -> frozenset[str]:
    """Return the names, in lower case, by which the services that run reach each other."""
    found = set(running)
    for service in running:
        keys: Any = project.document.services[service]
        found |= {str(keys[key]) for key in ("container_name", "hostname") if keys.get(key)}
        networks = keys.get("networks")
        for options in networks.values() if isinstance(networks, Mapping) else ():
            found |= {str(alias) for alias in (options or {}).get("aliases") or []}
        found |= {re.split("[=:]", str(host))[0] for host in keys.get("extra_hosts") or []}
    return frozenset(name.lower() for name in found)


def of_datastores(project: ReadProject, programs: Mapping[str, str]) -> frozenset[str]:
    """Return the variables that a database gets, by the names that the files and the env files have for them."""
    found: set[str] = set()
    for name, program in programs.items():
        keys = project.marked.services[name]
        for key, text in (keys.get("environment") or {}).items():
            found |= {str(key), *MARKER.findall("" if text is None else scalar_text(text))}
        found |= set(env_file_values(project, name, program))
        found |= set(MARKER.findall(str(keys.get("command") or "")))
    return frozenset(found)


def env_file_values(project: ReadProject, service: str, program: str) -> dict[str, GivenValue]:
    """Return the variables that a service gets from its env files, or from the examples of these.

    :param program: of a database, which gets only the variables for it; empty for other services.
    """
    entries: Any = project.document.services[service].get("env_file") or []
    result: dict[str, GivenValue] = {}
    for entry in entries if isinstance(entries, list) else [entries]:
        path = read_project.plain_path(project, str(entry.get("path") if isinstance(entry, Mapping) else entry))
        result |= given_values.of_file(project.tree, path) if path else {}
    prefixes = _PREFIXES.get(program)
    return {
        name: one
        for name, one in result.items()
        if not _FOR_COMPOSE.fullmatch(name) and (prefixes is None or name.startswith(prefixes))
    }


@dataclass
class Environments:
    """Makes the environment of one service after the other; databases first, so that their passwords are known."""

    project: ReadProject
    values: CollectedValues
    programs: Mapping[str, str]

    def __post_init__(self) -> None:
        #: By service of a database, the references to its secrets by their value in the repository.
        self._passwords: dict[str, dict[str, str]] = {}

    def of(self, service: str) -> dict[str, str]:
        """Return the environment of a service, in the notation of Compose files."""
        result: dict[str, str] = {}
        for name, given in env_file_values(self.project, service, self.programs.get(service, "")).items():
            result[name] = self._text(service, name, given.text, given)
        written: Any = self.project.marked.services[service].get("environment") or {}
        for name, value in written.items():
            if value is None and str(name) not in self.project.given:
                continue
            place = self.project.place(service, "environment", name)
            file, _colon, line = place.rpartition(":")
            text = f"\ue010{name}\ue011" if value is None else scalar_text(value)
            result[str(name)] = self._text(service, str(name), text, GivenValue(text, file, int(line or 0)))
        return result

    def references(self, text: str) -> str:
        """Return a text of the marked document as Compose files have it: a reference for each marker."""
        parts, position = [], 0
        for match in MARKER.finditer(text):
            parts.append(text[position : match.start()].replace("$", "$$"))
            parts.append(self.values.reference(match[1], self.project.given.get(match[1])))
            position = match.end()
        return "".join([*parts, text[position:].replace("$", "$$")])

    def text_of_argument(self, service: str, name: str, text: str, place: str) -> str:
        """Return the value of a build argument in the notation of Compose files; empty for a secret.

        An image keeps its arguments, so everybody who has the image can read them.
        """
        if MARKER.search(text):
            found = self.references(text)
            return "" if any(secret_origins.reference(secret) in found for secret in self.values.secrets) else found
        if is_secret_variable(name, text):
            return ""
        file, _colon, line = place.rpartition(":")
        return self.values.reference(name, GivenValue(text, file, int(line or 0)), service)

    def _text(self, service: str, name: str, text: str, given: GivenValue) -> str:
        if MARKER.search(text):
            whole = MARKER.fullmatch(text)
            found = self.references(text)
            if whole and service in self.programs and names_secret(name):
                known = self.project.given.get(whole[1])
                self._remember(service, known.text if known else "", found)
            return found
        in_url = urls.find(text)
        if in_url and (database := self._database(in_url.host, name)):
            passwords = self._passwords.get(database, {})
            only = next(iter(passwords.values())) if len(passwords) == 1 else ""
            password = passwords.get(in_url.password) or only
            password = password or self.values.secret(
                f"{database}_password".upper(), GivenValue(in_url.password, given.file, given.line)
            )
            after = in_url.after.replace(f"@{in_url.host}", f"@{database}", 1)
            return f"{in_url.before.replace('$', '$$')}{password}{after.replace('$', '$$')}"
        if in_url:
            return self.values.issued(name, given)
        if same := self._same_password(name, text):
            return same
        found = self.values.reference(name, given, service)
        if service in self.programs and names_secret(name):
            self._remember(service, text, found)
        return found

    def _remember(self, service: str, text: str, reference: str) -> None:
        self._passwords.setdefault(service, {})[text] = reference

    def _database(self, host: str, name: str) -> str:
        """Return the service of the database at a host, which is ``localhost`` outside of containers."""
        if host in self.project.plain.services:
            return host
        if host not in ("localhost", "127.0.0.1", "host.docker.internal"):
            return ""
        scheme = re.split("[_-]", name.lower())
        return next((service for service in self.programs if set(scheme) & {service, self.programs[service]}), "") or (
            next(iter(self.programs), "")
        )

    def _same_password(self, name: str, text: str) -> str:
        """Return the reference to the password of a database that a variable of its client repeats."""
        if not (names_secret(name) and _OF_DATABASES.search(name.upper())):
            return ""
        # In an example, the passwords of all databases are the same: the name tells whose it is.
        program = production_values.program_of(name)
        if program:
            service = production_values.datastore_of(name, "", self.programs)
            return self._passwords.get(service, {}).get(text, "")
        return next((known[text] for known in self._passwords.values() if text in known), "")
