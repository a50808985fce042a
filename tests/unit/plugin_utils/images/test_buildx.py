from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import registries
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.plugin_utils.images import buildx
from ansible_collections.slipway.stack.plugins.plugin_utils.images.attestations import Builder, ResolvedImage
from ansible_collections.slipway.stack.plugins.plugin_utils.images.buildx import BuildError

LOGS = Path(__file__).parent / "bake_logs"
DOCUMENT = {"target": {"a": {"context": "/src"}}}


@pytest.fixture
def docker_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a fake `docker` first in PATH; return its file, into which a test writes a shell script."""
    script = tmp_path / "docker"
    script.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.chdir(tmp_path)
    return script


def test_the_command_pushes_or_loads() -> None:
    common = ["docker", "buildx", "bake", "--file", "-", "--progress", "plain"]
    assert buildx.command(push=True) == [*common, "--push"]
    assert buildx.command(push=False) == [*common, "--load"]


def test_the_document_is_the_input_of_bake_and_its_output_is_passed_on(docker_is: Path) -> None:
    docker_is.write_text(
        '#!/bin/sh\ncat >given.json\necho "$@"\n'
        'echo "$BUILDX_NO_DEFAULT_ATTESTATIONS $BUILDX_BAKE_ENTITLEMENTS_FS" >&2\n'
    )
    lines: list[str] = []
    buildx.build(DOCUMENT, True, lines.append)
    assert json.loads(Path("given.json").read_text()) == DOCUMENT
    assert lines == ["buildx bake --file - --progress plain --push", "1 0"]


def test_the_whole_log_of_a_failed_build_is_saved(
    docker_is: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    docker_is.write_text(f"#!/bin/sh\ncat >/dev/null\ncat '{LOGS}/failed.txt'\nexit 1\n")
    with pytest.raises(BuildError) as caught:
        buildx.build(DOCUMENT, True, lambda line: None)
    (log,) = tmp_path.glob("slipway-images-*.log")
    assert log.read_text() == (LOGS / "failed.txt").read_text()
    assert str(caught.value) == (
        'failed to solve: process "/bin/sh -c echo hello; echo bad >&2; exit 3" did not complete successfully: '
        f"exit code: 3; the whole log is in {log}"
    )
    assert caught.value.lines[:3] == ("------", " > [b 2/2] RUN echo hello; echo bad >&2; exit 3:", "0.251 hello")


def test_without_a_summary_the_excerpt_is_the_last_lines() -> None:
    assert buildx.log_excerpt([str(number) for number in range(100)]) == tuple(str(number) for number in range(60, 100))


def test_a_failure_without_an_error_message() -> None:
    assert buildx.reason(["#1 DONE 0.0s"]) == "docker buildx bake failed without an error message"


def test_a_machine_without_docker_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match="this machine builds the images and has no docker; install Docker Engine and"):
        buildx.require()


def test_a_machine_without_buildx_is_reported(docker_is: Path) -> None:
    docker_is.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(BuildError, match="its docker has no buildx; install docker-buildx"):
        buildx.require()


def test_a_document_that_bake_refuses_is_reported(docker_is: Path) -> None:
    docker_is.write_text("#!/bin/sh\ncat >/dev/null\necho 'ERROR: target a: no such thing' >&2\nexit 1\n")
    with pytest.raises(BuildError, match="bake does not accept the description: target a: no such thing"):
        buildx.check(DOCUMENT)


@pytest.mark.parametrize(
    ("answer", "absent"),
    [
        ("127.0.0.1:5000/shop/backend:1.0.0: not found", True),
        ("no such image", True),
        ("manifest unknown: manifest unknown", True),
        ("name unknown: repository name not known to registry", True),
        ("pull access denied, repository does not exist or may require authorization", True),
        ("failed to authorize: 401 Unauthorized", True),
        ("server message: insufficient_scope: authorization failed", True),
        ("unexpected status from HEAD request: 403 Forbidden", True),
        ("dial tcp 127.0.0.1:5999: connect: connection refused", False),
        ("dial tcp: lookup registry on 192.0.2.53:53: no such host", False),
        ("http: server gave HTTP response to HTTPS client", False),
        ("net/http: TLS handshake timeout", False),
    ],
)
def test_the_answers_of_registries_for_a_missing_image(answer: str, absent: bool) -> None:
    assert buildx.is_absent(answer) is absent


def test_references_resolve_in_the_registry(docker_is: Path) -> None:
    docker_is.write_text(
        '#!/bin/sh\ncase "$4" in\n  r/a:1) echo \'{"digest": "sha256:11"}\' ;;\n'
        '  *) echo "ERROR: $4: not found" >&2; exit 1 ;;\nesac\n'
    )
    found = buildx.resolve(["r/a:1", "r/b:1"], in_registry=True)
    assert found == {"r/a:1": ResolvedImage("sha256:11", frozenset({"sha256:11"})), "r/b:1": None}


def test_references_resolve_in_the_engine(docker_is: Path) -> None:
    docker_is.write_text("""#!/bin/sh\n[ "$3" = a:1 ] && echo '[{"Id": "sha256:22"}]'\n""")
    assert buildx.resolve(["a:1", "b:1"], in_registry=False) == {"a:1": ResolvedImage("sha256:22"), "b:1": None}


