from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field, read, suggestion

from tests.support.errors import error_of

FIELDS = {
    "image": Field("str", "image reference", required=True),
    "replicas": Field("int", default=1),
    "class": Field("str", choices=("rolling", "drain")),
}


@pytest.mark.parametrize(
    ("type_", "given", "result"),
    [
        ("str", "x", "x"),
        ("str", "", ""),
        ("str", 17, "17"),
        ("str", 1.5, "1.5"),
        ("bool", True, True),
        ("bool", "Yes", True),
        ("bool", "no", False),
        ("int", 3, 3),
        ("int", "3", 3),
        ("int", " -3 ", -3),
        ("float", 0.5, 0.5),
        ("float", "2", 2.0),
        ("port", "8000", 8000),
        ("cpus", "0.5", 0.5),
        ("memory", "6m", "6m"),
        ("memory", 536870912, "536870912"),
        ("list", [1], [1]),
        ("list", (1,), [1]),
        ("dict", {"a": 1}, {"a": 1}),
        ("command", "run it", "run it"),
        ("command", ["sleep", 5], ["sleep", "5"]),
        ("duration", "1m30s", "1m30s"),
        ("size", "16m", "16m"),
        ("any", {"a": [None]}, {"a": [None]}),
    ],
)
def test_value_of_a_type(type_: str, given: object, result: object) -> None:
    found = read({"key": given}, {"key": Field(type_)}, "service 'x'")["key"]
    assert found == result
    assert type(found) is type(result)


@pytest.mark.parametrize(
    ("type_", "given", "sentence"),
    [
        ("str", True, "True is not text; put it in quotes"),
        ("str", ["a"], "['a'] is not text; put it in quotes"),
        ("bool", "maybe", "'maybe' is neither true nor false"),
        ("bool", 1, "1 is neither true nor false"),
        ("int", "two", "'two' is not a whole number"),
        ("int", 1.5, "1.5 is not a whole number"),
        ("int", True, "True is not a whole number"),
        ("int", "--3", "'--3' is not a whole number"),
        ("float", "much", "'much' is not a number"),
        ("float", {}, "{} is not a number"),
        ("port", 0, "0 is not a port; ports are numbers from 1 to 65535"),
        ("port", 70000, "70000 is not a port; ports are numbers from 1 to 65535"),
        ("cpus", 0, "0 is not a number of processors above 0, such as 0.5"),
        ("cpus", "nan", "'nan' is not a number of processors above 0, such as 0.5"),
        ("cpus", True, "True is not a number"),
        (
            "memory",
            512,
            "512 is less than Docker's minimum of 6m; write a number with its unit, such as 512m",
        ),
        ("list", "a", "'a' is not a list"),
        ("dict", ["a"], "['a'] is not a mapping of keys to values"),
        ("command", {"a": 1}, "{'a': 1} is not a list"),
        ("command", ["a", None], "None is not text; put it in quotes"),
        ("duration", "30", "'30' is not a duration; write a number with its unit, such as 30s or 1m30s"),
        ("size", "lots", "'lots' is not a size; write a number with its unit, such as 512m or 2g"),
    ],
)
def test_value_of_another_type(type_: str, given: object, sentence: str) -> None:
    said = error_of(read, {"key": given}, {"key": Field(type_)}, "service 'x'")
    assert said == f"service 'x': key 'key': {sentence}"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"image": "a", "replica": 2}, "unknown key 'replica'; did you mean 'replicas'?"),
        ({"image": "a", "zzz": 2}, "unknown key 'zzz'; valid values: class, image, replicas"),
        ({"image": "a", 5: 2}, "unknown key 5; valid values: class, image, replicas"),
        ({"replicas": 2}, "required key 'image' is missing (image reference)"),
        ({"image": None}, "required key 'image' is missing (image reference)"),
        ({"image": "a", "class": "draining"}, "key 'class': 'draining' is not valid; valid values: rolling, drain"),
        ("a", "'a' is not a mapping of keys to values"),
        (None, "None is not a mapping of keys to values"),
    ],
)
def test_complaint(given: object, sentence: str) -> None:
    assert error_of(read, given, FIELDS, "service 'x'") == f"service 'x': {sentence}"


@pytest.mark.parametrize("given", [{"image": "a"}, {"image": "a", "replicas": None}])
def test_defaults(given: dict[str, Any]) -> None:
    assert read(given, FIELDS, "x") == {"image": "a", "replicas": 1, "class": None}


def test_suggestion_without_anything_known() -> None:
    assert suggestion("x", []) == ""
