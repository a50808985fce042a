"""The check of a release: what the collection renders has no findings, what a description adds can have some."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.policy import release_check
from ansible_collections.slipway.stack.plugins.plugin_utils.policy.review import Review
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from tests.contracts.checkout import ROOT
from tests.support import inventories
from tests.support.descriptions import example, parcel, plain
from tests.support.errors import error_of
from tests.support.policy_review import DAY

REASON = "a test says so"


def _check(release: Bundle, level: Any = "error", exceptions: Any = (), others: Any = None) -> Review:
    stack = release_check.stack(release.documents, release.variables(), {}, "")
    return release_check.check(stack, release.environment, level, exceptions, DAY, others)


SHIPPED = sorted(
    path.parent for folder in ("inventories", "examples/stacks") for path in (ROOT / folder).rglob("hosts.yml")
)


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_inventories_of_the_collection_have_no_findings(folder: Path) -> None:
    release = inventories.parcel(folder, {"app_version": "1.4.2", "vault_telegram_token": "made-up"})
    assert [f"{one.rule} {one.service} {one.message}" for one in _check(release).findings] == []


@pytest.mark.parametrize("environment", ["development", "test", "staging", "production"])
def test_the_example_has_no_findings(environment: str) -> None:
    assert _check(parcel(example(), environment=environment)).findings == ()


@pytest.mark.parametrize(
    ("keys", "rule"),
    [
        ({"compose": {"privileged": True}}, "SLP092"),
        ({"compose": {"network_mode": "host", "networks": None}}, "SLP072"),
        ({"environments": {"production": {"ports": ["5678:5678"]}}}, "SLP084"),
        ({"image": "app:latest"}, "SLP040"),
        ({"environment": {"SMTP_PASSWORD": "hunter2hunter2"}}, "SLP050"),
        ({"environment": {"URL": "amqp://app:hunter2@mq:5672/"}}, "SLP052"),
        ({"environment": {"DEBUG": "true"}}, "SLP110"),
        ({"command": "uvicorn app:app --reload"}, "SLP111"),
        ({"health": {"test": ["CMD", "true"]}}, "SLP002"),
        ({"volumes": ["/var/run/docker.sock:/var/run/docker.sock"]}, "SLP064"),
        ({"user": "0:0"}, "SLP090"),
        ({"compose": {"deploy": None}}, "SLP030"),
    ],
)
def test_a_key_of_the_description_can_stop_the_deploy(keys: dict[str, Any], rule: str) -> None:
    services = {**example(), "more": plain(**{"health": {"test": ["CMD", "/check"]}, "user": "10:10", **keys})}
    result = _check(parcel(services))
    assert {(one.rule, one.service) for one in result.failing} == {(rule, "more")}
    assert f"{rule}  more " in release_check.failure_text(result)
    excepted = _check(parcel(services), exceptions=[{"rule": rule, "service": "more", "reason": REASON}])
    assert excepted.failing == []
    assert any(REASON in line for line in release_check.report_lines(excepted))


def test_all_findings_are_shown_at_once() -> None:
    services = {"more": plain(image="app", user="0:0", health={"test": "exit 0"})}
    lines = release_check.failure_text(_check(parcel(services))).splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  SLP")] == ["SLP002", "SLP040", "SLP090"]


def test_a_job_has_the_environment_of_its_service() -> None:
    services = {**example(), "backend": {**example()["backend"], "environment": {"DEBUG": "1"}}}
    result = _check(parcel(services))
    assert {one.service for one in result.failing} == {"backend", "backend-release", "worker", "beat"}


def test_the_level_off_stops_nothing_and_shows_all() -> None:
    result = _check(parcel({"more": plain(user="0:0")}), level="off")
    assert result.failing == []
    assert any("SLP090" in line for line in release_check.report_lines(result))


def test_variables_that_are_not_valid_are_refused() -> None:
    release = parcel(example())
    assert "stack_policy_level: level 'fatal' is not valid; valid values: error" in error_of(_check, release, "fatal")
    assert "stack_policy_exceptions, entry 1: the exception of SLP090 has no reason" in error_of(
        _check, release, "error", [{"rule": "SLP090"}]
    )


def test_no_secret_is_shown() -> None:
    services = {
        "more": plain(
            environment={"SMTP_PASSWORD": "hunter2hunter2", "URL": "a://b:hunter2@c"},
            command="redis-server --requirepass hunter2",
            health={"test": "redis-cli -a hunter2 ping || true"},
        )
    }
    result = _check(parcel(services))
    assert {"SLP002", "SLP050", "SLP052", "SLP053"} <= {finding.rule for finding in result.failing}
    assert "hunter2" not in release_check.failure_text(result) + repr(result)


def test_ten_services_take_less_than_fifty_milliseconds() -> None:
    services = {**example(), "bot": plain(), "mail": plain(), "more": plain()}
    release = parcel(services)
    times = []
    for _ in range(5):
        start = time.process_time()
        _check(release)
        times.append(time.process_time() - start)
    assert min(times) < 0.05


def test_the_checked_documents_are_not_uploaded() -> None:
    release = parcel(example())
    assert release.documents[0]["services"]
    assert "documents" not in release.content()


def _differences(ours: Any, theirs: Any, version: str = "1.4.2", other: str = "1.4.2") -> list[str]:
    """Return the findings about differences between production and staging, which have services and a version each."""
    stacks = {}
    for environment, services, tag in (("production", ours, version), ("staging", theirs, other)):
        release = parcel(services, environment=environment)
        stacks[environment] = release_check.stack(release.documents, release.variables(), services, tag)
    staging = {"staging": stacks["staging"]}
    result = release_check.check(stacks["production"], "production", "warning", [], DAY, staging)
    return [f"{one.rule} {one.service} {one.message}" for one in result.failing]


def test_differences_between_environments_are_found() -> None:
    theirs = {**example(db={"version": "16"}), "mail": plain(health={"test": ["CMD", "/check"]}, user="1:1")}
    del theirs["beat"]
    assert _differences(example(), theirs) == [
        "SLP150 beat is missing in staging",
        "SLP151 db has different versions: postgres:16 in staging, postgres:17 in production",
        "SLP150 mail is missing in production",
    ]


def test_a_pod_is_part_of_its_service() -> None:
    theirs = example()
    del theirs["edge"]
    assert _differences(example(), theirs) == ["SLP150 edge is missing in staging"]


@pytest.mark.parametrize("side", ["ours", "theirs", "both"])
def test_a_service_with_only_in_is_no_difference(side: str) -> None:
    where = "production" if side == "ours" else "staging"
    only = {"seed": {"kind": "job", "like": "backend", "command": "x", "only_in": [where]}}
    ours, theirs = example(), example()
    ours |= only if side in ("ours", "both") else {}
    theirs |= only if side in ("theirs", "both") else {}
    assert _differences(ours, theirs) == []


def test_the_application_may_have_another_version_in_another_environment() -> None:
    theirs = {
        name: {**keys, "image": keys["image"].replace("1.4.2", "2.0.0")} if "image" in keys else keys
        for name, keys in example().items()
    }
    assert _differences(example(), theirs, other="2.0.0") == []
    different = {line.split()[1] for line in _differences(example(), theirs, version="", other="")}
    assert different == {"backend", "backend-release", "worker", "beat", "frontend"}
    # Without a version, an image with a build belongs to the application.
    ours = {name: {**keys, "build": {"context": name}} if "image" in keys else keys for name, keys in example().items()}
    assert _differences(ours, theirs, version="", other="") == []


@pytest.mark.parametrize(("uses", "found"), [([{"name": "pw", "env": "POSTGRES_PASSWORD"}], set()), ([], {"SLP131"})])
def test_a_password_in_a_file_of_the_secret_store_counts(uses: list[Any], found: set[str]) -> None:
    """The check does not know the variables in that file, so it does not report a missing password."""
    keys = {"environment": {"POSTGRES_USER": "app"}, "secrets": uses, "volumes": ["d:/var/lib/postgresql"]}
    release = parcel({"db": plain(image="postgres:18", user="999:999", **keys)}, {"pw": {"generate": 20}})
    assert {one.rule for one in _check(release).findings} & {"SLP131"} == found


def test_environments_that_were_not_compared_are_shown() -> None:
    result = _check(parcel(example()))
    assert release_check.report_lines(result) == []
    lines = release_check.report_lines(result, ["staging is not compared with: it is not there"])
    assert lines[1:] == ["  staging is not compared with: it is not there"]
    assert lines[0].startswith("policy for production: 0 errors")


@pytest.mark.parametrize(
    ("address", "private", "found"),
    [("10.0.0.2", "10.0.0.2", 0), ("[fd00::2]", "fd00::2", 0), ("10.0.0.3", "10.0.0.2", 1), ("0.0.0.0", "10.0.0.2", 1)],
)
def test_data_is_published_at_the_private_address_of_placed_services_only(
    address: str, private: str, found: int
) -> None:
    release = parcel(example(db={"publish": [f"{address}:5432:5432"]}))
    stack = release_check.stack(release.documents, release.variables(), {}, "", private_address=private)
    rules = [one.rule for one in release_check.check(stack, "production", "error", (), DAY).findings]
    assert rules.count("SLP080") == found