@pytest.mark.parametrize(
    ("engine", "found"),
    [("sha256:33", ResolvedImage("sha256:33")), (DockerError("no such image"), None)],
    ids=["there", "absent"],
)
def test_the_engine_is_asked_about_an_insecure_registry(
    docker_is: Path, monkeypatch: pytest.MonkeyPatch, engine: str | DockerError, found: ResolvedImage | None
) -> None:
    docker_is.write_text("#!/bin/sh\necho 'ERROR: http: server gave HTTP response to HTTPS client' >&2\nexit 1\n")

    def asked(reference: str) -> str:
        if isinstance(engine, DockerError):
            raise engine
        return engine

    monkeypatch.setattr(registries, "remote_digest", asked)
    assert buildx.resolve(["lan:5000/a:1"], in_registry=True) == {"lan:5000/a:1": found}


def test_a_registry_that_does_not_answer_is_reported(docker_is: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_is.write_text("#!/bin/sh\necho 'ERROR: dial tcp 192.0.2.1:5000: i/o timeout' >&2\nexit 1\n")

    def asked(reference: str) -> str:
        raise DockerError("the Docker engine does not answer: timed out")

    monkeypatch.setattr(registries, "remote_digest", asked)
    with pytest.raises(BuildError, match=r"192\.0\.2\.1:5000 cannot be queried for 192\.0\.2\.1:5000/a:1: dial tcp"):
        buildx.resolve(["192.0.2.1:5000/a:1"], in_registry=True)


@pytest.mark.parametrize(
    ("driver", "status", "found"),
    [
        ("docker", '[["Backing Filesystem","extfs"]]', (Builder("lan", "docker", ()), False)),
        ("docker", '[["driver-type","io.containerd.snapshotter.v1"]]', (Builder("lan", "docker", ()), True)),
        ("docker", "null", (Builder("lan", "docker", ()), False)),
        # An engine that does not build is not asked.
        ("remote", '[["driver-type","io.containerd.snapshotter.v1"]]', (Builder("lan", "remote", ()), False)),
    ],
)
def test_only_an_engine_that_builds_is_asked_for_its_store(
    docker_is: Path, driver: str, status: str, found: tuple[Builder, bool]
) -> None:
    docker_is.write_text(
        f"""#!/bin/sh\necho "$@" >>asked\ncase "$*" in\n  "buildx inspect") echo 'Name: lan\nDriver: {driver}' ;;\n"""
        f"""  "--context lan info --format {{{{json .DriverStatus}}}}") echo '{status}' ;;\n  *) exit 1 ;;\nesac\n"""
    )
    assert buildx.builder() == found
    assert len(Path("asked").read_text().splitlines()) == (2 if driver == "docker" else 1)


def test_a_builder_that_cannot_be_inspected_is_reported(docker_is: Path) -> None:
    docker_is.write_text("#!/bin/sh\necho 'ERROR: no builder \"x\" found' >&2\nexit 1\n")
    with pytest.raises(BuildError, match='the builder cannot be inspected: no builder "x" found'):
        buildx.builder()


def test_tags_are_pointed_to_another_image(docker_is: Path) -> None:
    docker_is.write_text('#!/bin/sh\necho "$@" >>asked\n')
    tags = ["r:5000/a:1", "r:5000/a:1-0123"]
    assert buildx.retag(tags, ResolvedImage("sha256:1", frozenset({"sha256:2"}), index=True))
    assert buildx.retag(tags[:1], ResolvedImage("sha256:3", frozenset({"sha256:3"})))
    create = "buildx imagetools create"
    assert Path("asked").read_text().splitlines() == [
        f"{create} --tag r:5000/a:1 --tag r:5000/a:1-0123 r:5000/a@sha256:1",
        f"{create} --prefer-index=false --tag r:5000/a:1 r:5000/a@sha256:3",
    ]
    docker_is.write_text("#!/bin/sh\nexit 1\n")
    assert not buildx.retag(tags, ResolvedImage("sha256:3", frozenset({"sha256:3"})))
