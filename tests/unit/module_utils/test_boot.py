"""The unit that starts again at boot what the engine gave up on."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils import boot


class Systemd:
    """A systemd that is told to enable units, and does so or refuses."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.unit = root / "system" / boot.UNIT
        self.told: list[list[str]] = []
        self.refuses = ""
        monkeypatch.setattr(boot, "_FOLDER", root / "system")
        monkeypatch.setattr(boot, "_BOOTED", root)
        monkeypatch.setattr(subprocess, "run", self._run)

    def _run(self, arguments: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        self.told.append(arguments)
        return subprocess.CompletedProcess(arguments, 1 if self.refuses else 0, "", self.refuses)


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    return Systemd(tmp_path, monkeypatch)


def test_the_unit_is_put_down_once(systemd: Systemd) -> None:
    assert boot.ensure()
    assert "--filter label=slipway.pod" in systemd.unit.read_text()
    assert not boot.ensure()
    assert systemd.told == [["systemctl", "enable", boot.UNIT]]


def test_a_unit_of_another_version_is_replaced(systemd: Systemd) -> None:
    boot.ensure()
    systemd.unit.write_text("[Unit]\n")
    assert boot.ensure()
    assert "ExecStart" in systemd.unit.read_text()


def test_a_server_without_systemd_has_none(systemd: Systemd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boot, "_BOOTED", tmp_path / "not there")
    assert not boot.ensure()
    assert not systemd.unit.exists()


def test_what_systemd_refuses_is_not_left_behind(systemd: Systemd) -> None:
    systemd.refuses = "Failed to enable unit: read-only file system\n"
    with pytest.raises(
        boot.BootError, match=r"slipway-pods.service cannot be enabled: Failed to enable unit: read-only"
    ):
        boot.ensure()
    assert not systemd.unit.exists()
