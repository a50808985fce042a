"""The role `backup` on a machine of its own: what it refuses."""

from __future__ import annotations

from tests.contracts.test_several_hosts import Machine, machine

__all__ = ["machine"]
INSTALL = "Install the programs that compress and send backups"


def test_nothing_is_installed_for_settings_that_are_refused(machine: Machine) -> None:
    refused = machine.run("backup", "--check", "-e", "backup_repository=/srv/backups")
    assert refused.returncode != 0
    assert "key 'RESTIC_PASSWORD' is missing" in refused.stdout
    assert INSTALL not in refused.stdout


def test_the_programs_are_a_task_of_the_role(machine: Machine) -> None:
    """The name that the other test does not find is the one that the task has."""
    listed = machine.run("backup", "--list-tasks")
    assert INSTALL in listed.stdout
