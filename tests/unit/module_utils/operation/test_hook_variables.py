"""What a hook of a deploy is told about a release: what the host has recorded, and nothing that is not known."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.operation import hook_variables
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.support.fake_host import write_release

FIRST, SECOND = "20261121T101500Z-aaaaaaaa", "20261122T101500Z-bbbbbbbb"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path))
    home.make_directories()
    write_release(home, FIRST, version="1", commit="", environment="production")
    write_release(home, SECOND, version="2", commit="0123456789ab", environment="production")
    home.current.symlink_to(f"releases/{SECOND}")
    return home


def test_everything_that_is_recorded(home: Home) -> None:
    assert hook_variables.of(home, "shop", SECOND) == {
        "SLIPWAY_STACK": "shop",
        "SLIPWAY_RELEASE": SECOND,
        "SLIPWAY_VERSION": "2",
        "SLIPWAY_COMMIT": "0123456789ab",
        "SLIPWAY_ENVIRONMENT": "production",
    }


def test_what_is_not_known_is_left_out(home: Home) -> None:
    assert "SLIPWAY_COMMIT" not in hook_variables.of(home, "shop", FIRST)
    assert hook_variables.of(home, "shop", "20261123T101500Z-cccccccc") == {"SLIPWAY_STACK": "shop"}


def test_a_release_that_is_named_by_a_word(home: Home) -> None:
    assert hook_variables.of(home, "shop", "live")["SLIPWAY_RELEASE"] == SECOND
    assert hook_variables.of(home, "shop", "previous")["SLIPWAY_RELEASE"] == FIRST


def test_without_a_previous_release_only_the_stack_is_known(tmp_path: Path) -> None:
    for word in ("previous", "live"):
        assert hook_variables.of(Home(str(tmp_path)), "shop", word) == {"SLIPWAY_STACK": "shop"}
