"""A deploy checks a team's Compose files as they are written, besides the release that was made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import inventory
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import exported_variables, release_check
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.review import Review
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.stack import from_document

from tests.support.compose_projects import arguments, write
from tests.support.policy_review import DAY

TEXT = """\
services:
  db:
    image: postgres:17
    environment:
      POSTGRES_PASSWORD: hunter2hunter2
    volumes: [data:/var/lib/postgresql/data]
  worker:
    image: registry.example.com/app:1
    command: celery -A app worker
    environment:
      API_TOKEN: ${TOKEN}
      VERSION: 3.10
      URL: postgres://app:hunter2hunter2@db/app
      SECRET_KEY: ${SECRET_KEY}
volumes:
  data:
"""


def _review(folder: Path, exceptions: Any = (), **given: Any) -> Review:
    """Return the review of a deploy, as the action makes it."""
    write(folder, {"docker-compose.yml": TEXT, ".env": "TOKEN=dMq7Zt4LwX0v\nSECRET_KEY=changethis\n"})
    plain = arguments(**given)
    bundle = inventory.bundle_of(plain, folder)
    document = inventory.compose_files_as_written(plain, folder)
    assert document is not None
    written = release_check.Written(from_document(document), f"{folder}/")
    release = release_check.stack(bundle.documents, bundle.variables(), plain["services"], "", plain["secrets"])
    return release_check.check(release, bundle.environment, "error", exceptions, DAY, None, written)


@pytest.mark.parametrize(
    ("rule", "service", "line"),
    [
        ("SLP050", "db", 5),
        ("SLP051", "worker", 11),
        ("SLP052", "worker", 13),
        ("SLP059", "worker", 14),
        ("SLP121", "db", 2),
        ("SLP121", "worker", 7),
        ("SLP142", "worker", 12),
    ],
)
def test_what_the_release_hides_is_found_in_the_file(rule: str, service: str, line: int, tmp_path: Path) -> None:
    found = {(one.rule, one.service, one.file, one.line) for one in _review(tmp_path).findings}
    assert (rule, service, "docker-compose.yml", line) in found


def test_a_finding_of_both_is_shown_once_and_what_the_deploy_does_itself_is_none(tmp_path: Path) -> None:
    findings = _review(tmp_path).findings
    places = [(one.rule, one.service, one.key) for one in findings]
    assert len(places) == len(set(places))
    # The deploy pins images by digest.
    assert "SLP042" not in {one.rule for one in findings}


def test_the_message_has_the_file_and_the_line_and_no_secret(tmp_path: Path) -> None:
    result = _review(tmp_path)
    text = release_check.failure_text(result) + "\n".join(release_check.report_lines(result))
    assert "SLP050  db has a secret in the file: POSTGRES_PASSWORD  [docker-compose.yml:5]" in text
    assert "SLP059  worker has the placeholder 'changethis' as its secret SECRET_KEY  [docker-compose.yml:14]" in text
    assert "hunter2" not in text
    assert "dMq7Zt4LwX0v" not in text


def test_a_secret_of_the_inventory_replaces_the_placeholder_of_dotenv(tmp_path: Path) -> None:
    rules = {one.rule for one in _review(tmp_path, secrets={"secret_key": {"generate": 50}}).findings}
    assert "SLP059" not in rules


@pytest.mark.parametrize("value", ["changethis", {"value": "changethis"}])
def test_a_placeholder_in_the_inventory_is_found(value: Any, tmp_path: Path) -> None:
    result = _review(tmp_path, secrets={"secret_key": value})
    messages = [one.message for one in result.failing if one.rule == "SLP059"]
    assert messages == ["has the placeholder 'changethis' as its secret secret_key"]


def test_what_the_inventory_changes_is_no_finding(tmp_path: Path) -> None:
    services = {
        "worker": {"compose": {"stop_grace_period": "5m"}},
        "db": {"kind": "postgres", "version": "17"},
    }
    found = {(one.rule, one.service) for one in _review(tmp_path, services=services).findings}
    assert ("SLP121", "worker") not in found
    assert ("SLP051", "worker") in found
    assert not [rule for rule, service in found if service == "db"]


def test_an_exception_covers_a_finding_in_the_file(tmp_path: Path) -> None:
    exceptions = [{"rule": "SLP050", "service": "db", "reason": "a test says so"}]
    result = _review(tmp_path, exceptions)
    assert "SLP050" not in {one.rule for one in result.failing}
    assert result.notes == ()


def test_what_is_exported_is_noted(tmp_path: Path) -> None:
    _review(tmp_path)
    document = inventory.compose_files_as_written(arguments(), tmp_path)
    assert document is not None
    [note] = exported_variables.notes(document, {"TOKEN": "another"})
    assert note.startswith("TOKEN is exported with another value than in .env")


def test_a_stack_without_compose_files_has_none_as_written(tmp_path: Path) -> None:
    assert inventory.compose_files_as_written({**arguments(), "compose_files": []}, tmp_path) is None
