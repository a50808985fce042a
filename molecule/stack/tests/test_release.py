"""A release on the host: its files, and that an upload does not affect what runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.stacks import Stack

Playbook = Callable[..., Any]


def test_the_live_release_answers(kiosk: Stack) -> None:
    answer = kiosk.get()
    assert (answer.status, answer.body) == (200, "good day\n")
    assert answer.headers["x-release"] == kiosk.live()


def test_compose_reads_the_release_on_the_host(host: Any, kiosk: Stack) -> None:
    services = host.check_output("cd %s/current && sudo docker compose config --services", kiosk.home)
    assert set(services.split()) == {"store", "opening", "page", "edge-pod", "edge"}


def test_the_group_of_the_engine_can_read_a_release_and_only_root_can_write_it(host: Any, kiosk: Stack) -> None:
    listed = host.check_output("sudo find %s/current/ -printf '%%y %%m %%u:%%g\\n' | sort -u", kiosk.home).splitlines()
    assert {entry.split(" ", 1)[1] for entry in listed if entry[0] == "d"} <= {"750 root:docker", "755 root:root"}
    assert {entry for entry in listed if entry[0] == "f"} == {"f 600 root:root", "f 644 root:root"}


def test_the_directory_of_a_mounted_file_is_its_digest(host: Any, kiosk: Stack) -> None:
    listed = host.check_output("sudo sh -c %s", f"sha256sum {kiosk.home}/files/*/kiosk.conf")
    for line in listed.splitlines():
        digest, path = line.split()
        assert path == f"{kiosk.home}/files/{digest}/kiosk.conf"


def test_an_upload_does_not_affect_what_runs(kiosk: Stack, playbook: Playbook) -> None:
    live, containers, before = kiosk.live(), kiosk.containers(), kiosk.tree()
    run = playbook("../molecule/stack/upload", kiosk_greeting="good evening")
    assert run.code == 0, run.output
    assert run.changed == 1
    assert kiosk.tree() != before
    assert (kiosk.live(), kiosk.containers()) == (live, containers)
    assert kiosk.get().body == "good day\n"

    uploaded = kiosk.tree()
    again = playbook("../molecule/stack/upload", kiosk_greeting="good evening")
    assert again.code == 0, again.output
    assert kiosk.tree() == uploaded


def test_check_mode_shows_the_change_and_makes_none(kiosk: Stack, playbook: Playbook) -> None:
    before, containers = kiosk.tree(), kiosk.containers()
    run = playbook("deploy", "--check", "--diff", kiosk_greeting="good night", stack_version="7")
    assert run.code == 0, run.output
    assert run.changed >= 1
    assert "page roll file /etc/kiosk.conf" in run.output
    assert "4 unchanged" in run.output
    assert "before: compose.yaml" in run.output
    assert '- location / { return 200 "good day\\n"; }' in run.output
    assert '+ location / { return 200 "good night\\n"; }' in run.output
    assert kiosk.tree() == before
    assert kiosk.containers() == containers


def test_a_deploy_of_the_live_release_changes_nothing(kiosk: Stack, playbook: Playbook) -> None:
    before, containers = kiosk.tree(), kiosk.containers()
    run = playbook("deploy", "--diff")
    assert run.code == 0, run.output
    assert run.changed == 0
    assert kiosk.tree() == before
    assert kiosk.containers() == containers
