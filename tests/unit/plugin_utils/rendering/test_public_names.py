"""The host names that the edge answers to."""

from __future__ import annotations

import re

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import public_names

from tests.support.descriptions import example, model


def _names(domain: str, further: list[str]) -> list[str]:
    stack = model(example(edge={"domains": further}), domain=domain)
    return public_names.names(stack, stack.services["edge"])


@pytest.mark.parametrize(
    ("domain", "further", "names"),
    [
        ("", [], []),
        ("shop.example.com", [], ["shop.example.com"]),
        ("Shop.Example.com:8443", ["WWW.example.com"], ["shop.example.com", "www.example.com"]),
        ("a.b", ["a.b", "*.a.b"], ["a.b", "*.a.b"]),
    ],
)
def test_names_are_in_lower_case_and_without_a_port(domain: str, further: list[str], names: list[str]) -> None:
    assert _names(domain, further) == names


@pytest.mark.parametrize(
    ("name", "fitting", "other"),
    [
        ("shop.example.com", ["shop.example.com"], ["shopxexample.com", "a.shop.example.com", "shop.example.com.evil"]),
        ("*.example.com", ["a.example.com", "a.b.example.com"], ["example.com", ".example.com", "aexample.com"]),
    ],
)
def test_a_pattern_fits_the_names_that_it_stands_for(name: str, fitting: list[str], other: list[str]) -> None:
    pattern = re.compile(public_names.pattern(name))
    assert [one for one in [*fitting, *other] if pattern.fullmatch(one)] == fitting
