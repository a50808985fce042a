"""The environment of one service: variables, variables that hold secrets, and secret files, from several sources.

Place in the pipeline: description, under ``connections``. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import dotenv, secret_text
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import SecretMount
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field
from ansible_collections.slipway.stack.plugins.plugin_utils.description.secret_text import SecretFile

SECRET_USE_FIELDS = {
    "name": Field("str", "name in stack_secrets", required=True),
    "target": Field("str", "path in the container"),
    "owner": Field("str", "with target, uid:gid of its owner in place of the service's user"),
    "mode": Field("str", "with target, its mode in octal digits, such as 0440"),
    "env": Field("str", "variable that gets the secret itself, for an application that cannot read files"),
    "previous": Field(
        "bool",
        "whether it reads the value before the last rotation, too: NAME_previous, or the variable with _PREVIOUS",
        default=False,
    ),
    "text": Field("str", "with env, a longer text for the variable; {NAME} in it is replaced by the secret"),
}


class Variables:
    """Collects the environment of a service, and refuses a variable that two sources set.

    :param owner: uid and gid of the service's secret files.
    """

    def __init__(self, service: str, owner: tuple[int, int]) -> None:
        self._service = service
        self._owner = owner
        self._origin: dict[str, str] = {}
        #: Variables that hold a secret: their text with placeholders.
        self._secret: dict[str, str] = {}
        self.environment: dict[str, str] = {}
        self.mounts: dict[str, SecretMount] = {}
        #: Variables with the name of a login, by the secret that is its password.
        self.logins: dict[str, str] = {}

    def variable(self, name: str, value: object, origin: str) -> None:
        """Set a variable that *origin*, such as ``kind 'postgres'``, provides."""
        if secret_text.holds_secret(str(value)):
            raise ValueError(
                f"service {self._service!r}: {origin} has a secret in its variable {name}, which everybody who "
                "can inspect the container can read; write it to a file, with 'secret_texts'"
            )
        self._claim(name, "needs", origin, "give one of them another prefix: {service: …, prefix: …}")
        self.environment[name] = str(value)

    def secret_variable(self, name: str, text: str, key: str, origin: str) -> None:
        """Set a variable to *text*, which contains placeholders for secrets."""
        if not dotenv.NAME.fullmatch(name):
            raise ValueError(
                f"service {self._service!r}: key {key!r}: {name!r} is not a valid name for an environment variable"
            )
        self._claim(name, key, origin, "give one of them another variable")
        self._secret[name] = text

    def override(self, name: str, value: str) -> None:
        """Set a variable to the description's own value, which replaces that of any other source."""
        if name in self._secret:
            raise ValueError(
                f"service {self._service!r}: key 'environment.{name}': {self._origin[name]} sets it already"
            )
        self.environment[name] = value

    def mount(self, secret: str, text: str, target: str, mode: int = 0o400, owner: str | None = None) -> None:
        """Mount *text*, which contains placeholders for secrets, as a file at *target*.

        :param owner: ``uid:gid``, ``None`` for the service's own. Files of one secret with several owners or modes have
            several names.
        """
        uid, gid = map(int, owner.split(":")) if owner else self._owner
        usual = mode == 0o400 and (uid, gid) == self._owner
        name = secret if usual or secret.startswith(f"{self._service}__") else f"{secret}-{gid}-{mode:o}"
        file = SecretFile(name, uid, gid, secret_text.parts(text), mode)
        if self.mounts.setdefault(target, SecretMount(file, target)).file != file:
            raise ValueError(
                f"service {self._service!r}: key 'secrets': {name!r} and {self.mounts[target].file.name!r} "
                f"have the same target {target}"
            )

    def secret_env(self) -> SecretFile | None:
        """Return the file with the variables that hold secrets, ``None`` without any. Compose reads it as root."""
        if not self._secret:
            return None
        return SecretFile(f"{self._service}_env", 0, 0, secret_text.parts(dotenv.dump(self._secret)))

    def secret_variables(self) -> dict[str, tuple[secret_text.Part, ...]]:
        """Return the variables that hold secrets, as the parts of their text."""
        return {name: secret_text.parts(text) for name, text in self._secret.items()}

    def _claim(self, name: str, key: str, origin: str, advice: str) -> None:
        if name in self._origin:
            raise ValueError(
                f"service {self._service!r}: key {key!r}: {origin} and {self._origin[name]} both set {name}; {advice}"
            )
        self._origin[name] = origin


def value_text(where: str, name: object, value: object) -> str:
    """Return the value of a variable as text.

    :raises ValueError: for a value that is neither a text nor a number nor a boolean.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise ValueError(
        f"{where}: key 'environment.{name}': {value!r} is neither a text nor a number; write '' for an empty value"
    )


def secret_value(where: str, name: str, use: Mapping[str, Any], known: Iterable[str]) -> str:
    """Return the value of the variable of an entry of ``secrets``: a placeholder for the secret, or a text with some.

    :param use: the entry, as read with :data:`SECRET_USE_FIELDS`.
    :param known: the names of all secrets.
    :raises ValueError: for a text without a variable, or without the secret in it.
    """
    text = use["text"]
    if text is None:
        return secret_text.mark(name, "dotenv")
    if not use["env"]:
        raise ValueError(f"{where}: key 'secrets': the 'text' of {name!r} is for a variable; set its name as 'env'")
    if f"{{{name}}}" not in text:
        raise ValueError(
            f"{where}: key 'secrets': the 'text' of {name!r} does not contain the secret; write {{{name}}} in it"
        )
    names = re.compile("|".join(re.escape(f"{{{one}}}") for one in known))
    return names.sub(lambda match: secret_text.mark(match[0][1:-1], "dotenv"), str(text))
