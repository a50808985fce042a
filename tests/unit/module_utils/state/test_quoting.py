from __future__ import annotations

import json
import re
import urllib.parse

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import (
    QUOTING,
    nginx_pattern,
    nginx_string,
    traefik_file,
    traefik_string,
)
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


def _read_by_nginx(text: str) -> list[str]:
    """Return the quoted parameters in a line, as ngx_conf_read_token reads them."""
    found = re.findall(r'"((?:[^"\\]|\\.)*)"(?=[ ;])', text, re.DOTALL)
    special = {"t": "\t", "r": "\r", "n": "\n", "\\": "\\", '"': '"', "'": "'"}
    return [re.sub(r"\\(.)", lambda one: special.get(one[1], one[0]), each, flags=re.DOTALL) for each in found]


@given(st.text(), st.text())
def test_a_parameter_of_nginx_is_read_back(first: str, second: str) -> None:
    try:
        line = f"directive {nginx_pattern(first)} {nginx_pattern(second)};"
    except ValueError:
        assert re.search("[\0\ud800-\udfff]", first + second)
    else:
        assert _read_by_nginx(line) == [first, second]


@pytest.mark.parametrize("value", ["/a$host", "$", "a\0b", "\ud800"])
def test_what_nginx_cannot_express_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"cannot express|no file can contain"):
        nginx_string(value)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_string_in_a_rule_of_traefik_is_read_back(value: str) -> None:
    quoted = traefik_string(value)
    assert json.loads(quoted) == value
    # Go refuses an escape that it does not know, and a line break.
    assert not set(re.findall(r"\\(.)", quoted.replace("\\\\", ""))) - set('"bfnrtu')
    assert "\n" not in quoted


@given(st.text(alphabet='{}a"`$', max_size=12))
def test_a_file_of_traefik_has_no_template_but_our_own(text: str) -> None:
    """Go's template, with its one expression evaluated, is the text."""
    quoted = traefik_file(text)
    assert quoted.replace('{{"{{"}}', "\ue000").count("{{") == 0
    assert quoted.replace('{{"{{"}}', "{{") == text
