"""The forms of values that become part of another language: a command line, a URL, SQL, Python, a path, a file.

Place in the pipeline: description, under ``schema`` and everything that reads. Pure. Each function returns a text that
needs no quoting in that language, or raises a ``ValueError`` that says what would be right.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.policy import postgres_tags

IMAGE_EXAMPLE = "registry.example.com/shop/backend:1.4.2"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?"
#: The grammar of distribution/reference, which the engine, registries and builders share.
_IMAGE = re.compile(
    rf"(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9+._-]*:[0-9a-fA-F]{32,128})?"
)
_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
#: Without quotes, brackets, dollar and backslash: programs of kinds have such a path in a string of theirs.
_URL_PATH = re.compile(r"/(?:[A-Za-z0-9._~!*+,;=:@/?&-]|%[0-9A-Fa-f]{2})*")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")
_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?::[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)?", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9_/][A-Za-z0-9_.,:/@+-]*")
_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_.@+][A-Za-z0-9_.@+-]*)+")
_VOLUME_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_OPTIONS = re.compile(r"[A-Za-z,]+")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
#: What no text has: no file and no variable can contain it, or a part of this collection gives it a meaning of its own.
_NO_TEXT = re.compile("\0|[\ud800-\udfff]|\ue000[^|\ue001]+\\|[a-z]+\ue001|\ue002[^\ue003]+\ue003")
#: Bytes of one name in a directory, and characters of a whole path: what Linux accepts, with room for the stack's own.
_MAX_NAME = 255
_MAX_PATH = 1024
#: Directories of the operating system.
_SYSTEM = ("bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "run", "sbin", "sys", "usr")


def image(value: str) -> str:
    """Return the reference of an image. A variable of Compose in it may be any text."""
    if len(value) <= _MAX_NAME and _IMAGE.fullmatch(_VARIABLE.sub("x", value)):
        return value
    raise ValueError(f"{shown(value)} is not an image reference, such as {IMAGE_EXAMPLE}")


def url_path(value: str) -> str:
    """Return the path of a URL, maybe with a query."""
    if not value.startswith("/"):
        raise ValueError(f"{shown(value)} does not begin with /")
    if _URL_PATH.fullmatch(value):
        return value
    raise ValueError(
        f"{shown(value)} has characters that a URL cannot have as they are; write them in percent-encoding, such "
        f"as %20 for a space"
    )


def identifier(value: str) -> str:
    """Return the name of a database, a role or an extension: at most 63 characters."""
    if _IDENTIFIER.fullmatch(value):
        return value
    raise ValueError(f"{shown(value)} is not a name of letters, digits, '_', '-' and '.', at most 63 characters")


def identifiers(values: Iterable[object]) -> list[str]:
    """Return a list of such names."""
    return [identifier(str(value)) for value in values]


def module(value: str) -> str:
    """Return a Python module, maybe with an object in it: ``app.main:app``."""
    if _MODULE.fullmatch(value):
        return value
    raise ValueError(f"{shown(value)} is not a Python module, such as app.main or app.main:app")


def postgres_version(value: str) -> str:
    """Return the tag of an image of Postgres that says its major version."""
    if postgres_tags.major(word(value)):
        return value
    raise ValueError(
        f"{shown(value)} does not say which major version of Postgres it is; write one, such as 17, 17-bookworm or 18.1"
    )


def word(value: str) -> str:
    """Return an argument of a command line that is no option and that no shell changes. It may be empty."""
    if not value or _WORD.fullmatch(value):
        return value
    raise ValueError(
        f"{shown(value)} is not a word of letters, digits and '_.,:/@+-' that begins with a letter, a digit or '/'"
    )


def path(value: str) -> str:
    """Return an absolute path in a container that no program has to quote."""
    if _is_normal(value) and _PLAIN_PATH.fullmatch(value):
        return value
    raise ValueError(f"{shown(value)} is not an absolute path of letters, digits and '_.@+-', such as /srv/data")


def stack_root(value: str) -> str:
    """Return the directory of the host in which stacks have theirs, without a slash at its end."""
    found = value.rstrip("/")
    if not (_is_normal(found) and _PLAIN_PATH.fullmatch(found)):
        raise ValueError(
            f"stack_root: {shown(value)} is not the absolute path of a directory, of letters, digits and '_.@+-', "
            f"such as /opt/stacks"
        )
    first, _slash, below = found[1:].partition("/")
    if first in _SYSTEM and not below.startswith("local/"):
        raise ValueError(
            f"stack_root: {value!r} is a directory of the operating system; choose one such as /opt/stacks"
        )
    return found


def container_path(value: str) -> str:
    """Return the absolute path of a file in a container.

    It may have any character except control characters and the colon, which ends a path in Compose's short notation.
    """
    if not _is_normal(value):
        raise ValueError(f"{shown(value)} is not the absolute path of a file in the container")
    if ":" in value:
        raise ValueError(f"{shown(value)} contains a colon, which Compose reads as the end of the path")
    _check_names(value)
    return value


def volume(value: str) -> str:
    """Return a volume in Compose's short notation; a part of it may be a variable of Compose."""
    parts = value.split(":")
    source, target = (parts[0], parts[1]) if len(parts) > 1 else ("", parts[0])
    if (
        len(parts) > 3
        or not (source == "" or source.startswith(("/", ".", "~", "$")) or _VOLUME_NAME.fullmatch(source))
        or not (target.startswith("$") or _is_normal(target.rstrip("/") or "/x"))
        or not (len(parts) < 3 or _OPTIONS.fullmatch(parts[2]))
        or _UNPRINTABLE.search(value)
        or (len(parts) > 1 and not source)
    ):
        raise ValueError(
            f"{shown(value)} is not a volume in Compose's short notation, such as data:/path or /srv/data:/path:ro"
        )
    return value


