from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils import kinds

from scripts import reference, reference_services
from tests.contracts.checkout import ROOT


@pytest.mark.parametrize("name", reference.pages())
def test_a_reference_page_is_what_make_docs_writes(name: str) -> None:
    assert (ROOT / name).read_text() == reference.pages()[name]


def test_every_class_is_explained() -> None:
    assert tuple(reference_services._CLASSES) == kinds.CLASSES
