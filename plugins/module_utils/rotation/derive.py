"""A release that is like another one, but with other values of secrets.

Place in the pipeline: target, under ``rotating``. The description has not changed, so neither has the digest over it:
the next deploy of the same description finds nothing to do.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.release import contents
from ansible_collections.slipway.stack.plugins.module_utils.release.integrity import digest_of
from ansible_collections.slipway.stack.plugins.module_utils.rotation.values import Values
from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file, known_secrets
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import RolloutFailed
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import QUOTING

_MAX_SIZE = 64 * 1024**2


@dataclass(frozen=True)
class Change:
    """What is different in the derived release.

    ``values``: by secret, the value that it gets. ``old``: the value of each of them until then, where it is known.
    ``kept``: the variables of ``.env`` whose files keep their paths. ``secret``, ``login``, ``second``: services that
    log in as ``login`` with this secret do so as ``second``; empty if they do not change.
    """

    values: Mapping[str, str] = field(repr=False)
    old: Mapping[str, str] = field(repr=False)
    kept: Collection[str] = ()
    secret: str = ""
    login: str = ""
    second: str = ""


def files_with(manifest: Mapping[str, Any], secrets: Collection[str]) -> list[dict[str, Any]]:
    """Return the secret files of a release that have one of these secrets in them."""
    return [
        file
        for file in manifest.get("secret_files", [])
        if any(not isinstance(part, str) and part["secret"] in secrets for part in file["parts"])
    ]


def rewritten(content: bytes, parts: Sequence[Any], change: Change) -> bytes:
    """Return the content of a secret file with other values.

    :raises RolloutFailed: if the content does not have the old value in its place.
    """
    found = known_secrets.by_name(content, parts)
    before, after = b"", b""
    for number, part in enumerate(parts):
        if isinstance(part, str):
            following = parts[number + 1] if number + 1 < len(parts) else ""
            before += part.encode("utf-8", "surrogateescape")
            after += _with_login(part, following, change).encode("utf-8", "surrogateescape")
            continue
        name, text, _value = next(found)
        quote = QUOTING[part["quote"]]
        before += text
        if name not in change.values:
            after += text
            continue
        if name in change.old and text != quote(change.old[name]).encode():
            raise RolloutFailed(
                f"the live value of secret '{name}' is not the one that was generated on this host, so it comes from "
                f"the inventory; change it at its source and deploy"
            )
        after += quote(change.values[name]).encode()
    if before != content:
        raise RolloutFailed("a secret file does not have the form that its release says; deploy again, and repeat this")
    return after


def _with_login(literal: str, following: Any, change: Change) -> str:
    """Return a literal part with the second login, if it ends in the first one and the secret follows: a URL."""
    end = f"{change.login}:"
    is_login = change.second and not isinstance(following, str) and following["secret"] == change.secret
    if is_login and literal.endswith(end) and not re.search(r"\w\Z", literal[: -len(end)]):
        return f"{literal[: -len(end)]}{change.second}:"
    return literal


def addresses(store: Values, manifest: Mapping[str, Any], change: Change) -> dict[str, str]:
    """Write the secret files of the derived release, and return the address of each file by its variable."""
    result = dict(manifest["addresses"])
    for file in files_with(manifest, change.values):
        if file["variable"] not in change.kept:
            content = rewritten(store.content(manifest, file["variable"]), file["parts"], change)
            result[file["variable"]] = store.add(file, content)
    return result


def with_addresses(dotenv: str, new: Mapping[str, str]) -> str:
    """Return the text of ``.env`` with other addresses of secret files."""
    for variable, address in new.items():
        dotenv = re.sub(rf'(?m)^{re.escape(variable)}=".*"$', f'{variable}="{address}"', dotenv)
    return dotenv


def derive(
    home: Home, store: Values, base: Mapping[str, Any], change: Change, release_id: str, owner: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the manifest and the files of a release like *base*, for ``ship.write_release``.

    :param base: its manifest. :param owner: who rotates the secret, for the record.
    """
    folder = home.release(base["release"])
    texts = {name: foreign_file.read_text(folder, name, _MAX_SIZE) for name in base["files"]}
    # A service whose file keeps its path has the old password, and with it the first login.
    moved = {file["variable"] for file in files_with(base, [change.secret])} - set(change.kept)
    services = {
        name: _with_second(spec, change) if moved & set(spec["secrets"]) else dict(spec)
        for name, spec in base["services"].items()
    }
    manifest = {
        **base,
        "release": release_id,
        "owner": owner,
        "addresses": addresses(store, base, change),
        "services": services,
        "initial": initial(store, base, change),
        "changed_in_data": [],
        "data_upgrade": [],
    }
    texts[".env"] = with_addresses(texts[".env"], manifest["addresses"])
    if services != base["services"]:
        texts[contents.IMAGES] = contents.images_overlay(manifest)
    manifest["files"] = {name: digest_of(text) for name, text in texts.items()}
    return manifest, texts


def _with_second(spec: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """Return the entry of a service that logs in with the secret, with the second login in its variables."""
    settings = spec["settings"]
    named = [
        variable
        for variable, secret in (spec.get("logins") or {}).items()
        if change.second and secret == change.secret and settings["environment"].get(variable) == change.login
    ]
    if not named:
        return dict(spec)
    logins = dict.fromkeys(named, change.second)
    return {**spec, "login": logins, "settings": {**settings, "environment": {**settings["environment"], **logins}}}


def initial(store: Values, base: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """Return the hashes of initial values, with those of the changed secrets; see ``release/initial_values``."""
    result = {}
    for name, entry in (base.get("initial") or {}).items():
        values = dict(entry["values"])
        for variable, value in (base["services"][name].get("initial") or {}).get("values", {}).items():
            secrets = [part["secret"] for part in value["parts"] if not isinstance(part, str)]
            if secrets and set(secrets) <= set(change.values):
                sources = {secret: {"value": change.values[secret]} for secret in secrets}
                values[variable] = store.fingerprint(value["parts"], sources)
        result[name] = {**entry, "values": values}
    return result