def check_owner(where: str, owner: object, mode: object) -> None:
    """Check the owner and the mode of a file, each of which may be ``None``.

    :raises ValueError: unless they are ``uid:gid`` and octal digits.
    """
    if owner is not None and not (isinstance(owner, str) and re.fullmatch("[0-9]{1,9}:[0-9]{1,9}", owner)):
        raise ValueError(f"{where}: 'owner': {shown(str(owner))} is not uid:gid, such as 103:104")
    if mode is not None and not (isinstance(mode, str) and re.fullmatch("[0-7]{3,4}", mode)):
        raise ValueError(f"{where}: 'mode': {shown(str(mode))} is not a mode in octal digits, such as 0440")


def relative_path(value: str) -> str:
    """Return the path of a file below a directory."""
    if not _is_normal(f"/{value}") or value == ".":
        raise ValueError(f"{shown(value)} is not the path of a file below the directory")
    _check_names(value)
    return value


def check_directory(paths: Collection[str]) -> None:
    """Check the paths of the files in a directory.

    :raises ValueError: for a path that leads out of it, a name that is both a file and a directory, or two names that
        look the same.
    """
    by_form: dict[str, str] = {}
    for value in sorted(paths):
        relative_path(value)
        for parent in _parents(value):
            if parent in paths:
                raise ValueError(f"{shown(parent)} is both a file and a directory, because of {shown(value)}")
        other = by_form.setdefault(unicodedata.normalize("NFC", value), value)
        if other != value:
            raise ValueError(f"{shown(value)} is there twice, in two Unicode forms ({other!a}, {value!a}); remove one")


def check_text(value: str) -> None:
    """Check that a text has no character that no text can have. :raises ValueError: if it has."""
    found = _NO_TEXT.search(value)
    if found:
        raise ValueError(f"{shown(value)} contains {_character(found[0])}, which no text here can have; remove it")


def texts(value: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text below *value*, the names of keys included, with the keys that lead to it."""
    if isinstance(value, str):
        yield keys, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield keys, str(key)
            yield from texts(item, (*keys, str(key)))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts(item, keys)


def shown(value: str) -> str:
    """Return a value for a message: in quotes, escaped, and shortened if it is long."""
    return ascii(value) if len(value) <= 80 else f"{value[:60]!a}… ({len(value)} characters)"


def _is_normal(value: str) -> bool:
    """Return whether an absolute path has neither an empty part nor ``.``, ``..`` or a slash at its end."""
    return value.startswith("/") and value != "/" and not value.startswith("//") and posixpath.normpath(value) == value


def _check_names(value: str) -> None:
    if _UNPRINTABLE.search(value):
        raise ValueError(f"{shown(value)} contains a control character")
    if any(len(name.encode()) > _MAX_NAME for name in value.split("/")) or len(value) > _MAX_PATH:
        raise ValueError(f"{shown(value)} is too long: a name has at most {_MAX_NAME} bytes, a path {_MAX_PATH}")


def _parents(value: str) -> Iterator[str]:
    parent = posixpath.dirname(value)
    while parent:
        yield parent
        parent = posixpath.dirname(parent)


def _character(text: str) -> str:
    if text[0] == "\0":
        return "a NUL character"
    return f"the character U+{ord(text[0]):04X}"
