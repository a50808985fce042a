"""The problems found in a team's files, each with file and line, and the marker for a variable without a value.

Place in the pipeline: compose_files. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.source_positions import Map, Mark, mark_of

#: The marker in a text for a variable without a value. Private-use characters, which nobody types.
_UNSET = re.compile("\ue002([^\ue003]+)\ue003")


def unset(name: str, reference: str) -> str:
    """Return the marker for a variable without a value.

    :param reference: the whole reference as it is written, such as ``${TAG:?set it}``.
    """
    return f"\ue002{reference}\ue003"


def unset_in(value: object) -> list[str]:
    """Return the references in a text to variables without a value."""
    return _UNSET.findall(value) if isinstance(value, str) else []


@dataclass
class Problems:
    """Everything that is wrong with the files: one sentence each, without duplicates.

    :param folder: the directory that paths are shown relative to, with a slash at the end.
    """

    folder: str
    sentences: dict[str, None] = field(default_factory=dict)

    def add(self, mark: Mark | None, where: str, message: str) -> None:
        """Add a problem.

        :param mark: the position in the file. :param where: the key, such as ``service 'web': key 'image'``.
        """
        self.sentences[f"{self.position(mark)}{where}: {message}"] = None

    def position(self, mark: Mark | None) -> str:
        """Return ``FILE:LINE: ``, or an empty text if the position is unknown."""
        if mark is None or not mark.file:
            return ""
        return f"{mark.file.removeprefix(self.folder)}:{mark.line}: "

    def raise_any(self) -> None:
        """:raises ValueError: with all problems, one per line, if there are any."""
        if self.sentences:
            raise ValueError("\n".join(self.sentences))


def texts(value: Any, path: tuple[str, ...] = (), mark: Mark | None = None) -> Iterator[tuple[str, str, Mark | None]]:
    """Yield every text below *value*: the text, the dotted name of its key, the nearest position."""
    if isinstance(value, str):
        yield value, ".".join(path), mark
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(item, (*path, str(key)), mark_of(value, key) or mark)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, path, mark_of(value, index) or mark)


def mapping(value: Any) -> Map:
    """Return *value* if it is a mapping, else an empty one."""
    return value if isinstance(value, Map) else Map(value if isinstance(value, dict) else {})


def service_key(name: str, key: str) -> str:
    """Return how a message names a key of a service."""
    return f"service {name!r}: key {key!r}"


#: The key of a Compose file, by the key of a description that it becomes.
_FILE_KEYS = {
    "stop_grace": ("stop_grace_period",),
    "health": ("healthcheck",),
    "publish": ("ports",),
    "needs": ("depends_on",),
    "replicas": ("scale", "deploy"),
    "files": ("volumes", "configs"),
    "volumes": ("volumes", "configs"),
    "secrets": ("secrets",),
    "env_file": ("env_file",),
}
_SERVICE_KEY = re.compile(r"service '(?P<service>[^']+)'(?:[:,] key '(?P<key>[^'.]+)(?P<rest>[^']*)')?")


def with_position(message: str, services: Map, folder: str, given: Mapping[str, Any]) -> str:
    """Return a message about a described service with the file, the line and the key that it is about.

    :param services: the services of the files, in long notation.
    :param folder: the directory that paths are shown relative to, with a slash at the end.
    :param given: ``stack_services``: a key that it sets is not from the files.
    """
    match = _SERVICE_KEY.match(message)
    service = services.get(match["service"]) if match else None
    if not match or not isinstance(service, Map):
        return message
    key, rest = match["key"] or ("publish" if "published port" in message else ""), match["rest"] or ""
    own = given.get(match["service"])
    if isinstance(own, Mapping) and (not key or key in own or "kind" in own):
        return message
    if key == "compose":
        key, rest = rest.lstrip(".").partition(".")[0], rest.lstrip(".").partition(".")[2]
        rest = f".{rest}" if rest else ""
    found = next((name for name in _FILE_KEYS.get(key, (key,)) if name in service), None)
    mark = mark_of(service, found) if found else services.marks.get(match["service"])
    shown = f"service {match['service']!r}: key '{found}{rest}'" if found else match[0]
    return f"{Problems(folder).position(mark)}{shown}{message[match.end() :]}"
