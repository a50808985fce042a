from __future__ import annotations

import urllib.parse

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import QUOTING
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("how", "value", "result"),
    [
        ("raw", 'a"$\n', 'a"$\n'),
        ("url", "a/b:c@d?e#f%&=+ é", "a%2Fb%3Ac%40d%3Fe%23f%25%26%3D%2B%20%C3%A9"),
        ("url", "plain-._~", "plain-._~"),
        ("redis", "plain", '"plain"'),
        ("redis", 'a"b\\c d#e', '"a\\"b\\\\c d#e"'),
        ("redis", "a\nb\rc\td", '"a\\nb\\rc\\td"'),
        ("dotenv", "a\"b\\c$d\ne\rf'#", "a\\\"b\\\\c\\$d\\ne\\rf'#"),
    ],
)
def test_a_value_is_quoted(how: str, value: str, result: str) -> None:
    assert QUOTING[how](value) == result


@given(st.text())
def test_a_url_component_round_trips_any_text(value: str) -> None:
    assert urllib.parse.unquote(QUOTING["url"](value)) == value
    assert urllib.parse.urlsplit(f"redis://:{QUOTING['url'](value)}@redis:6379/0").hostname == "redis"


@given(st.text())
def test_a_redis_argument_is_one_line_and_one_argument(value: str) -> None:
    quoted = QUOTING["redis"](value)
    assert not {"\n", "\r"} & set(quoted)
    inner = quoted[1:-1].replace("\\\\", "").replace('\\"', "")
    assert '"' not in inner
