"""Where secrets come from: values that the description gives, and secrets that the host generates.

Place in the pipeline: description. Pure.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping

from ansible_collections.slipway.stack.plugins.plugin_utils.description import names, schema
from ansible_collections.slipway.stack.plugins.plugin_utils.description.draft import Draft
from ansible_collections.slipway.stack.plugins.plugin_utils.description.fields import SECRET_FIELDS
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Secret, Service


def read(given: object) -> dict[str, Secret]:
    """Return the secrets of ``stack_secrets`` by name.

    :param given: as written: a text, ``{value: …}``, ``{base64: …}`` or ``{generate: LENGTH}`` by name.
    :raises ValueError: for one that is none of these; the message never shows a value.
    """
    if not isinstance(given, Mapping):
        raise ValueError(f"stack_secrets: {type(given).__name__} is not a mapping of names to secrets")
    return {name: _read(name, source) for name, source in given.items()}


def _read(name: str, source: object) -> Secret:
    where = f"stack_secrets, secret {name!r}"
    names.check(name, where, names.MAX_SECRET_NAME)
    if isinstance(source, str):
        secret = Secret(name, value=source)
    elif isinstance(source, Mapping):
        if isinstance(source.get("value"), (bool, list, Mapping)):
            # Checked here, because the schema's message would show the value.
            raise ValueError(f"{where}: key 'value' is not text; put it in quotes")
        if not str(source.get("generate") or 0).isdecimal():
            # The same: it may be the secret itself, under the wrong key.
            raise ValueError(f"{where}: key 'generate' is not a whole number; the secret itself is the 'value'")
        if isinstance(source.get("base64"), (bool, list, Mapping)):
            raise ValueError(f"{where}: key 'base64' is not text; put it in quotes")
        values = schema.read(source, SECRET_FIELDS, where)
        if [values[key] is not None for key in SECRET_FIELDS].count(True) != 1:
            raise ValueError(f"{where}: give one of 'value', 'base64' and 'generate'")
        value = _decoded(where, values["base64"]) if values["base64"] is not None else values["value"]
        secret = Secret(name, value, values["generate"])
    else:
        raise ValueError(f"{where}: give a text, or {{generate: LENGTH}}")
    if secret.value == "":
        raise ValueError(f"{where}: the value is empty")
    if secret.generate is not None and not 16 <= secret.generate <= 1024:
        raise ValueError(f"{where}: key 'generate': a length from 16 to 1024 characters, not {secret.generate}")
    return secret


def _decoded(where: str, text: str) -> str:
    """Return the bytes of a binary secret; those that are not UTF-8 become lone surrogates."""
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "surrogateescape")
    except ValueError:
        raise ValueError(f"{where}: key 'base64' is not base64") from None


def of_kinds(drafts: Mapping[str, Draft]) -> dict[str, Secret]:
    """Return the secrets that the services' kinds bring along, named ``SERVICE_SECRET``."""
    return {
        f"{draft.name}_{name}": Secret(f"{draft.name}_{name}", generate=spec["generate"])
        for draft in drafts.values()
        for name, spec in draft.body["secrets"].items()
    }


def previous(drafts: Mapping[str, Draft], known: Mapping[str, Secret]) -> dict[str, Secret]:
    """Return the secrets ``NAME_previous`` that services ask for with ``previous: true``.

    :param known: all other secrets.
    :raises ValueError: for one that has a name of another secret, or whose secret the host does not generate.
    """
    result = {}
    for draft in drafts.values():
        for use in draft.secrets:
            if not isinstance(use, Mapping) or use.get("previous") is not True:
                continue
            name, where = str(use.get("name")), f"{draft.where}: key 'secrets': 'previous' of {use.get('name')!r}"
            if name in known and known[name].generate is None:
                raise ValueError(
                    f"{where}: only a secret that the server generates has a previous value; give the old value of "
                    f"this one to the service as a secret of its own"
                )
            if f"{name}_previous" in known:
                raise ValueError(f"{where}: there is a secret {name + '_previous'!r} already; give it another name")
            names.check(f"{name}_previous", where, names.MAX_SECRET_NAME)
            if use.get("text") or use.get("target"):
                raise ValueError(f"{where}: it goes with 'env' or without any other key, not with 'text' or 'target'")
            result[f"{name}_previous"] = Secret(f"{name}_previous", previous=name)
    return result


def check_given(given: Mapping[str, Secret], drafts: Mapping[str, Draft]) -> None:
    """Check the secrets of ``stack_secrets`` that replace one of a kind: server and clients must read them alike.

    :raises ValueError: for a value that ends in a line break, which some programs take for a part of it.
    """
    for name in of_kinds(drafts):
        if name in given and (given[name].value or "").endswith(("\n", "\r")):
            raise ValueError(
                f"stack_secrets, secret {name!r}: the value ends in a line break, which some programs read as a part "
                f"of it and others do not; encrypt it again without one (echo -n), or append a trim filter"
            )


def of_files(drafts: Mapping[str, Draft]) -> dict[str, Secret]:
    """Return the secrets that are mounted files, such as private keys."""
    return {
        file.secret: Secret(file.secret, value=file.text) for draft in drafts.values() for file in draft.private_files
    }


def check_variables(services: Iterable[Service], secrets: Mapping[str, Secret]) -> None:
    """Check that no variable and no line of a configuration gets a secret that it cannot hold.

    :raises ValueError: for a binary secret in a variable, or one with a NUL character.
    """
    for service in services:
        files = [*(mount.file for mount in service.secret_mounts), service.secret_env]
        parts = [part for file in files if file for part in file.parts if isinstance(part, dict)]
        for part in parts:
            value = secrets[part["secret"]].value or ""
            if part["quote"] in ("dotenv", "redis") and re.search("[\0\ud800-\udfff]", value):
                raise ValueError(
                    f"service {service.name!r}: key 'secrets': {part['secret']!r} is binary, and a variable or a line "
                    f"can have text only; give it to the service as a file, without 'env'"
                )


def used(services: Iterable[Service], secrets: Mapping[str, Secret]) -> dict[str, Secret]:
    """Return those of *secrets* that a file or a variable of *services* holds."""
    files = [
        file
        for service in services
        for file in [*(mount.file for mount in service.secret_mounts), service.secret_env]
        if file
    ]
    named = {part["secret"] for file in files for part in file.parts if isinstance(part, dict)}
    return {name: secret for name, secret in secrets.items() if name in named}
