"""Which keys and notations of the Compose schema are written in a Compose file, and which there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.compose_schema import NEWER_KEYS
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.scalar_types import SCALARS
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.source_positions import Map, Seq
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.value_types import KEYS, alternatives
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.yaml_parser import parse

#: A notation of a key: the place with the key, such as ``services.*.ports.[]``, and the type of the value there.
Notation = tuple[str, str]
#: Texts of which each scalar that can be a text accepts one.
_TEXTS = ("x", "1", "true", "1s", "64m", "default", "8080:80", "a=b", "a=192.0.2.1", "0440", "data:/data")
_ALL: dict[str, Any] = {"boolean": True, "number": 1, "null": None}


def of_schema() -> set[Notation]:
    """Return the notations of all keys that a version of Compose up to 2.40 knows."""
    return {
        notation
        for place, keys in KEYS.items()
        for key, spec in keys.items()
        if not any((*place, key)[: len(newer)] == newer for newer in NEWER_KEYS)
        for notation in _of(spec.notation, (*place, key))
    }


def _of(text: str, place: tuple[str, ...]) -> Iterator[Notation]:
    for one in alternatives(text):
        if one[0] == "[":
            yield ".".join(place), "list"
            yield from _of(one[1 : one.rindex("]")], (*place, "[]"))
        elif one[0] in "{<":
            yield ".".join(place), "mapping"
            if one[1:-1]:
                yield from _of(one[1:-1], (*place, "*"))
        else:
            yield from ((".".join(place), shape) for shape in _shapes(one))


def _shapes(scalar: str) -> Iterator[str]:
    if scalar[0] == "(" or any(SCALARS[scalar].accepts(text) for text in _TEXTS):
        yield "text"
    if scalar[0] != "(":
        yield from (shape for shape, value in _ALL.items() if SCALARS[scalar].accepts(value))


def written(texts: Iterable[str]) -> set[Notation]:
    """Return the notations that are written in Compose files. :param texts: each as YAML, without variables."""
    return {notation for text in texts for content in parse(text, "") for notation in _walk(content, ())}


def _walk(value: Any, place: tuple[str, ...]) -> Iterator[Notation]:
    if place:
        yield ".".join(place), _shape(value)
    if isinstance(value, Map):
        for key, item in value.items():
            known = place in KEYS and key in KEYS[place]
            yield from _walk(item, (*place, key if known else "*"))
    elif isinstance(value, Seq):
        for item in value:
            yield from _walk(item, (*place, "[]"))


def _shape(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {Map: "mapping", Seq: "list", int: "number", float: "number", type(None): "null"}
    return names.get(type(value), "text")
