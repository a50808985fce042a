"""Kinds of services: YAML files with everything that services of a kind have in common, Jinja expressions included.

Place in the pipeline: description, before ``reading``. ``load`` reads files; the rest is pure.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
import yaml
from ansible.module_utils.common.yaml import yaml_load
from ansible_collections.slipway.stack.plugins.plugin_utils.description import backups, development, schema, versions
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Kind
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import postgres_tags

#: The types from ``word`` on are texts that need no quoting where they go, see ``notations``.
OPTION_TYPES = (
    *("str", "bool", "int", "float", "list", "dict", "size", "duration"),
    *(
        "word",
        "version",
        "postgres_version",
        "identifier",
        "identifiers",
        "module",
        "path",
        "url_path",
        "host_names",
        "networks",
    ),
    *("clients", "secret_name", "rate", "headers", "content_policy", "error_pages"),
)
CLASSES = ("rolling", "drain", "singleton", "stateful", "oneshot")

_FIELDS = {
    "description": Field("str", "one sentence", required=True),
    "class": Field("str", "update strategy", required=True, choices=CLASSES),
    "cache": Field("bool", "whether it is stateful, but holds nothing that a release job changes", default=False),
    "edge": Field("str", "the proxy that services of this kind are", choices=("nginx", "traefik")),
    "plain": Field(
        "bool",
        "whether its services get only what their description says, without the defaults of every service",
        default=False,
    ),
    "options": Field("dict", "keys that services of this kind have in addition to the common ones", default={}),
    "image": Field("str", "image reference"),
    "command": Field("any", "command in Compose's notation"),
    "port": Field("port", "port that it listens on"),
    "user": Field("str", "numeric uid[:gid]"),
    "networks": Field("list", "networks that it always joins", default=[]),
    "stop_grace": Field("duration", "time between SIGTERM and SIGKILL", default="10s"),
    "memory": Field("memory", "memory limit"),
    "cpus": Field("cpus", "processor limit"),
    "secrets": Field("dict", "secrets of its own, generated unless `stack_secrets` has them", default={}),
    "rotation": Field("dict", "how a server takes another password while services log in, by the secret", default={}),
    "secret_texts": Field("dict", "files with a secret inside a longer text", default={}),
    "files": Field(
        "dict", "files mounted into it: text by path in the container; a file without text is left out", default={}
    ),
    "database_url": Field("str", "variable that gets the URL of its one database, which no other service may migrate"),
    "environment": Field("dict", "environment variables", default={}),
    "volumes": Field("list", "volumes in Compose's short notation", default=[]),
    "data_version": Field("dict", "version of its data, and the files of a volume that contain the existing version"),
    "backup": Field("dict", "how the data of its services is saved and restored", default={}),
    "ports": Field("list", "published ports in Compose's short notation", default=[]),
    "health": Field("dict", "Compose health check", default={}),
    "assets": Field("dict", "files named by their content: their prefix in URLs, and their directory", default={}),
    "provides": Field("dict", "variables and secrets for the services that need it", default={}),
    "notes": Field("dict", "comments for the reader of the Compose files, by Compose key", default={}),
    "compose": Field("dict", "further Compose keys", default={}),
    "environments": Field("dict", "Compose keys of the overlay, by environment", default={}),
    "development": Field("dict", "how a service with a build is developed in a checkout", default={}),
}
_OPTION_FIELDS = {
    "type": Field("str", "type", required=True, choices=OPTION_TYPES),
    "default": Field("any", "value if the service does not set it"),
    "required": Field("bool", "whether the service must set it", default=False),
    "description": Field("str", "one sentence", required=True),
    "choices": Field("list", "valid values", default=[]),
}
_SECRET_FIELDS = {
    "generate": Field("int", "length of the secret that the host generates", default=32),
    "when": Field("any", "whether the secret exists", default=True),
    "env": Field("str", "variable that gets the secret itself, for an image that cannot read files"),
}
_SECRET_TEXT_FIELDS = {
    "target": Field("str", "path in the container", required=True),
    "content": Field("str", "the text, with secret(…) in place of each secret", required=True),
}
#: All scripts run in a container of the server, with LOGIN and SECOND, CURRENT and OTHER.
_ROTATION_FIELDS = {
    "server": Field("str", "service whose container the scripts run in; by default the service itself"),
    "login": Field(
        "str", "role of the password, if a role has only one: services log in as a second role meanwhile", default=""
    ),
    "before": Field("str", "lines that each of the scripts starts with", default=""),
    "accept": Field("str", "script; the server accepts OTHER, too, with a login as SECOND", required=True),
    "change": Field("str", "script; LOGIN gets OTHER in place of CURRENT, when services log in as SECOND"),
    "drop": Field("str", "script; the server accepts only CURRENT for LOGIN, and SECOND is gone", required=True),
    "accepts": Field("str", "script that fails if LOGIN cannot log in with CURRENT", required=True),
    "line": Field("str", "start of the line with the password in the `secret_texts` that the server reads"),
    "line_for_both": Field("str", "the line that stands for it meanwhile, with CURRENT and OTHER"),
}
_DATA_VERSION_FIELDS = {
    "is": Field("str", "version that the service's image reads and writes", required=True),
    "volume": Field("str", "name of the volume", required=True),
    "files": Field("list", "patterns of files in the volume that contain the version of its data", required=True),
    "reads": Field(
        "str",
        "`same`: the image reads data of this version only; `older`: of earlier versions, too",
        default="same",
        choices=("same", "older"),
    ),
}
_PROVIDES_FIELDS = {
    "prefix": Field("str", "start of the variables' names", required=True),
    "environment": Field("dict", "variables", default={}),
    "secret_files": Field("dict", "variables with the path of a secret", default={}),
    "logins": Field("dict", "variables with the name that one of its secrets is the password of", default={}),
    "url": Field("str", "connection URL, secrets included"),
    "database": Field("bool", "whether it is a database that migrations change", default=False),
}


def parse(name: str, document: object) -> Kind:
    """Return the kind that *document*, the parsed YAML of a kind's file, describes.

    :raises ValueError: naming the kind and the key, for a document that is not a valid kind.
    """
    where = f"kind {name!r}"
    body = schema.read(document, _FIELDS, where)
    if body["provides"]:
        body["provides"] = schema.read(body["provides"], _PROVIDES_FIELDS, f"{where}, key 'provides'")
    body["development"] = schema.read(body["development"], development.UNEVALUATED, f"{where}, key 'development'")
    for key, fields in (
        ("secrets", _SECRET_FIELDS),
        ("secret_texts", _SECRET_TEXT_FIELDS),
        ("rotation", _ROTATION_FIELDS),
    ):
        body[key] = {
            entry: schema.read(spec or {}, fields, f"{where}, key {key!r}, {entry!r}")
            for entry, spec in body[key].items()
        }
    if body["data_version"]:
        where_data = f"{where}, key 'data_version'"
        body["data_version"] = schema.read(body["data_version"], _DATA_VERSION_FIELDS, where_data)
    if body["backup"]:
        body["backup"] = backups.parse(f"{where}, key 'backup'", body["backup"])
    options = {}
    for option, spec in body["options"].items():
        values = schema.read(spec, _OPTION_FIELDS, f"{where}, option {option!r}")
        values["choices"] = tuple(values["choices"])
        options[option] = Field(**values)
    return Kind(name, body["class"], body["edge"], options, body, body["plain"])


def load(folders: list[Path]) -> dict[str, Kind]:
    """Return the kinds in the ``*.yml`` files of *folders* by name; a later folder replaces a kind of an earlier one.

    :raises ValueError: for a folder that does not exist, and for a file that is not a valid kind.
    """
    kinds = {}
    for folder in folders:
        if not folder.is_dir():
            raise ValueError(f"kinds: {folder} is not a directory; correct stack_kinds_paths")
        for path in sorted(folder.glob("*.yml")):
            try:
                kinds[path.stem] = _parsed(path.stem, path.read_text(encoding="utf-8"))
            except yaml.YAMLError as error:
                raise ValueError(f"kind {path.stem!r}: {path} is not YAML: {error}") from None
    return kinds


@functools.lru_cache(maxsize=256)
def _parsed(name: str, text: str) -> Kind:
    # Parsing YAML takes most of the time of a description, and the policy describes every other environment, too.
    return parse(name, yaml_load(text))


_ENVIRONMENT = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True)
#: Filters for kinds: a version in a tag, and in the reference of an image; empty if it has none.
_ENVIRONMENT.filters |= {
    "major": postgres_tags.major,
    "major_of_image": postgres_tags.major_of_image,
    "number": versions.number,
    "number_of_image": versions.number_of_image,
}
_SOLE_EXPRESSION = re.compile(r"\s*\{\{((?:(?!\}\}).)+)\}\}\s*", re.DOTALL)


@functools.lru_cache(maxsize=2048)
def _compiled(text: str) -> Callable[..., Any]:
    # A value that is a single expression keeps its type, such as a list or a number. Anything else becomes text.
    sole = _SOLE_EXPRESSION.fullmatch(text)
    if sole:
        return _ENVIRONMENT.compile_expression(sole[1], undefined_to_none=False)
    return _ENVIRONMENT.from_string(text).render


def _require_defined(value: Any) -> None:
    """Raise Jinja's own error for an undefined name anywhere in a value; Jinja itself does not look inside lists."""
    if isinstance(value, jinja2.Undefined):
        str(value)
    elif isinstance(value, Mapping):
        _require_defined(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            _require_defined(item)


def render(value: Any, context: Mapping[str, Any], where: str) -> Any:
    """Return *value* (nested mappings and lists) with every Jinja expression in it evaluated.

    :param context: the names that expressions may use.
    :raises ValueError: naming *where*, for an expression that does not parse, fails, or uses an unknown name.
    """
    if isinstance(value, str):
        if "{{" not in value and "{%" not in value:
            return value
        try:
            result = _compiled(value)(**context)
            _require_defined(result)
            return result
        except Exception as error:  # an expression may raise anything
            raise ValueError(f"{where}: {value!r} cannot be evaluated: {error}") from None
    if isinstance(value, Mapping):
        return {render(key, context, where): render(item, context, where) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [render(item, context, where) for item in value]
    return value
