from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.engine import registries
from ansible_collections.slipway.stack.plugins.module_utils.engine.docker import DockerError
from ansible_collections.slipway.stack.plugins.plugin_utils.images import buildx
from ansible_collections.slipway.stack.plugins.plugin_utils.images.attestations import Builder, Pushed
from ansible_collections.slipway.stack.plugins.plugin_utils.images.buildx import BuildError

LOGS = Path(__file__).parent / "bake_logs"
DOCUMENT = {"target": {"a": {"context": "/src"}}}


@pytest.fixture
def docker_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a `docker` before the machine's; return the file in which a test writes what it does, in shell."""
    script = tmp_path / "docker"
    script.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.chdir(tmp_path)
    return script


def test_command() -> None:
    common = ["docker", "buildx", "bake", "--file", "-", "--progress", "plain"]
    assert buildx.command(push=True) == [*common, "--push"]
    assert buildx.command(push=False) == [*common, "--load"]


def test_document_goes_to_bake_and_its_lines_come_back(docker_is: Path) -> None:
    docker_is.write_text(
        '#!/bin/sh\ncat >given.json\necho "$@"\n'
        'echo "$BUILDX_NO_DEFAULT_ATTESTATIONS $BUILDX_BAKE_ENTITLEMENTS_FS" >&2\n'
    )
    lines: list[str] = []
    buildx.build(DOCUMENT, True, lines.append)
    assert json.loads(Path("given.json").read_text()) == DOCUMENT
    assert lines == ["buildx bake --file - --progress plain --push", "1 0"]


def test_failed_build_keeps_its_whole_log(docker_is: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
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


def test_without_a_summary_the_last_lines_are_shown() -> None:
    assert buildx.ending([str(number) for number in range(100)]) == tuple(str(number) for number in range(60, 100))


def test_failure_that_says_nothing() -> None:
    assert buildx.reason(["#1 DONE 0.0s"]) == "docker buildx bake failed and did not say why"


def test_machine_without_docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match="this machine builds the images and has no docker; install Docker Engine and"):
        buildx.require()


def test_machine_without_buildx(docker_is: Path) -> None:
    docker_is.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(BuildError, match="its docker has no buildx; install docker-buildx"):
        buildx.require()


def test_document_that_bake_refuses(docker_is: Path) -> None:
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
def test_what_registries_say_of_an_image_that_is_not_there(answer: str, absent: bool) -> None:
    assert buildx.is_absent(answer) is absent


def test_digests_from_the_registry(docker_is: Path) -> None:
    docker_is.write_text(
        '#!/bin/sh\ncase "$4" in\n  r/a:1) echo \'{"digest": "sha256:11"}\' ;;\n'
        '  *) echo "ERROR: $4: not found" >&2; exit 1 ;;\nesac\n'
    )
    found = buildx.look_up(["r/a:1", "r/b:1"], in_registry=True)
    assert found == {"r/a:1": Pushed("sha256:11", frozenset({"sha256:11"})), "r/b:1": None}


def test_digests_from_the_engine(docker_is: Path) -> None:
    docker_is.write_text("""#!/bin/sh\n[ "$3" = a:1 ] && echo '[{"Id": "sha256:22"}]'\n""")
    assert buildx.look_up(["a:1", "b:1"], in_registry=False) == {"a:1": Pushed("sha256:22"), "b:1": None}


@pytest.mark.parametrize(
    ("engine", "found"),
    [("sha256:33", Pushed("sha256:33")), (DockerError("no such image"), None)],
    ids=["there", "absent"],
)
def test_registry_that_only_the_engine_may_speak_to(
    docker_is: Path, monkeypatch: pytest.MonkeyPatch, engine: str | DockerError, found: Pushed | None
) -> None:
    docker_is.write_text("#!/bin/sh\necho 'ERROR: http: server gave HTTP response to HTTPS client' >&2\nexit 1\n")

    def asked(reference: str) -> str:
        if isinstance(engine, DockerError):
            raise engine
        return engine

    monkeypatch.setattr(registries, "remote_digest", asked)
    assert buildx.look_up(["lan:5000/a:1"], in_registry=True) == {"lan:5000/a:1": found}


def test_registry_that_does_not_answer(docker_is: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_is.write_text("#!/bin/sh\necho 'ERROR: dial tcp 192.0.2.1:5000: i/o timeout' >&2\nexit 1\n")

    def asked(reference: str) -> str:
        raise DockerError("the Docker engine does not answer: timed out")

    monkeypatch.setattr(registries, "remote_digest", asked)
    with pytest.raises(BuildError, match=r"192\.0\.2\.1:5000 cannot be asked for 192\.0\.2\.1:5000/a:1: dial tcp"):
        buildx.look_up(["192.0.2.1:5000/a:1"], in_registry=True)


@pytest.mark.parametrize(
    ("driver", "status", "found"),
    [
        ("docker", '[["Backing Filesystem","extfs"]]', (Builder("lan", "docker", ()), False)),
        ("docker", '[["driver-type","io.containerd.snapshotter.v1"]]', (Builder("lan", "docker", ()), True)),
        ("docker", "null", (Builder("lan", "docker", ()), False)),
        # Nobody asks an engine that does not build.
        ("remote", '[["driver-type","io.containerd.snapshotter.v1"]]', (Builder("lan", "remote", ()), False)),
    ],
)
def test_the_builder_is_asked_once(docker_is: Path, driver: str, status: str, found: tuple[Builder, bool]) -> None:
    docker_is.write_text(
        f"""#!/bin/sh\necho "$@" >>asked\ncase "$*" in\n  "buildx inspect") echo 'Name: lan\nDriver: {driver}' ;;\n"""
        f"""  "--context lan info --format {{{{json .DriverStatus}}}}") echo '{status}' ;;\n  *) exit 1 ;;\nesac\n"""
    )
    assert buildx.builder() == found
    assert len(Path("asked").read_text().splitlines()) == (2 if driver == "docker" else 1)


def test_a_builder_that_does_not_answer(docker_is: Path) -> None:
    docker_is.write_text("#!/bin/sh\necho 'ERROR: no builder \"x\" found' >&2\nexit 1\n")
    with pytest.raises(BuildError, match='the builder cannot be asked: no builder "x" found'):
        buildx.builder()


def test_tags_go_back_to_what_they_stood_for(docker_is: Path) -> None:
    docker_is.write_text('#!/bin/sh\necho "$@" >>asked\n')
    tags = ["r:5000/a:1", "r:5000/a:1-0123"]
    assert buildx.retag(tags, Pushed("sha256:1", frozenset({"sha256:2"}), index=True))
    assert buildx.retag(tags[:1], Pushed("sha256:3", frozenset({"sha256:3"})))
    create = "buildx imagetools create"
    assert Path("asked").read_text().splitlines() == [
        f"{create} --tag r:5000/a:1 --tag r:5000/a:1-0123 r:5000/a@sha256:1",
        f"{create} --prefer-index=false --tag r:5000/a:1 r:5000/a@sha256:3",
    ]
    docker_is.write_text("#!/bin/sh\nexit 1\n")
    assert not buildx.retag(tags, Pushed("sha256:3", frozenset({"sha256:3"})))
