"""No input makes a rule raise: for any value under any key, there is a review."""

from __future__ import annotations

import json

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.value_types import KEYS as KEYS_OF
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.value_types import SERVICE
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.yaml_parser import Unreadable, parse
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import formats, report
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.review import review
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.settings import Settings
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import from_data
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.policy_corpus import files
from tests.support.policy_review import DAY

_WORDS = """
web db ${X ${X:- $$ 80:80 : a:b:c:d / /data ./x:/app redis:7 postgres:18 postgres @ :// a://b:c@d celery worker CMD NONE
0 -1s 1h 1g é 99999999999999999999:1 1-99999:80 service_healthy host root 0:0 no always data:/data
"""
_KEYS = """
test interval retries limits resources memory cpus target source published condition driver options args context
POSTGRES_PASSWORD DEBUG internal web db x-a <<
"""
WORDS = st.sampled_from([*_WORDS.split(), "", " ", "\0", "sh -c 'a && b", "sh -c 'a; b'"])
KEYS = st.sampled_from([*sorted(KEYS_OF[SERVICE]), *_KEYS.split()])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | WORDS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
SERVICES = st.dictionaries(
    st.sampled_from(["web", "db", "cache"]), st.dictionaries(KEYS, VALUES, max_size=6), max_size=3
)


@settings(max_examples=600, deadline=None, derandomize=True)
@given(services=SERVICES, top=st.dictionaries(KEYS, VALUES, max_size=3), more=SERVICES)
def test_data_of_any_shape_has_a_review(
    services: dict[str, object], top: dict[str, object], more: dict[str, object]
) -> None:
    stack = from_data([{"services": services, **top}, {"services": more}], {}, ["compose.yaml"])
    result = review(stack, "production", Settings(), DAY, {"staging": from_data([{"services": more}], {}, ["b.yaml"])})
    assert report.table(result)
    assert json.loads(formats.as_sarif([result]))["version"] == "2.1.0"
    assert formats.as_junit([result]).endswith("</testsuites>")
    assert json.loads(formats.as_json([result]))["reviews"]


TEXTS = [path.read_text(encoding="utf-8") for path in files()]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(text=st.sampled_from(TEXTS), start=st.integers(0, 2000), length=st.integers(0, 40), instead=st.text(max_size=6))
def test_damaged_text_has_a_review_or_is_refused(text: str, start: int, length: int, instead: str) -> None:
    damaged = text[:start] + instead + text[start + length :]
    try:
        documents = parse(damaged, "compose.yaml")
    except Unreadable:
        return
    read = [one for one in documents if isinstance(one, dict) and isinstance(one.get("services"), (dict, type(None)))]
    assert review(from_data(read, {}, ["compose.yaml"]), "production", Settings(), DAY)
