"""Compare a release of a team's Compose files with what real Compose reads in the same files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import write_text
from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import QUOTING
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from tests.support import compose_projects, real_compose

CASES = [
    ("whole", ["docker-compose.yml"], []),
    ("layered", ["docker-compose.yml", "docker-compose.prod.yml"], []),
    ("layered", ["docker-compose.yml"], ["debug"]),
]


def _secret(release: Bundle, file: Any) -> str:
    values = {name: str(source["value"]) for name, source in release.secrets().items()}
    return "".join(
        part if isinstance(part, str) else QUOTING[part["quote"]](values[part["secret"]]) for part in file["parts"]
    )


def _ours(release: Bundle, suite: str, folder: Path) -> dict[str, Any]:
    files = {**release.files, "compose.images.yaml": "services: {}\n"}
    for file in release.secret_files:
        files[".env"] += f'{file["variable"]}="x"\n'
        write_text(Path(release.home, "secrets", str(file["uid"]), f"{file['name']}.x"), _secret(release, file))
    for name, text in files.items():
        write_text(folder / name, text)
    return real_compose.config(suite, folder)


def _comparable(service: dict[str, Any]) -> dict[str, Any]:
    """Return a service without the intended differences: paths of files, and keys that a deploy adds or ignores."""
    dropped = ("build", "profiles", "develop", "configs", "secrets", "volumes", "env_file")
    result = {key: value for key, value in service.items() if key not in dropped and value is not None}
    labels = {key: value for key, value in service.get("labels", {}).items() if not key.startswith("slipway.")}
    result["labels"] = labels
    result["environment"] = service.get("environment", {})
    deploy = {key: value for key, value in service.get("deploy", {}).items() if value}
    result["deploy"] = {"replicas": 1, **deploy}
    result.setdefault("stop_grace_period", "10s")
    result["networks"] = {name: options or {} for name, options in service.get("networks", {}).items()}
    mounts = [one for one in service.get("volumes", []) if one["type"] != "tmpfs"]
    tmpfs = [f"{one['target']}:size={one['tmpfs']['size']}" for one in service.get("volumes", []) if one not in mounts]
    result["tmpfs"] = sorted([*service.get("tmpfs", []), *tmpfs])
    result["volumes"] = sorted(
        (one["target"], one.get("source", ""), one.get("read_only", False), repr(one.get("volume", {})))
        for one in mounts
        if one["type"] == "volume"
    )
    # A release mounts files from its own directory. Configs become files.
    configs = [one.get("target") or f"/{one['source']}" for one in service.get("configs", [])]
    result["files"] = sorted([one["target"] for one in mounts if one["type"] == "bind"] + configs)
    targets = (str(one.get("target") or one["source"]) for one in service.get("secrets", []))
    result["secrets"] = sorted(one if one.startswith("/") else f"/run/secrets/{one}" for one in targets)
    return result


@pytest.mark.parametrize("suite", real_compose.SUITES)
@pytest.mark.parametrize(("name", "files", "profiles"), CASES)
def test_the_release_is_what_compose_reads(
    suite: str, name: str, files: list[str], profiles: list[str], tmp_path: Path
) -> None:
    project = compose_projects.write(tmp_path / "project", compose_projects.PROJECTS[name])
    options = [word for file in files for word in ("--file", file)]
    options += [word for profile in profiles for word in ("--profile", profile)]
    theirs = real_compose.config(suite, project, "--project-name", "shop", *options)
    release = compose_projects.parcel(project, *files, compose_profiles=profiles, root=str(tmp_path / "stacks"))
    ours = _ours(release, suite, tmp_path / "release")
    assert sorted(ours["services"]) == sorted(theirs["services"])
    for service in theirs["services"]:
        assert _comparable(ours["services"][service]) == _comparable(theirs["services"][service])
    for key in ("networks", "volumes"):
        assert ours.get(key) == theirs.get(key)


def test_mounted_files_have_the_same_content(tmp_path: Path) -> None:
    """The files that Compose mounts from the project are mounted on the host with the same content."""
    project = compose_projects.write(tmp_path / "project", compose_projects.PROJECTS["whole"])
    (project / "scripts/1.sh").chmod(0o755)
    release = compose_projects.parcel(project)
    mounted = {path.partition("/")[2]: text for path, text in release.mounted.items()}
    assert mounted == {
        "docker-entrypoint-initdb.d/1.sh": "echo\n",
        "local.conf": "local\n",
        "app.conf": "a=1.0.0",
        "other": "local\n",
        "nginx.conf": "events {}\n",
        "conf.d/a.conf": "server {}\n",
        "m.conf": "x\n",
    }
    assert [path.partition("/")[2] for path in release.executable] == ["docker-entrypoint-initdb.d/1.sh"]
