"""Each key of a team's Compose files, in each of its notations, means the same in the release, or a note names it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.value_types import SERVICE, mistakes
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import adoption
from ansible_collections.slipway.stack.plugins.plugin_utils.controller.adoption import UnevaluatedVariables

from tests.support import compose_projects
from tests.support.differential.comparison import compare

FOLDER = Path(__file__).parents[1] / "support/every_key"
#: Keys that are refused (see ``compose_files.unsupported``), or that other tests compare.
ELSEWHERE = {
    "env_file": "test_own_compose_files",
    "extends": "test_own_compose_files",
    "label_file": "test_own_compose_files",
    "models": "unsupported",
    "post_start": "test_hooks",
    "pre_start": "unsupported",
    "pre_stop": "test_hooks",
    "provider": "unsupported",
    "pull_refresh_after": "no version of Compose accepts it with a valid policy",
    "driver_opts": "no version of Compose accepts it",
    "use_api_socket": "unsupported",
    "image": "every service has it",
}


@pytest.mark.parametrize(("file", "refusing"), [("docker-compose.yml", []), ("newer.yml", ["trixie"])])
def test_each_key_in_each_notation_is_carried_or_noted(file: str, refusing: list[str], tmp_path: Path) -> None:
    project = Path(shutil.copytree(FOLDER, tmp_path / "shop"))
    found = compare(project, file, compose_host_paths=["/srv"])
    assert (found.outcome, found.defects(), sorted(found.refusals)) == ("equal", [], refusing)


@pytest.mark.parametrize("file", ["docker-compose.yml", "newer.yml"])
def test_a_description_of_the_files_gives_the_same_release(file: str, tmp_path: Path) -> None:
    project = Path(shutil.copytree(FOLDER, tmp_path / "shop"))
    # It compares both releases itself.
    plain = compose_projects.arguments(file, compose_host_paths=["/srv"])
    assert adoption.adopted_description(plain, project, UnevaluatedVariables({}, {}, {})).services


def test_each_key_of_a_service_is_in_the_list() -> None:
    written = [yaml.safe_load((FOLDER / name).read_text())["services"] for name in ("docker-compose.yml", "newer.yml")]
    used = {key for services in written for service in services.values() for key in service}
    [unknown] = mistakes({"no such key": 1}, SERVICE)
    assert sorted({*unknown.valid} - used - {*ELSEWHERE}) == []
    assert sorted(used & {*ELSEWHERE}) == ["image"]


def test_each_key_that_is_left_out_has_a_note_with_file_and_line(tmp_path: Path) -> None:
    project = Path(shutil.copytree(FOLDER, tmp_path / "shop"))
    release = compose_projects.parcel(project, compose_host_paths=["/srv"], root=str(tmp_path / "stacks"))
    lines = (project / "docker-compose.yml").read_text().splitlines()
    for service, key in [
        ("attach", "'attach'"),
        ("develop", "'develop'"),
        ("pull-policy", "'pull_policy'"),
        ("build-inline", "'build.dockerfile_inline'"),
        ("build-further-keys", "'build.cache_from', 'build.network', 'build.no_cache'"),
        ("build-secrets", "'build.secrets'"),
        ("build-remote", "'build'"),
        ("configs-owner-of-a-file", "'configs.uid', 'configs.mode'"),
        ("secrets-labels", "'secrets.labels', 'secrets.name'"),
        ("environment-list", "NOT_SET"),
        ("volumes-long-file", "mounted read-only"),
    ]:
        [note] = [note for note in release.notes[service] if key in note]
        line = next(number for number, text in enumerate(lines, 1) if text.startswith(f"  {service}:"))
        shown = int(note.removeprefix("docker-compose.yml:").partition(":")[0])
        assert line <= shown <= line + 3, note
