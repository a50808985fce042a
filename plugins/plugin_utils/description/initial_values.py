"""What a database writes into new data and never changes there again: user, password and name of the database.

Place in the pipeline: description, for the manifest. Pure. Another value in the description changes only what the
clients send. So the host compares the value with that of the existing data.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service
from ansible_collections.slipway.stack.plugins.plugin_utils.description.secret_text import Part

#: Variables that images read only when there is no data yet. Source: the documentation of each image.
_NAME = re.compile(
    r"POSTGRES_(?:USER|PASSWORD|DB)"
    r"|POSTGRESQL_(?:USERNAME|PASSWORD|POSTGRES_PASSWORD|DATABASE)"
    r"|(?:MYSQL|MARIADB)_(?:ROOT_PASSWORD|USER|PASSWORD|DATABASE)"
    r"|MONGO(?:DB)?_(?:INITDB_)?ROOT_(?:USER|USERNAME|PASSWORD)"
    r"|RABBITMQ_DEFAULT_(?:USER|PASS)"
    r"|DOCKER_INFLUXDB_INIT_(?:USERNAME|PASSWORD|ADMIN_TOKEN|ORG|BUCKET)"
    r"|NEO4J_AUTH|ELASTIC_PASSWORD|OPENSEARCH_INITIAL_ADMIN_PASSWORD|ARANGO_ROOT_PASSWORD"
    r"|(?:MS)?(?:SQL_)?SA_PASSWORD|ORACLE_PASSWORD|KEYCLOAK_ADMIN_PASSWORD"
)
_IN_A_FILE = "_FILE"


def initial_values(
    service: Service, data_version: Mapping[str, Any] | None, mounts: Iterable[Any], environment: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return ``volume`` and ``values`` of a service that keeps data; ``None`` if nothing is known to be kept.

    ``values``: for each variable, without ``_FILE``, its ``parts`` (see ``secret_text``), and the variable of ``.env``
    with the address of its ``file`` if it is the content of a secret file.

    :param data_version: see :mod:`database_files`; its volume is that of the data.
    :param mounts: the volumes of the service in Compose's short or long notation.
    :param environment: its variables without those that hold a secret.
    """
    volume = data_version["volume"] if data_version else _first_source(mounts)
    if service.service_class != "stateful" or volume is None:
        return None
    files = {posixpath.normpath(mount.target): mount.file for mount in service.secret_mounts}
    values: dict[str, dict[str, Any]] = {}
    for name, value in environment.items():
        file = files.get(posixpath.normpath(str(value)))
        if _NAME.fullmatch(name):
            values[name] = {"parts": [str(value)], "file": None}
        elif name.endswith(_IN_A_FILE) and _NAME.fullmatch(name.removesuffix(_IN_A_FILE)) and file:
            values[name.removesuffix(_IN_A_FILE)] = {"parts": _raw(file.parts), "file": file.variable}
    for name, parts in service.secret_variables.items():
        if _NAME.fullmatch(name):
            values[name] = {"parts": _raw(parts), "file": None}
    return {"volume": volume, "values": values} if values else None


def _raw(parts: Iterable[Part]) -> list[Part]:
    """Return the parts with secrets as they are: how a file quotes them is not part of the value."""
    return [part if isinstance(part, str) else {**part, "quote": "raw"} for part in parts]


def _first_source(mounts: Iterable[Any]) -> str | None:
    """Return the first named volume of a service, else its first directory of the host."""
    sources = [
        str(one.get("source") or "")
        if isinstance(one, Mapping)
        else str(one).partition(":")[0]
        if ":" in str(one)
        else ""
        for one in mounts
    ]
    found = [source for source in sources if source and "/files/" not in source]
    return next((source for source in found if "/" not in source), found[0] if found else None)
