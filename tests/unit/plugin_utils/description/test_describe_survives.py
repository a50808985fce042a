"""Whatever stands under whichever key: the answer is a release, or a sentence that names the service."""

from __future__ import annotations

import json

from ansible_collections.slipway.stack.plugins.plugin_utils.description import fields
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.descriptions import KINDS, example, parcel

EXAMPLE = example()
PLACES = [
    (name, key) for name, keys in EXAMPLE.items() for key in [*fields.SERVICE_FIELDS, *KINDS[keys["kind"]].options]
]
WORDS = st.sampled_from(
    [
        "",
        " ",
        "x",
        "web",
        "db",
        "$x",
        "{{ x }}",
        "{{ 1/0 }}",
        "{% if %}",
        "10s",
        "64m",
        "8080:80",
        "/x",
        "/x/",
        "a\0b",
        "é",
    ]
)
KEYS = st.sampled_from(sorted(fields.SERVICE_FIELDS)) | st.sampled_from(
    ["production", "ports", "test", "interval", "retries", "healthcheck", "labels", "deploy", "resources", "networks"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 70000) | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(place=st.sampled_from(PLACES), value=VALUES)
def test_a_value_of_any_shape(place: tuple[str, str], value: object) -> None:
    name, key = place
    try:
        content = parcel(example(**{name: {key: value}})).content()
    except ValueError as error:
        said = str(error)
        # A service that another is `like` hands its mistakes on, and needs or routes are met from both ends.
        assert any(f"service {other!r}" in said for other in EXAMPLE), said
    else:
        assert json.loads(json.dumps(content)) == content
