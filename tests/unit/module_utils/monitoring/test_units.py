"""The units of a stack's monitoring: written, changed and removed; and what their program does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.monitoring import delivery, metrics_file, program, units
from ansible_collections.slipway.stack.plugins.module_utils.monitoring.receivers import Receiver
from ansible_collections.slipway.stack.plugins.module_utils.monitoring.settings import Settings
from ansible_collections.slipway.stack.plugins.module_utils.state import events, systemd
from ansible_collections.slipway.stack.plugins.module_utils.state.events import Event
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home
from ansible_collections.slipway.stack.plugins.module_utils.state.systemd import SystemdError

from tests.support.fake_host import tree
from tests.support.fake_systemd import Systemd
from tests.support.measured import measured

UNITS = [f"slipway-metrics-shop.{kind}" for kind in ("service", "timer", "path")]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    (tmp_path / "units").mkdir()
    (tmp_path / "collector").mkdir()
    monkeypatch.setattr(systemd, "UNITS", tmp_path / "units")
    monkeypatch.setattr(metrics_file.measuring, "measure", lambda _home: measured())
    return Home(str(tmp_path / "shop"))


def _apply(home: Home, directory: str, told: Systemd, dry_run: bool = False, content: bytes = b"zip") -> list[str]:
    return units.apply(home, "shop", Settings(directory), content, told.run, dry_run)


def test_units_come_and_go_with_the_metrics(home: Home, tmp_path: Path) -> None:
    told, directory = Systemd(), str(tmp_path / "collector")
    written = ["monitoring.json", "monitoring.pyz", *UNITS]
    assert _apply(home, directory, told, dry_run=True) == written
    assert (told.told, tree(tmp_path)) == ([], [])
    assert _apply(home, directory, told) == written
    assert told.told == ["daemon-reload", f"enable {UNITS[1]} {UNITS[2]}", f"restart {UNITS[1]} {UNITS[2]}"]
    text = (tmp_path / "units" / UNITS[0]).read_text()
    assert f"\nExecStart=/usr/bin/python3 {home.state}/monitoring.pyz {home.path} measure\n" in text
    assert f"\nPathChanged={home.audit}\n" in (tmp_path / "units" / UNITS[2]).read_text()
    assert "\nOnUnitInactiveSec=60\n" in (tmp_path / "units" / UNITS[1]).read_text()
    assert {path.stat().st_mode & 0o777 for path in (home.monitoring, units.program_of(home))} == {0o600}
    told.told.clear()
    assert (_apply(home, directory, told), told.told) == ([], [])
    assert program.main([str(home.path), "measure"]) == 0
    assert _apply(home, "", told) == ["monitoring.json", *UNITS, "slipway-shop.prom"]
    assert tree(tmp_path) == ["shop/state/monitoring.json", "shop/state/monitoring.pyz"]
    told.told.clear()
    assert (_apply(home, "", told), told.told) == ([], [])


def test_without_metrics_nothing_is_written(home: Home, tmp_path: Path) -> None:
    assert _apply(home, "", Systemd()) == []
    assert not home.path.exists()


def test_a_directory_that_is_not_there_is_refused_before_anything_changes(home: Home, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path, said in (("missing", "does not exist on this host"), ("file", "is not a directory")):
        with pytest.raises(SystemdError, match=f"^monitoring_metrics_directory: {tmp_path}/{path} {said}; give the"):
            _apply(home, str(tmp_path / path), Systemd())
    assert tree(tmp_path) == ["file"]


def test_metrics_move_to_another_directory(home: Home, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    _apply(home, str(tmp_path / "collector"), Systemd())
    program.main([str(home.path), "measure"])
    _apply(home, str(tmp_path / "other"), Systemd())
    program.main([str(home.path), "measure"])
    assert [path for path in tree(tmp_path) if path.endswith(".prom")] == ["other/slipway-shop.prom"]


def test_the_collector_can_read_the_file_and_never_sees_a_part_of_it(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "collector"
    _apply(home, str(directory), Systemd())
    umask = os.umask(0o077)
    try:
        assert program.main([str(home.path), "measure"]) == 0
    finally:
        os.umask(umask)
    [path] = directory.iterdir()
    assert (path.name, path.stat().st_mode & 0o777) == ("slipway-shop.prom", 0o644)
    before = path.read_text()
    monkeypatch.setattr(os, "replace", _full)
    assert program.main([str(home.path), "measure"]) == 1
    assert [one.read_text() for one in directory.iterdir()] == [before]


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_link_in_the_place_of_the_file_is_replaced_and_not_followed(home: Home, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("kept")
    (tmp_path / "collector/slipway-shop.prom").symlink_to(victim)
    _apply(home, str(tmp_path / "collector"), Systemd())
    assert program.main([str(home.path), "measure"]) == 0
    assert victim.read_text() == "kept"


def test_the_program_says_what_is_wrong(home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main([str(home.path), "measure"]) == 1
    assert capsys.readouterr().err == f"{home.monitoring} does not exist; run playbooks/monitoring.yml\n"
    _apply(home, str(tmp_path / "collector"), Systemd())
    (tmp_path / "collector").rmdir()
    assert program.main([str(home.path), "measure"]) == 1
    assert "does not exist on this host" in capsys.readouterr().err
    home.monitoring.write_text("{")
    assert program.main([str(home.path), "measure"]) == 1
    assert "Run playbooks/monitoring.yml again" in capsys.readouterr().err


def _receiver(sort: str, target: str) -> Receiver:
    return Receiver(sort, target, "", "json", ("rollout_failed",))


def _receive(home: Home, told: Systemd, *receivers: Receiver, dry_run: bool = False) -> list[str]:
    return units.apply(home, "shop", Settings(receivers=receivers), b"zip", told.run, dry_run)


def test_units_and_the_directory_of_events_come_and_go_with_the_receivers(home: Home, tmp_path: Path) -> None:
    told, hook = Systemd(), _receiver("webhook", "https://hooks.example.com/T0SECRET")
    names = ["slipway-notify-shop.service", "slipway-notify-shop.path"]
    written = ["monitoring.json", "monitoring.pyz", "events", *names]
    assert _receive(home, told, hook, dry_run=True) == written
    assert (told.told, tree(tmp_path), home.events.exists()) == ([], [], False)
    assert _receive(home, told, hook) == written
    assert told.told == ["daemon-reload", f"enable {names[1]}", f"restart {names[1]}"]
    assert f"\nDirectoryNotEmpty={home.events}\n" in (tmp_path / "units" / names[1]).read_text()
    service = (tmp_path / "units" / names[0]).read_text()
    assert f"\nExecStart=/usr/bin/python3 {home.state}/monitoring.pyz {home.path} notify\n" in service
    # The URL is in one file that only root reads, and in no unit.
    assert "T0SECRET" not in service
    assert home.monitoring.stat().st_mode & 0o777 == 0o600
    assert home.events.stat().st_mode & 0o777 == 0o700
    told.told.clear()
    assert (_receive(home, told, hook), told.told) == ([], [])
    events.tell(home, Event("rollout_failed"))
    assert _receive(home, told) == ["monitoring.json", "events", *names]
    assert not home.events.exists()
    # What is sent just now has nobody to go to.
    assert told.told[0] == f"stop {names[0]}"


@pytest.mark.parametrize(
    ("sort", "target", "said"),
    [
        (
            "command",
            "/missing/page --now",
            "command /missing/page: /missing/page is no program of this host; correct",
        ),
        (
            "mail",
            "ops@example.com",
            "mail ops@example.com: /missing/sendmail is no program of this host; install",
        ),
    ],
)
def test_a_program_that_is_not_there_is_refused_before_anything_changes(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sort: str, target: str, said: str
) -> None:
    monkeypatch.setattr(delivery, "SENDMAIL", "/missing/sendmail")
    with pytest.raises(SystemdError, match=f"^monitoring_receivers, {said}"):
        _receive(home, Systemd(), _receiver(sort, target))
    assert (tree(tmp_path), home.path.exists()) == ([], False)


@pytest.mark.parametrize(
    ("target", "label"),
    [
        ("https://hooks.example.com/services/T0SECRET", "webhook https://hooks.example.com/***"),
        ("https://hooks.example.com:8443", "webhook https://hooks.example.com:8443"),
        ("https://hooks.example.com/?token=T0SECRET", "webhook https://hooks.example.com/***"),
        ("https://me:T0SECRET@hooks.example.com/", "webhook https://hooks.example.com"),
    ],
)
def test_the_label_of_a_webhook_has_no_secret(target: str, label: str) -> None:
    assert _receiver("webhook", target).label == label
    assert _receiver("command", "/bin/page --token T0SECRET").label == "command /bin/page"
