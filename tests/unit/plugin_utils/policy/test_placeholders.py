"""Values of examples are placeholders, random values are not."""

from __future__ import annotations

import base64
import string

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.placeholders import placeholder, shown
from hypothesis import given, settings
from hypothesis import strategies as st

WORDS = """
changethis|changeme|change-me|CHANGE_ME|ChangeIt|change_this_in_production|changeme123|please-change-me|PleaseChangeMe
your-secret-here|your_api_key|YOUR-TOKEN|yoursecretkey|my-secret|my_super_secret_key|replace-me|REPLACE_WITH_YOUR_KEY
insert-key-here|put_your_token_here|enter your password|xxx|XXXXXXXX|***|...|<password>|<your token>|{{ password }}
[token]|__SECRET__|todo|TBD|placeholder|example|example-password|sample|dummy|dummy_key|supersecret|super-secret-key
not-a-secret|notsosecret|insecure|insecure-dev-key|password|Password|passw0rd|postgres|admin|root|secret|minioadmin|guest
123456|some-secret|a-very-long-secret|a_long_random_string|the-secret-key|django-insecure-changeme|"changethis"|fixme|00000000
"""
PLACEHOLDERS = [word for line in WORDS.strip().splitlines() for word in line.split("|")]


@pytest.mark.parametrize("value", PLACEHOLDERS)
def test_a_value_of_an_example_is_a_placeholder(value: str) -> None:
    assert placeholder(value)


@pytest.mark.parametrize("value", ["postgres://app:changethis@db/app", "redis://:password@cache:6379/0"])
def test_the_password_in_a_url_may_be_one(value: str) -> None:
    assert placeholder(value) in ("changethis", "password")


@pytest.mark.parametrize(
    "value",
    [
        "hunter2hunter2",
        "correct-horse-battery-staple",
        "Tr0ub4dor&3",
        "dMq7Zt4LwX0v",
        "postgres://app:dMq7Zt4L@db/app",
        "",
        "/run/secrets/password",
        "exchange-rate-77",
        "sesame-9f3",
        "users-list-2",
        "passerby-44",
        "a-long-one-$1",
        "some-thing-else",
    ],
)
def test_a_value_of_its_own_is_none(value: str) -> None:
    assert placeholder(value) == ""


@settings(max_examples=500, deadline=None, derandomize=True)
@given(
    st.binary(min_size=12, max_size=40), st.sampled_from([base64.b64encode, base64.urlsafe_b64encode, base64.b16encode])
)
def test_a_random_value_is_none(content: bytes, encode: object) -> None:
    if len(set(content)) > 6:
        assert callable(encode)
        assert placeholder(encode(content).decode()) == ""


@settings(max_examples=300, deadline=500, derandomize=True)
@given(st.text(alphabet=string.ascii_letters + "_-<>{}[]%. ", max_size=200))
def test_any_text_takes_little_time(text: str) -> None:
    placeholder(text * 20)


def test_a_placeholder_with_digits_is_not_shown() -> None:
    assert shown("changethis") == "the placeholder 'changethis'"
    assert shown("changeme-4f9d") == "a placeholder"
