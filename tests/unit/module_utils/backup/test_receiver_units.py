"""Units that receive WAL: written for the services that want it, removed for others."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.backup import receiver_units
from ansible_collections.slipway.stack.plugins.module_utils.state import systemd
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home

from tests.support.fake_systemd import Systemd


@pytest.fixture
def wanted(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    services: dict[str, dict[str, str]] = {"db": {}}
    monkeypatch.setattr(receiver_units.continuous, "wanted", lambda _home: services)
    return services


@pytest.fixture
def units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "units"
    folder.mkdir()
    monkeypatch.setattr(systemd, "UNITS", folder)
    return folder


def test_units_come_and_go(units: Path, wanted: dict[str, dict[str, str]]) -> None:
    home, systemd = Home("/opt/stacks/shop"), Systemd()
    name = "slipway-wal-shop-db.service"
    assert receiver_units.apply(home, "shop", False, systemd.run, True) == [name]
    assert (systemd.told, list(units.iterdir())) == ([], [])
    assert receiver_units.apply(home, "shop", False, systemd.run, False) == [name]
    assert systemd.told == ["daemon-reload", f"enable {name}", f"restart {name}"]
    text = (units / name).read_text()
    assert "\nExecStart=/usr/bin/python3 /opt/stacks/shop/state/backup.pyz /opt/stacks/shop receive db\n" in text
    systemd.told.clear()
    assert receiver_units.apply(home, "shop", False, systemd.run, False) == []
    assert systemd.told == []
    del wanted["db"]
    assert receiver_units.apply(home, "shop", False, systemd.run, False) == [name]
    assert systemd.told == [f"disable --now {name}", "daemon-reload"]
    assert list(units.iterdir()) == []


def test_a_new_program_and_one_that_does_not_run(units: Path, wanted: dict[str, dict[str, str]]) -> None:
    home, systemd = Home("/opt/stacks/shop"), Systemd()
    name = "slipway-wal-shop-db.service"
    receiver_units.apply(home, "shop", False, systemd.run, False)
    systemd.told.clear()
    assert receiver_units.apply(home, "shop", True, systemd.run, False) == []
    assert systemd.told == [f"enable {name}", f"restart {name}"]
    systemd.active.clear()
    systemd.told.clear()
    assert receiver_units.apply(home, "shop", False, systemd.run, False) == [name]
    assert systemd.told == [f"enable {name}", f"restart {name}"]


def test_units_of_a_stack_with_a_longer_name_stay(units: Path, wanted: dict[str, dict[str, str]]) -> None:
    systemd = Systemd()
    receiver_units.apply(Home("/opt/stacks/shop-eu"), "shop-eu", False, systemd.run, False)
    wanted.clear()
    assert receiver_units.apply(Home("/opt/stacks/shop"), "shop", False, systemd.run, False) == []
    assert [path.name for path in units.iterdir()] == ["slipway-wal-shop-eu-db.service"]
