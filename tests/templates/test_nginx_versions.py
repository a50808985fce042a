"""Which versions of nginx can be an edge."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import edge

from tests.support.descriptions import example, model


@pytest.mark.parametrize("version", ["1.27.4", "1.27.4-alpine", "1.27", "1.30", "1", "mainline", "stable-alpine", "2"])
def test_a_version_that_fails_no_request_is_accepted(version: str) -> None:
    assert edge.files(model(example(edge={"version": version})))


# The last is what YAML makes of 1.30 without quotes.
@pytest.mark.parametrize("version", ["1.27.3", "1.26", "1.26.3-perl", "1.9.15", 1.30])
def test_a_version_that_would_fail_requests_is_refused(version: object) -> None:
    sentence = "service 'edge': key 'version': nginx .* would fail requests during a rollout"
    with pytest.raises(ValueError, match=sentence):
        edge.files(model(example(edge={"version": version})))
