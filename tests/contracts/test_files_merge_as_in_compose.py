"""Several files, ``extends``, ``include``, ``!reset`` and ``!override`` mean what they mean to Compose."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import compose_projects
from tests.support.differential import examples
from tests.support.differential.comparison import Comparison, compare

#: The keys of a service in each of the files. A case for each rule that Compose has for a key.
MERGED: dict[str, tuple[str, ...]] = {
    "null-keeps": (
        "{restart: always, logging: {driver: x, options: {a: b}}}",
        "{restart: , logging: {options: {a: }}}",
    ),
    "null-of-an-empty-command": ("{command: [a]}", "{command: }"),
    "other-driver": ("{logging: {driver: x, options: {a: b}}}", "{logging: {driver: y, options: {c: d}}}"),
    "first-driver": ("{logging: {options: {a: b}}}", "{logging: {driver: y, options: {c: d}}}"),
    "variables": ("{environment: {A: 1, B: 2}}", "{environment: [A=, B, C=3]}", "{environment: {C: , D: 4}}"),
    "labels": ("{labels: [a=1, b=2]}", "{labels: {b: 3}}", "{labels: [c=d=e]}"),
    "deploy-labels": ("{deploy: {labels: [a=1, b=2]}}", "{deploy: {labels: {b: 3}}}"),
    "sysctls": ("{sysctls: {a.b: 1}}", "{sysctls: [a.b=2, c=3]}"),
    "ulimits": (
        "{ulimits: {nofile: 1, nproc: {soft: 1, hard: 2}}}",
        "{ulimits: {nofile: {soft: 1, hard: 2}, nproc: 3}}",
    ),
    "health": ("{healthcheck: {test: [CMD, a], retries: 2}}", "{healthcheck: {test: b, interval: 5s}}"),
    "condition": ("{depends_on: {db: {condition: service_healthy, required: false}}}", "{depends_on: [db, cache]}"),
    "networks": (
        "{networks: {front: {aliases: [a]}}}",
        "{networks: [front, back]}",
        "{networks: {front: {aliases: [b, a]}}}",
    ),
    "ports": ('{ports: ["9001:80", "127.0.0.1:9002:81"]}', '{ports: [{target: 80, published: "9001"}, "9003:82"]}'),
    "volumes": ('{volumes: ["data:/a:ro", "/b"]}', "{volumes: [{type: volume, source: cache, target: /a}]}"),
    "secrets": (
        "{secrets: [token, pw]}",
        "{secrets: [{source: pw, target: /run/secrets/pw}, {source: token, target: /t}]}",
    ),
    "configs": ("{configs: [app]}", "{configs: [{source: web, target: /app}]}"),
    "env-file": ("{env_file: [web.env, sub/more.env]}", "{env_file: [{path: web.env, required: false}, raw2.env]}"),
    "hosts": ("{extra_hosts: [a:192.0.2.1, b=192.0.2.2]}", "{extra_hosts: {a: 192.0.2.3}}"),
    "once": (
        "{cap_add: [A, B], dns: 192.0.2.1, expose: [80]}",
        '{cap_add: [B, C], dns: [192.0.2.1, 192.0.2.2], expose: ["80"]}',
    ),
    "tmpfs": ('{tmpfs: "/a:size=1m"}', '{tmpfs: ["/a:size=2m", /b]}'),
    "devices": ("{devices: [/dev/a:/dev/b, /dev/c]}", "{devices: [/dev/d:/dev/b]}"),
    "appended": ("{security_opt: [a:b], group_add: [1]}", "{security_opt: [c:d], group_add: [2]}"),
    "reset-key": ("{environment: {A: 1, B: 2}, dns: 192.0.2.1}", "{environment: {A: !reset null}, dns: !reset []}"),
    "reset-in-a-list": ("{environment: [A=1, B=2]}", "{environment: {A: !reset null}}"),
    "reset-item": ("{cap_add: [A]}", "{cap_add: [!reset A, B]}"),
    "override": ("{environment: {A: 1}, cap_add: [A]}", "{environment: !override {B: 2}, cap_add: !override [B]}"),
    "override-below": ("{logging: {driver: x, options: {a: b, c: d}}}", "{logging: {options: !override {e: f}}}"),
    "reset-and-again": ("{cap_add: [A]}", "{cap_add: !reset []}", "{cap_add: [C]}"),
    "extends-reset": ("{extends: base, cap_add: !override [C], labels: !reset []}", "{}"),
    "extends-file": ("{extends: {file: sub/base.yml, service: base}, volumes: ['/x:/b.conf']}", "{}"),
    "extends-keeps-dependencies": ("{extends: {service: linked}}", "{}"),
}
BASE = {
    "db": "{image: 'postgres:17'}",
    "cache": "{image: 'valkey:8'}",
    "base": "{image: 'base:1', cap_add: [A], labels: {a: b}, environment: {A: 1}}",
    "linked": "{image: 'base:1', depends_on: [db], links: [cache], volumes_from: [db]}",
}


FILES = {
    **examples.FILES,
    "raw2.env": "W=1\n",
    # In another directory there are files of the same names.
    "sub/web.env": "FROM_FILE=sub\n",
    "sub/conf/app.conf": "sub\n",
    "sub/labels.txt": "from=sub\n",
}
TOP = "".join(f"{key}: {text}\n" for key, text in examples.TOP.items())


def _text(services: dict[str, str], top: str = "") -> str:
    return f"{top}services:\n" + "".join(f"  {name}: {text}\n" for name, text in services.items())


def _compare(folder: Path, *texts: str, **others: str) -> Comparison:
    names = [f"f{index}.yml" for index, _text in enumerate(texts)]
    further = {path.replace("__", "/") + ".yml": text for path, text in others.items()}
    project = compose_projects.write(folder / "shop", {**FILES, **further, **dict(zip(names, texts, strict=True))})
    return compare(project, *names, compose_host_paths=["/x"])


def _is_equal(found: Comparison) -> None:
    assert (found.outcome, found.defects(), found.refusal) == ("equal", [], None)


def test_each_key_is_merged_as_in_compose(tmp_path: Path) -> None:
    first = {name: texts[0].replace("{", "{image: 'app:1', ", 1) for name, texts in MERGED.items()}
    texts = [_text({**{name: str(keys) for name, keys in BASE.items()}, **first}, TOP)]
    for index in (1, 2):
        texts.append(_text({name: texts[index] for name, texts in MERGED.items() if len(texts) > index}))
    _is_equal(_compare(tmp_path, *texts))


PAIR = "services: {a: {image: a, ports: ['80:80']}, b: {image: b}}"


@pytest.mark.parametrize(
    "over",
    [
        "services: {a: !reset null}",
        "services: {a: !override {image: c}}",
        "services: !override {c: {image: c}}",
        "services: {a: {image: !reset null, build: .}, b: !reset {}}",
        "services: {b: {image: c}, a: !reset []}",
        "{networks: !override {default: {name: z}}, services: {b: {environment: !override {A: 1}}}}",
        "{volumes: !reset {}, x-a: !reset null, services: {a: {volumes: !override [/b]}}}",
    ],
)
def test_tags_on_services_and_sections(over: str, tmp_path: Path) -> None:
    first = f"{{networks: {{default: {{driver: x, labels: {{a: b}}}}}}, volumes: {{v: {{}}}}, {PAIR}}}"
    found = _compare(tmp_path, first, over)
    assert (found.outcome, found.defects()) in (("equal", []), ("refused by ours only", []))


NETWORK = (
    "networks: {front: {labels: [a=1], driver_opts: {a: b},"
    " ipam: {config: [{subnet: 10.0.0.0/24, gateway: 10.0.0.1}]}}}"
)


@pytest.mark.parametrize(
    "over",
    [
        "networks: {front: {labels: {a: 2, b: x}, ipam: {config: [{subnet: 10.0.0.0/24, ip_range: 10.0.0.0/28}]}}}",
        "networks: {front: {ipam: {config: [{subnet: 10.0.1.0/24}]}, driver_opts: {c: d}}}",
        "networks: {front: {ipam: {config: [{subnet: 10.0.1.0/24}, {subnet: 10.0.0.0/24}]}}}",
        "networks: {front: !override {external: true}}",
        "networks: {front: {ipam: !reset null}, back: {}}",
        "networks: {front: }",
    ],
)
def test_networks_are_merged_as_in_compose(over: str, tmp_path: Path) -> None:
    _is_equal(_compare(tmp_path, f"services: {{a: {{image: a, networks: [front]}}}}\n{NETWORK}", over))


@pytest.mark.parametrize(
    ("first", "over", "place"),
    [
        ("{security_opt: [a:b]}", "{security_opt: [a:b]}", "f1.yml:2: service 'a': key 'security_opt'"),
        ("{gpus: all}", "{gpus: [{count: 1, capabilities: [gpu]}]}", ""),
        ("{gpus: [{count: 1, capabilities: [gpu]}]}", "{gpus: all}", "f1.yml:2: service 'a': key 'gpus'"),
    ],
)
def test_what_cannot_be_merged_is_refused(first: str, over: str, place: str, tmp_path: Path) -> None:
    found = _compare(tmp_path, _text({"a": first.replace("{", "{image: a, ", 1)}), _text({"a": over}))
    assert found.defects() == []
    assert (found.refusal or "").startswith(place)


INCLUDED = {
    "service": "services: {web: {image: 'b:1'}}",
    "same-service": "services: {web: {image: a}}",
    "network": "{networks: {front: {name: y}}, services: {inc: {image: 'b:1', networks: [front]}}}",
    "same-network": "{networks: {front: {name: x}}, services: {inc: {image: 'b:1', networks: [front]}}}",
    "secret": "{secrets: {s: {file: ./token.txt}}, services: {inc: {image: 'b:1', secrets: [s]}}}",
    "same-secret": "{secrets: {s: {file: ../token.txt}}, services: {inc: {image: 'b:1', secrets: [s]}}}",
    "paths": "services: {inc: {image: 'b:1', env_file: web.env, volumes: ['./conf/app.conf:/a:ro', '../conf.d:/c']}}",
    "variables": "services: {inc: {image: 'b:1', environment: [WHO, TAG, 'X=${WHO}']}}",
    "variables-as-mapping": "services: {inc: {image: 'b:1', environment: {WHO: , TAG: , X: '${WHO}'}}}",
    "build": "services: {inc: {image: 'b:1', build: {dockerfile: Other}}}",
    "extends": "services: {inc: {extends: {file: base.yml, service: base}}}",
    "reset": "services: {inc: {image: 'b:1', cap_add: !reset [A]}, web2: !reset null}",
}
INCLUDING = """\
include: %s
networks: {front: {name: x}}
secrets: {s: {file: ./token.txt}}
services: {web: {image: a}, user: {image: a, networks: [front], secrets: [s]}}
"""


@pytest.mark.parametrize("text", INCLUDED.values(), ids=INCLUDED)
@pytest.mark.parametrize(
    "entry", ["[sub/i.yml]", "[{path: [sub/i.yml, sub/o.yml], project_directory: ., env_file: sub/inc.env}]"]
)
def test_an_included_file_is_a_project_of_its_own(text: str, entry: str, tmp_path: Path) -> None:
    found = _compare(tmp_path, INCLUDING % entry, sub__i=text, sub__o="services: {inc: {image: 'o:1'}}")
    assert found.defects() == []
    if "in the file that includes it" in (found.refusal or ""):
        assert (found.refusal or "").startswith("f0.yml:1: 'include': ")


def test_an_include_of_a_later_file_is_merged_over_the_earlier_ones(tmp_path: Path) -> None:
    later = "include: [sub/i.yml]\nservices: {late: {image: l}}"
    _is_equal(_compare(tmp_path, PAIR, later, sub__i="services: {a: {image: i, ports: ['81:81']}}"))


def test_paths_start_at_the_directory_of_the_first_file(tmp_path: Path) -> None:
    """``extends`` and ``include`` of another file do, too; those of an extended file start at its own directory."""
    project = compose_projects.write(
        tmp_path / "shop",
        {
            **FILES,
            "f0.yml": "services: {a: {image: a}}",
            "over/f1.yml": "include: [sub/inc.yml]\nservices: {a: {extends: {file: sub/deep.yml, service: b}}}",
            "sub/deep.yml": "services: {b: {image: b, env_file: web.env, extends: {file: base.yml, service: base}}}",
        },
    )
    _is_equal(compare(project, "f0.yml", "over/f1.yml"))


def test_files_above_the_first_file_belong_to_the_project_that_is_named(tmp_path: Path) -> None:
    text = "services: {nginx: {image: 'nginx:1', volumes: ['../conf/app.conf:/a:ro'], env_file: ../web.env}}"
    project = compose_projects.write(tmp_path / "shop", {**FILES, "deploy/f0.yml": text})
    _is_equal(compare(project, "deploy/f0.yml", compose_project="."))
    found = compare(project, "deploy/f0.yml")
    assert "deploy/f0.yml:1: " in (found.refusal or "")


def test_links_in_a_mounted_directory_are_followed(tmp_path: Path) -> None:
    text = "services: {a: {image: 'nginx:1', volumes: ['./m:/m:ro']}}"
    project = compose_projects.write(tmp_path / "shop", {"f0.yml": text, "m/real/f": "x\n", "other/g": "y\n"})
    (project / "m/enabled").symlink_to("real")
    (project / "m/g").symlink_to("../other/g")
    _is_equal(compare(project, "f0.yml"))


@pytest.mark.parametrize(("variables", "value"), [("", "inc"), ("WHO=web\n", "web")])
def test_secrets_of_an_included_file_have_its_variables(variables: str, value: str, tmp_path: Path) -> None:
    files = {
        "docker-compose.yml": "include: [{path: sub/i.yml, env_file: sub/inc.env}]\nservices: {web: {image: 'a:1'}}",
        "sub/i.yml": "{secrets: {t: {environment: WHO}}, configs: {k: {environment: WHO}},"
        " services: {inc: {image: 'b:1', secrets: [t], configs: [k]}}}",
    }
    release = compose_projects.parcel(compose_projects.write(tmp_path, {**FILES, ".env": variables, **files}))
    assert [source["value"] for source in release.secrets().values()] == [value]
    assert [*release.mounted.values()] == [value]
