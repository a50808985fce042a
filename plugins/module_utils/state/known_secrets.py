"""The secrets of a stack that this host knows, to mask them in text from outside.

Place in the pipeline: target, with ``masking``. The values are in ``secrets/``: those that were generated, and the
files that containers read. A file may have a secret within a longer text, such as a URL. Its release says which parts
of the text are secret, without their values.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.slipway.stack.plugins.module_utils.state import foreign_file
from ansible_collections.slipway.stack.plugins.module_utils.state.foreign_file import ForeignFileError
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.masking import Mask, printable

#: Largest size of a secret in bytes that is read to mask it.
_MAX_SIZE = 1024**2
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def masking(home: Home) -> Callable[[str], str]:
    """Return a function that masks the secrets of a stack in a text, and escapes control characters.

    The secrets are read when it is called for the first time: most texts of most rollouts are never masked.
    """
    masks: list[Mask] = []

    def masked(text: str) -> str:
        if not masks:
            masks.append(Mask(values(home)))
        return printable(masks[0].text(text))

    return masked


def values(home: Home) -> Iterator[bytes]:
    """Yield the secrets of a stack. Files that cannot be read are left out: ``damage`` and the deploy report them."""
    parts = _parts_by_file(home)
    for path in _files(home):
        try:
            content = foreign_file.read_bytes(home.path, path, _MAX_SIZE)
        except ForeignFileError:
            continue
        name = path.rpartition("/")[2]
        if path.startswith("secrets/generated/") or name not in parts:
            yield content
        else:
            yield from _secret_parts(content, parts[name])


def _files(home: Home) -> list[str]:
    try:
        found = [f"secrets/{path}" for path in foreign_file.files_below(home.path, "secrets")]
    except ForeignFileError:
        return []
    return [path for path in found if path.count("/") == 2 and not path.startswith("secrets/salt")]


def _parts_by_file(home: Home) -> dict[str, Sequence[Any]]:
    """Return the parts of each secret file, by its name and address."""
    result: dict[str, Sequence[Any]] = {}
    for release_id in home.release_ids():
        manifest: Mapping[str, Any] = home.manifest(release_id) or {}
        for file in manifest.get("secret_files", []):
            result[f"{file['name']}.{manifest['addresses'].get(file['variable'])}"] = file["parts"]
    return result


def _secret_parts(content: bytes, parts: Sequence[Any]) -> Iterator[bytes]:
    """Yield the secrets in the content of a file, as they are there and without their quoting."""
    for _name, secret, value in by_name(content, parts):
        yield secret
        yield value


def by_name(content: bytes, parts: Sequence[Any]) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield the name of each secret in the content of a file, its text there, and its value without quoting.

    :param parts: as in the ``parts`` of a secret file.
    """
    position = 0
    for number, part in enumerate(parts):
        if isinstance(part, str):
            position += len(part.encode("utf-8", "surrogateescape"))
            continue
        following = parts[number + 1] if number + 1 < len(parts) else None
        end = len(content)
        if isinstance(following, str):
            literal = following.encode("utf-8", "surrogateescape")
            # The last literal ends the file. A secret may contain the same text.
            last = number + 2 == len(parts)
            end = max((content.rfind if last else content.find)(literal, position), position)
        secret = content[position:end]
        yield str(part.get("secret")), secret, _unquoted(secret, str(part.get("quote")))
        position = end


def _unquoted(secret: bytes, quote: str) -> bytes:
    if quote == "url":
        return urllib.parse.unquote_to_bytes(secret)
    if quote == "raw":
        return secret
    # All others escape with a backslash, some of them within quotes.
    text = secret.decode("utf-8", "surrogateescape")
    text = text[1:-1] if text[:1] == text[-1:] == '"' else text
    text = re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text)
    return text.encode("utf-8", "surrogateescape")
