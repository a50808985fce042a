"""Secrets between two tasks of a play."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import sealing


@pytest.mark.parametrize("value", ["", "x", "geheim §" * 40, "\udcff binary"])
def test_what_was_sealed_can_be_unsealed(value: str) -> None:
    sealed = sealing.seal("db_password", value)
    assert sealing.unseal("db_password", sealed) == value
    assert sealed != sealing.seal("db_password", value)


def test_the_value_is_not_in_the_text() -> None:
    value = "a" * 64
    sealed = bytes.fromhex(sealing.seal("db_password", value))
    assert value[:4].encode() not in sealed
    assert len(set(sealed)) > 20


def test_another_name_or_another_run_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = sealing.seal("db_password", "a secret of some length")
    assert b"secret" not in sealing.unseal("other", sealed).encode("utf-8", "surrogateescape")
    monkeypatch.setattr(sealing, "_KEY", bytes(32))
    assert b"secret" not in sealing.unseal("db_password", sealed).encode("utf-8", "surrogateescape")
