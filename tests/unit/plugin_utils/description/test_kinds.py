from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.description import kinds
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field

from tests.support.descriptions import KINDS, ROOT
from tests.support.errors import error_of

LEAST = {"description": "A thing", "class": "rolling"}


def test_a_kind_from_its_document() -> None:
    kind = kinds.parse(
        "cache",
        {
            **LEAST,
            "options": {"size": {"type": "size", "default": "1m", "description": "Size", "choices": ["1m", "2m"]}},
            "secrets": {"password": None, "token": {"generate": 64}},
            "provides": {"prefix": "CACHE"},
        },
    )
    assert (kind.name, kind.service_class, kind.edge) == ("cache", "rolling", None)
    assert kind.options == {"size": Field("size", "Size", "1m", choices=("1m", "2m"))}
    assert kind.body["secrets"] == {
        "password": {"generate": 32, "when": True, "env": None},
        "token": {"generate": 64, "when": True, "env": None},
    }
    assert kind.body["provides"] == {
        "prefix": "CACHE",
        "logins": {},
        "environment": {},
        "secret_files": {},
        "url": None,
        "database": False,
    }
    assert kind.body["stop_grace"] == "10s"


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (None, "kind 'x': None is not a mapping of keys to values"),
        (["a"], "kind 'x': ['a'] is not a mapping of keys to values"),
        ({"class": "rolling"}, "kind 'x': required key 'description' is missing (one sentence)"),
        ({"description": "A"}, "kind 'x': required key 'class' is missing (update strategy)"),
        (
            {**LEAST, "class": "rollin"},
            "kind 'x': key 'class': 'rollin' is not valid; valid values: rolling, drain, singleton, stateful, oneshot",
        ),
        ({**LEAST, "edge": "haproxy"}, "kind 'x': key 'edge': 'haproxy' is not valid; valid values: nginx, traefik"),
        ({**LEAST, "enviroment": {}}, "kind 'x': unknown key 'enviroment'; did you mean 'environment'?"),
        ({**LEAST, "memory": "1m"}, "kind 'x': key 'memory': '1m' is less than Docker's minimum of 6m"),
        ({**LEAST, "stop_grace": 10}, "kind 'x': key 'stop_grace': 10 is not a duration"),
        ({**LEAST, "secrets": {"p": {"lenght": 4}}}, "kind 'x', key 'secrets', 'p': unknown key 'lenght'"),
        ({**LEAST, "secrets": {"p": 32}}, "kind 'x', key 'secrets', 'p': 32 is not a mapping of keys to values"),
        (
            {**LEAST, "secret_texts": {"c": {"content": "x"}}},
            "kind 'x', key 'secret_texts', 'c': required key 'target' is missing (path in the container)",
        ),
        ({**LEAST, "provides": {"environment": {}}}, "kind 'x', key 'provides': required key 'prefix' is missing"),
        ({**LEAST, "options": {"o": {"type": "text", "description": "d"}}}, "kind 'x', option 'o': key 'type': 'text'"),
        ({**LEAST, "options": {"o": {"type": "str"}}}, "kind 'x', option 'o': required key 'description' is missing"),
    ],
)
def test_no_kind(document: object, sentence: str) -> None:
    assert error_of(kinds.parse, "x", document).startswith(sentence)


CONTEXT = {"name": "db", "port": 5432, "flag": True, "items": ["a"], "fail": lambda: 1 / 0}


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("plain $HOME {x}", "plain $HOME {x}"),
        ("{{ name }}-data", "db-data"),
        # A value that is one expression keeps its type.
        ("{{ port }}", 5432),
        ("{{ flag }}", True),
        (" {{ items + ['b'] }} ", ["a", "b"]),
        ("{{ {'a': port} }}", {"a": 5432}),
        ("{{ none }}", None),
        ("{{ name }}{{ port }}", "db5432"),
        ("{% if flag %}yes{% endif %}", "yes"),
        ("{{ name }}\n", "db"),
        ("line {{ name }}\n", "line db\n"),
        ({"{{ name }}": ["{{ port }}", 1, None]}, {"db": [5432, 1, None]}),
        (("{{ name }}",), ["db"]),
        (17, 17),
    ],
)
def test_rendering(value: Any, result: Any) -> None:
    found = kinds.render(value, CONTEXT, "service 'db'")
    assert found == result
    assert type(found) is type(result)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("{{ nme }}", "'nme' is undefined"),
        ("{{ [name, nme] }}", "'nme' is undefined"),
        ("x {{ nme }}", "'nme' is undefined"),
        ("{{ name", "unexpected end of template"),
        ("{{ name + }}", "unexpected"),
        ("{{ name.nothing }}", "has no attribute 'nothing'"),
        ("{{ fail() }}", "division by zero"),
        ("{{ name + port }}", "can only concatenate str"),
    ],
)
def test_expression_that_fails(value: str, reason: str) -> None:
    said = error_of(kinds.render, {"key": [value]}, CONTEXT, "service 'db'")
    assert said.startswith(f"service 'db': {value!r} cannot be evaluated: ")
    assert reason in said


def _write(folder: Path, **documents: object) -> Path:
    folder.mkdir()
    for name, document in documents.items():
        (folder / f"{name}.yml").write_text(yaml.safe_dump(document))
    return folder


def test_a_later_folder_replaces_a_kind(tmp_path: Path) -> None:
    shipped = _write(tmp_path / "shipped", cache=LEAST, queue=LEAST)
    own = _write(tmp_path / "own", cache={**LEAST, "class": "stateful"}, search=LEAST)
    found = kinds.load([shipped, own])
    assert {name: kind.service_class for name, kind in found.items()} == {
        "cache": "stateful",
        "queue": "rolling",
        "search": "rolling",
    }


def test_a_folder_without_kinds_is_no_error(tmp_path: Path) -> None:
    assert kinds.load([tmp_path]) == {}


def test_a_file_that_is_not_yaml(tmp_path: Path) -> None:
    (tmp_path / "broken.yml").write_text("a: [")
    assert error_of(kinds.load, [tmp_path]).startswith(f"kind 'broken': {tmp_path / 'broken.yml'} is not YAML: ")


def test_every_shipped_file_is_a_kind() -> None:
    assert sorted(KINDS) == sorted(path.stem for path in (ROOT / "kinds").iterdir())


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_shipped_kind_is_ready_for_production(kind: kinds.Kind) -> None:
    """Its protections are in ``tests/contracts/test_hardening.py``."""
    body = kind.body
    if kind.plain:
        # What its services get is their owners' own word.
        assert not any(body[key] for key in ("memory", "cpus", "networks", "health", "compose"))
        return
    assert body["memory"]
    assert body["cpus"]
    assert body["networks"]
    # `custom` cannot know how its image tells that it works; describe asks for it.
    if kind.name != "custom":
        assert bool(body["health"].get("test")) is (kind.service_class != "oneshot")
        assert body["user"].split(":")[0].isdecimal()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="missing is not a directory; correct stack_kinds_paths"):
        kinds.load([tmp_path / "missing"])
