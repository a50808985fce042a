"""The lists of headers that no client may send."""

from __future__ import annotations

import re

from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.headers import CLAIMS, DEFAULTS, NEVER

#: What the edge writes itself, in every request.
WRITTEN = {"host", "x-real-ip", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto"}
#: What clients have a reason to send.
ORDINARY = {
    "authorization",
    "cookie",
    "origin",
    "referer",
    "user-agent",
    "accept",
    "content-type",
    "traceparent",
    "via",
}


def test_each_header_is_listed_once_in_its_usual_notation() -> None:
    listed = [*CLAIMS, *NEVER]
    assert len({name.lower() for name in listed}) == len(listed)
    assert [name for name in [*listed, *DEFAULTS] if not re.fullmatch(r"[A-Z][A-Za-z0-9]*(-[A-Za-z0-9]+)*", name)] == []


def test_a_header_that_the_edge_writes_or_a_client_needs_is_not_removed() -> None:
    assert not {name.lower() for name in [*CLAIMS, *NEVER]} & (WRITTEN | ORDINARY)


def test_every_header_has_a_variable_of_its_own_in_nginx() -> None:
    names = [name.lower().replace("-", "_") for name in [*CLAIMS, *DEFAULTS]]
    assert len(set(names)) == len(names)
