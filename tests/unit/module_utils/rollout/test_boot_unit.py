"""The unit that starts containers at boot that the engine could not start."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.rollout import boot_unit
from ansible_collections.slipway.stack.plugins.module_utils.state.journal import Journal, RolloutFailed, read


class Systemd:
    """A fake systemd that enables units or refuses."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.unit = root / "system" / boot_unit.UNIT
        self.settings = root / "system" / boot_unit.ENGINE_SETTINGS
        self.commands: list[list[str]] = []
        self.refuses = ""
        monkeypatch.setattr(boot_unit, "_FOLDER", root / "system")
        monkeypatch.setattr(boot_unit, "_BOOTED", root)
        monkeypatch.setattr(subprocess, "run", self._run)

    def _run(self, arguments: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        self.commands.append(arguments)
        return subprocess.CompletedProcess(arguments, 1 if self.refuses else 0, "", self.refuses)


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    return Systemd(tmp_path, monkeypatch)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl", "r1")


def test_the_unit_is_installed_and_reported_once(systemd: Systemd, journal: Journal, tmp_path: Path) -> None:
    boot_unit.ensure_enabled(journal)
    boot_unit.ensure_enabled(journal)
    assert "*container:*/releases/*) docker start" in systemd.unit.read_text()
    assert systemd.commands == [["systemctl", "enable", boot_unit.UNIT]]
    records, _ = read(tmp_path / "journal.jsonl", 0)
    assert [record["text"] for record in records] == [f"{boot_unit.UNIT} starts the edge at boot"]


def test_a_unit_of_another_version_is_replaced(systemd: Systemd, journal: Journal) -> None:
    boot_unit.ensure_enabled(journal)
    systemd.unit.write_text("[Unit]\n")
    boot_unit.ensure_enabled(journal)
    assert "ExecStart" in systemd.unit.read_text()


def test_the_engine_of_an_earlier_version_of_the_unit_gets_its_settings(systemd: Systemd, journal: Journal) -> None:
    boot_unit.ensure_enabled(journal)
    systemd.settings.unlink()
    boot_unit.ensure_enabled(journal)
    # systemctl enable lets systemd read all units again.
    assert systemd.commands == [["systemctl", "enable", boot_unit.UNIT]] * 2
    lines = systemd.settings.read_text().splitlines()
    # Whatever happens to them, the engine starts and stops.
    assert [line.split("=")[0] for line in lines if line.startswith("Exec")] == [
        "ExecStop",
        "ExecStartPre",
        "ExecStartPost",
        "ExecStartPost",
        "ExecStopPost",
    ]
    assert all("=-/bin/sh -c '" in line for line in lines if line.startswith("Exec"))


def test_the_published_ports_are_found_in_the_rules_of_the_kernel(
    systemd: Systemd, journal: Journal, tmp_path: Path
) -> None:
    """The script as systemd runs it, with programs in place of those that change rules."""
    boot_unit.ensure_enabled(journal)
    text = systemd.settings.read_text()
    script = text.split("ExecStartPre=-/bin/sh -c '")[1].split("'\n")[0].replace("\\\n", "")
    script = script.replace("$$", "$").replace("\\\\", "\\")
    rules = """\
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i br-1 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.18.0.2:8080
-A DOCKER -d 203.0.113.5/32 ! -i br-1 -p tcp -m tcp --dport 8443 -j DNAT --to-destination 172.18.0.2:8443
-A DOCKER ! -i br-1 -p udp -m udp --dport 53 -j DNAT --to-destination 172.18.0.3:53
"""
    done = tmp_path / "done"
    for name, body in {"iptables": f'echo "$@" >> {done}', "iptables-save": f"cat <<'RULES'\n{rules}RULES"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    popen = subprocess.Popen(["/bin/sh", "-c", script], env=environment)
    assert popen.wait() == 0
    assert done.read_text().splitlines()[2:] == [
        "-w -A SLIPWAY-START -p tcp --dport 80 -j DROP",
        "-w -A SLIPWAY-START -p tcp --dport 8443 -j DROP",
    ]


def test_a_server_without_systemd_gets_no_unit(
    systemd: Systemd, journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boot_unit, "_BOOTED", tmp_path / "missing")
    boot_unit.ensure_enabled(journal)
    assert not systemd.unit.exists()


def test_a_unit_that_systemd_refuses_is_removed(systemd: Systemd, journal: Journal) -> None:
    systemd.refuses = "Failed to enable unit: read-only file system\n"
    with pytest.raises(
        RolloutFailed, match=r"slipway-pods.service cannot be enabled: Failed to enable unit: read-only"
    ):
        boot_unit.ensure_enabled(journal)
    assert not systemd.unit.exists()
