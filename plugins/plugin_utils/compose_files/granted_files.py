"""The configs and secrets of services in a team's files: both become mounted files.

Place in the pipeline: compose_files. What Compose ignores or refuses outside of Swarm is noted or refused here. The
source is Docker Compose itself: it mounts a config or a secret from a file as it is, and copies one from a variable or
a text into the container with its owner and mode.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files import locations
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.contents import Contents, is_executable
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.locations import (
    Problems,
    mapping,
    service_key,
)
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_files.mounts import Mounts, secret_reason
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import including
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.source_positions import Map, Mark, mark_of
from ansible_collections.slipway.stack.plugins.plugin_utils.description import names, secret_text

#: The owner and the mode of a copied file, unless the service sets them.
_MODE = 0o444
#: The modes that mounted files have on the server, and whether such a file is executable.
_SERVER_MODES = {0o644: False, 0o755: True}
#: The mode of a secret from an executable file.
_EXECUTABLE = 0o555
#: The bits of a mode without setuid, setgid and the sticky bit.
_PERMISSIONS = 0o777
_OWNERSHIP = ("uid", "gid", "mode")


@dataclass
class SecretUses:
    """The secrets that a service mounts, as the description writes them, and what differs from the file."""

    uses: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class GrantedFiles:
    """Reads the configs and secrets that services use.

    :param top: the top-level keys of the files. :param variables: those of interpolation.
    :param secrets: ``stack_secrets``; the secrets of the files are added to it.
    :param unknown: treat each secret as one to be generated.
    """

    def __init__(
        self,
        top: Map,
        variables: Mapping[str, str],
        contents: Contents,
        problems: Problems,
        secrets: dict[str, Any],
        unknown: bool,
    ) -> None:
        self._configs, self._secrets = mapping(top.get("configs")), mapping(top.get("secrets"))
        self._variables = variables
        self._contents = contents
        self._problems = problems
        self._known = secrets
        self._unknown = unknown
        self._of_inventory = frozenset(secrets)
        self._names = _secret_names(self._secrets)
        #: The names in ``stack_secrets`` of the secrets that the files declare.
        self.declared = frozenset(self._names.values())

    def configs(self, service: str, keys: Map) -> Mounts:
        """Return the ``configs`` of a service as files: ``{content}`` by path in the container."""
        result = Mounts()
        for index, item in enumerate(keys.get("configs") or []):
            use = mapping(item)
            mark = mark_of(keys["configs"], index) or mark_of(keys, "configs")
            spec = mapping(self._configs.get(str(use.get("source"))))
            if self._is_for_swarm("configs", service, use, spec, mark):
                continue
            text = self._text("configs", str(use.get("source")), spec)
            if text is None:
                continue
            if secret_text.holds_secret(text):
                message = "contains a secret, which everybody on the server could read; move it to 'secrets'"
                self._problems.add(mark, service_key(service, "configs"), f"{use.get('source')!r} {message}")
                continue
            result.notes += self._left_out("configs", use, spec, mark)
            if not text and not spec.get("file"):
                note = f"{self._problems.position(mark)}'configs' has an empty {use.get('source')!r}"
                result.notes.append(f"{note}: the release has an empty file, Compose none")
            self._add_config(use, spec, text, result)
        return result

    def _add_config(self, use: Map, spec: Map, text: str, result: Mounts) -> None:
        key = str(use.get("source"))
        target = f"/{str(use.get('target') or key).removeprefix('/')}"
        path = Path(os.path.normpath(self._contents.folder / spec["file"])) if spec.get("file") else None
        reason = secret_reason(self._contents if path else None, path or Path(target), text)
        file: dict[str, Any] = {"content": text, "secret": reason is not None}
        executable = is_executable(path) if path else False
        owner, mode = _owner(use), _mode(use.get("mode"))
        if path is None and any(use.get(name) is not None for name in _OWNERSHIP):
            if owner == "0:0" and mode in _SERVER_MODES and reason is None:
                executable = _SERVER_MODES[mode]
            else:
                file |= {"secret": True, "owner": owner, "mode": f"{mode:04o}"}
        if executable:
            file["executable"] = ["."]
        result.files[target] = file
        if path:
            result.sources[target] = str(path)
        if reason:
            result.notes.append(f"the config {key!r} {reason}, so it is kept in the secret store")

    def secrets(self, service: str, keys: Map) -> SecretUses:
        """Return the secrets that a service mounts. Their values are known from now on."""
        result = SecretUses()
        for index, item in enumerate(keys.get("secrets") or []):
            use = mapping(item)
            key = str(use.get("source"))
            spec = mapping(self._secrets.get(key))
            mark = mark_of(keys["secrets"], index) or mark_of(keys, "secrets")
            if key not in self._secrets or self._is_for_swarm("secrets", service, use, spec, mark):
                continue
            name = self._secret(key, spec, service, mark)
            if name is None:
                continue
            target = str(use.get("target") or key)
            found = {"name": name, "target": target if target.startswith("/") else f"/run/secrets/{target}"}
            if spec.get("file") and is_executable(self._contents.folder / spec["file"]):
                found["mode"] = f"{_EXECUTABLE:04o}"
            elif not spec.get("file") and any(use.get(part) is not None for part in _OWNERSHIP):
                found |= {"owner": _owner(use), "mode": f"{_mode(use.get('mode')):04o}"}
            result.uses.append(found)
            result.notes += self._left_out("secrets", use, spec, mark)
        return result

    def _secret(self, key: str, spec: Map, service: str, mark: Mark | None) -> str | None:
        """Return the name of a declared secret in ``stack_secrets``; ``None`` after a problem."""
        name = self._names[key]
        if self._unknown:
            self._known[name] = {"generate": 32}
        if name in self._of_inventory or self._unknown:
            return name
        if spec.get("external"):
            message = f"{key!r} is external, which only Swarm supports; set stack_secrets.{name}, or give it a 'file'"
            self._problems.add(mark, service_key(service, "secrets"), message)
            return None
        text = self._text("secrets", key, spec)
        if text is None:
            return None
        if not text:
            self._problems.add(mark, service_key(service, "secrets"), f"the value of {key!r} is empty")
            return None
        if secret_text.holds_secret(text):
            # The value is a variable, and its value is a secret of the inventory.
            return secret_text.names(text)[0]
        self._known[name] = text
        return name

    def _is_for_swarm(self, section: str, service: str, use: Map, spec: Map, mark: Mark | None) -> bool:
        """Add a problem if a config or secret has something that Compose refuses to start without Swarm."""
        key = str(use.get("source"))
        found = [name for name in ("driver", "template_driver") if spec.get(name)]
        if section == "configs" and spec.get("external"):
            self._problems.add(
                mark,
                service_key(service, section),
                f"{key!r} is external, which only Swarm supports; give it a 'file'",
            )
            return True
        if found:
            place = mark_of(spec, found[0]) or mark
            message = "only Swarm supports it, and Compose refuses to start the service; remove it"
            self._problems.add(place, f"key '{section}.{key}.{found[0]}'", message)
        return bool(found)

    def _left_out(self, section: str, use: Map, spec: Map, mark: Mark | None) -> list[str]:
        """Return a note if a config or secret has keys that Compose ignores, too."""
        of_use = [name for name in _OWNERSHIP if use.get(name) is not None and spec.get("file")]
        of_spec = [name for name in ("labels", "name", "driver_opts") if spec.get(name) and not spec.get("external")]
        found = ", ".join(f"'{section}.{name}'" for name in [*of_use, *of_spec])
        place, source = self._problems.position(mark), repr(use.get("source"))
        notes = [f"{place}{found} of {source} has no effect in Compose, and is left out"] if found else []
        if not spec.get("file") and _mode(use.get("mode")) > _PERMISSIONS:
            notes.append(f"{place}'{section}.mode' of {source} has special bits, which the file does not get")
        return notes

    def _text(self, section: str, key: str, spec: Map) -> str | None:
        """Return the text of a top-level secret or config; ``None`` if the files do not have it, or after a problem."""
        declared = self._configs if section == "configs" else self._secrets
        where, mark = f"key '{section}.{key}'", mark_of(declared, key)
        for given in (including.VALUE, "content"):
            if isinstance(spec.get(given), str):
                return str(spec[given])
        if isinstance(spec.get("environment"), str):
            if spec["environment"] in self._variables:
                return self._variables[spec["environment"]]
            message = f"the variable {spec['environment']} has no value; set it in .env or the inventory"
            self._problems.add(mark, where, message)
            return None
        if not isinstance(spec.get("file"), str) or locations.unset_in(spec["file"]):
            return None
        path = Path(os.path.normpath(self._contents.folder / spec["file"]))
        try:
            self._contents.roots.locate(path)
            if not path.is_file():
                raise ValueError("it is not a file")
            return self._contents.text(path)
        except ValueError as error:
            self._problems.add(mark, where, f"{spec['file']}: {error}")
            return None


def _owner(use: Map) -> str:
    return f"{use.get('uid') or 0}:{use.get('gid') or 0}"


def _mode(value: Any) -> int:
    """Return the mode of a file; a text is octal, as in Compose 2.40."""
    if isinstance(value, str):
        return int(value, 8) if re.fullmatch("0?o?[0-7]+", value) else _MODE
    return value if isinstance(value, int) else _MODE


def _secret_names(declared: Map) -> dict[str, str]:
    """Return the name in ``stack_secrets`` of each declared secret: lower case, and each one its own."""
    result: dict[str, str] = {}
    taken: set[str] = set()
    # Who is written as in `stack_secrets` keeps the name; `-` and `_` are the same in a variable.
    for key in sorted(declared, key=lambda key: key != key.lower()):
        name = names.free(key, ())
        while name.replace("-", "_") in taken:
            name += "_2"
        taken.add(name.replace("-", "_"))
        result[key] = name
    return result
