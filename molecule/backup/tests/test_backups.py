"""What a backup has, when it is taken, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.depot import Depot
from tests.support.stacks import wait_until

Playbook = Callable[..., Any]

ROWS = 3000
DRILL = "label=com.docker.compose.project=depot-drill"


def _backup(playbook: Playbook, **variables: Any) -> Any:
    run = playbook("backup", **variables)
    assert run.code == 0, run.output
    return run


def test_without_a_backup_the_status_and_the_verification_say_so(depot: Depot, playbook: Playbook) -> None:
    assert "newest there is none; run playbooks/backup.yml" in playbook("status").output
    assert playbook("verify").code == 0
    # The first rollout was less than an hour ago.
    assert playbook("verify", verify_backup_age=1).code == 0


def test_check_mode_takes_no_backup(depot: Depot, playbook: Playbook) -> None:
    before = depot.stack.tree()
    run = playbook("backup", "--check")
    assert run.code == 0, run.output
    assert depot.stack.tree() == before


def test_a_backup_has_everything_and_its_manifest_says_what(depot: Depot, playbook: Playbook) -> None:
    depot.fill(ROWS)
    run = _backup(playbook)
    [backup] = depot.backups()
    assert f"backup {backup} is complete" in run.output
    manifest = depot.manifest(backup)
    archives = {(one["service"], one["name"], one["item"]): one for one in manifest["archives"]}
    assert {key[:2] for key in archives} == {
        ("db", "roles"),
        ("db", "database"),
        ("queue", "keys"),
        ("app", "depot-uploads"),
        ("", "secrets"),
    }
    assert (manifest["release"], manifest["environment"]) == (depot.stack.live(), "production")
    facts = archives["db", "database", "depot"]["facts"]
    assert facts["rows public.customers"] == str(ROWS)
    assert facts["rows public.visits_2025"] == depot.sql("SELECT count(*) FROM visits_2025").strip()
    assert facts["large objects"] == "1"
    assert archives["db", "database", "depot"]["about"]["server_version"].startswith("17")
    folder = f"{depot.stack.home}/backups/{backup}"
    for one in manifest["archives"]:
        digest, _, size = (
            depot.stack.host.check_output(
                "sudo sh -c %s", f"sha256sum {folder}/{one['file']}; stat -c %s {folder}/{one['file']}"
            )
            .replace("\n", "  ")
            .split("  ")[:3]
        )
        assert (digest, int(size)) == (one["sha256"], one["size"])
    modes = depot.stack.host.check_output("sudo sh -c %s", f"find {depot.stack.home}/backups -printf '%m\\n' | sort -u")
    assert set(modes.split()) == {"600", "700"}


def test_the_status_and_the_verification_know_the_backup(depot: Depot, playbook: Playbook) -> None:
    [backup] = depot.backups()
    assert f"newest {backup}," in playbook("status").output
    assert playbook("verify", verify_backup_age=1).code == 0


def test_a_drill_restores_it_into_copies_and_removes_them(depot: Depot, playbook: Playbook) -> None:
    before = depot.everything()
    containers = depot.stack.containers()
    run = playbook("restore", restore_drill=True)
    assert run.code == 0, run.output
    assert "the copy is as saved" in run.output
    assert depot.everything() == before
    assert depot.stack.containers() == containers
    for objects in ("container ls --all", "volume ls", "network ls"):
        assert depot.stack.host.check_output(f"docker {objects} --quiet --filter {DRILL}") == ""
    assert "last drill" in playbook("status").output


def test_a_drill_notices_a_flipped_byte_and_a_truncated_file(depot: Depot, playbook: Playbook) -> None:
    [backup] = depot.backups()
    [archive] = [one for one in depot.manifest(backup)["archives"] if one["item"] == "depot"]
    path = f"{depot.stack.home}/backups/{backup}/{archive['file']}"
    check = depot.stack.host.check_output
    check("sudo cp -p %s %s", path, "/tmp/whole")
    try:
        check("sudo sh -c %s", f"printf X | dd of={path} bs=1 seek={archive['size'] // 2} conv=notrunc status=none")
        run = playbook("restore", restore_drill=True)
        assert run.code == 2
        assert f"backup {backup}: service 'db': database depot: {path} does not have the content" in run.output
        run = playbook("verify", verify_backup_age=1)
        assert run.code == 2
        assert f"the last drill could not restore backup {backup}" in run.output
        check("sudo truncate --size=-1 %s", path)
        assert f"{path} has {archive['size'] - 1} bytes, not {archive['size']}" in playbook("status").output
        run = playbook("restore", restore_drill=True)
        assert run.code == 2
        assert f"not {archive['size']}" in run.output
    finally:
        check("sudo cp -p %s %s", "/tmp/whole", path)
    assert playbook("restore", restore_drill=True).code == 0
    assert playbook("verify", verify_backup_age=1).code == 0


def test_a_release_job_runs_after_the_backup(depot: Depot, playbook: Playbook) -> None:
    before = depot.backups()
    starts = depot.sql("SELECT count(*) FROM starts").strip()
    run = playbook("deploy", deploy_backup=True, depot_version="2")
    assert run.code == 0, run.output
    [new] = set(depot.backups()) - set(before)
    [archive] = [one for one in depot.manifest(new)["archives"] if one["item"] == "depot"]
    assert archive["facts"]["rows public.starts"] == starts
    assert depot.sql("SELECT count(*) FROM starts").strip() == str(int(starts) + 1)


def test_a_failed_backup_stops_the_deploy_before_the_job(depot: Depot, playbook: Playbook) -> None:
    before, live, starts = depot.backups(), depot.stack.live(), depot.sql("SELECT count(*) FROM starts")
    depot.stack.host.check_output("sudo mv /usr/bin/zstd /usr/bin/zstd.away")
    try:
        run = playbook("deploy", deploy_backup=True, depot_version="3")
    finally:
        depot.stack.host.check_output("sudo mv /usr/bin/zstd.away /usr/bin/zstd")
    assert run.code == 2
    assert "the backup before the rollout failed: service 'db': roles: zstd cannot be started" in run.output
    assert (depot.backups(), depot.stack.live(), depot.sql("SELECT count(*) FROM starts")) == (before, live, starts)


def test_the_timer_takes_a_backup_without_a_controller(depot: Depot, playbook: Playbook) -> None:
    before = depot.backups()
    _backup(playbook, backup_now=False, backup_schedule="*-*-* *:*:0/5", backup_drill_schedule="*-*-* *:*:2/5")
    try:
        wait_until(lambda: len(depot.backups()) > len(before) and _by_timer(depot) >= {"take", "drill"}, 150)
    finally:
        _backup(playbook, backup_now=False)
    assert {one["outcome"] for one in depot.results() if one["owner"] == "timer"} == {"ok"}
    timers = depot.stack.host.check_output("systemctl list-timers --all --no-legend 'slipway-*'")
    assert "slipway-backup-depot.timer" in timers
    assert "slipway-drill-depot" not in timers


def _by_timer(depot: Depot) -> set[str]:
    return {one["verb"] for one in depot.results() if one["owner"] == "timer"}


def test_a_wrong_calendar_is_refused(depot: Depot, playbook: Playbook) -> None:
    run = playbook("backup", backup_now=False, backup_schedule="every night")
    assert run.code == 2
    assert "backup_schedule: 'every night' is no calendar of systemd" in run.output


def test_as_many_backups_stay_as_are_kept(depot: Depot, playbook: Playbook) -> None:
    _backup(playbook, backup_keep=2)
    assert len(depot.backups()) == 2


def test_a_killed_backup_leaves_nothing_behind_after_the_next(depot: Depot, playbook: Playbook) -> None:
    before = depot.backups()
    depot.kill_at("saving volume depot-uploads")
    run = playbook("backup", backup_keep=9)
    assert run.code == 2
    assert "the process on the host died" in run.output
    # The service that was paused goes on.
    wait_until(lambda: _states(depot) == {"running"})
    _backup(playbook, backup_keep=9)
    assert len(depot.backups()) == len(before) + 1
    assert not [name for name in depot.backups() if "unfinished" in name]


def _states(depot: Depot) -> set[str]:
    ids = " ".join(depot.stack.containers())
    return set(depot.stack.host.check_output(f"docker inspect --format '{{{{.State.Status}}}}' {ids}").split())
