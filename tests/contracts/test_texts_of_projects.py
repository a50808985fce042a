"""Texts of a project's files become the values that Compose reads, or are refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import compose_projects
from tests.support.differential.comparison import compare

C = "docker-compose.yml"
#: By what is hard to read: the files of a project, whose release must be equal.
EQUAL: dict[str, dict[str, str]] = {
    "env-file-values": {
        C: "services: {app: {image: 'x:1', env_file: [app.env]}}",
        "app.env": "TEXT_COLOR=#363636\nADMIN_PASSWORD=#Zx9!k\nTABBED=a\t#b\nQUOTED='it\\'s'\n2FA_ISSUER=shop\n"
        "A.b-c[0]=1\nClé=1\nA='x' B=\"y\\tz\" # c\nexport C=1\nHASH=$2b$12$Pg8A.R220dUZQT1z\nLINES='one\ntwo'\n",
    },
    "env-files-see-each-other": {
        C: "services: {app: {image: 'x:1', env_file: [db.env, app.env, db.env]}}",
        "db.env": "DB_USER=app\nDB_PASSWORD=pw\nPASSED\n",
        "app.env": "DATABASE_URL=postgres://${DB_USER}:${DB_PASSWORD}@db/app\n",
        ".env": "PASSED=1\n",
    },
    "env-file-sees-environment": {
        C: "services: {app: {image: 'x:1', env_file: app.env, environment: {HOST: db, PORT: 1_0}}}",
        "app.env": "URL=http://$HOST:$PORT\nHOST=other\n",
    },
    "environment-before-earlier-env-file": {
        C: "services: {app: {image: 'x:1', env_file: [a.env, b.env]}}",
        "a.env": "A=file\n",
        "b.env": "B=$A\n",
        ".env": "A=project\n",
    },
    "env-file-raw": {
        C: "services: {app: {image: 'x:1', env_file: [{path: raw.env, format: raw}]}}",
        "raw.env": 'PRICE=5$USD # net\nQUOTED="x"\n',
    },
    "byte-order-mark-and-line-ends": {
        C: "services: {app: {image: 'x:1', env_file: [app.env], environment: {T: '$T'}}}",
        "app.env": "\ufeffA=1\r\nB=2 \r\n",
        ".env": "\ufeffT=t\r\n",
    },
    "names-of-variables": {
        C: "services: {app: {image: 'x:1', environment: {a/b: '$$y', 'a b': 1, é: 2, '1': 3, a.b: 4}}}",
    },
    "dotted-secret": {
        C: "services: {app: {image: 'x:1', environment: {spring.datasource.password: s3cr3t-9}}}",
    },
    "numbers": {
        C: "services: {a: {image: 'x:1', labels: {h: 0x1f, f: 1.50, d: 017, t: 'on'}, environment: "
        "{V: 2.0, H: 0x1f, N: 1_000, E: 1e3, M: 1e6, O: 0o17, Z: 017, B: yes, T: true, S: .5}, "
        "deploy: {replicas: 2.0}, pids_limit: 0o17, oom_score_adj: 1e2}}",
    },
    "types-from-variables": {
        C: "services: {a: {image: 'x:1', init: '$Y', read_only: '${F:-false}', tty: 'on', "
        "ports: [{target: '$P', published: '$P'}], healthcheck: {test: [CMD, a], "
        "retries: '$N'}, cpus: '0.5', ulimits: {nofile: {soft: '$P', hard: '$P'}}}, "
        "b: {image: 'x:1', deploy: {replicas: '${N}'}}}\n"
        "networks: {default: {internal: '$F'}}\n",
        ".env": "Y=yes\nF=false\nN=3\nP=8080\n",
    },
    "operators": {
        C: "services: {a: {image: 'x:${TAG:-1}', environment: {A: '${E:-a}${E-b}${NO-c}', "
        "B: '${X:+set}${E+set}${NO+set}', C: '${NO:-${X:-y}}', D: '${X:?no}', F: '$$X', G: '${NO:-{}}', "
        "H: '${NO:-a} and ${X}', I: 'cost $5', '$X': key}}}",
        ".env": "X=x\nE=\n",
    },
    "project-name": {
        C: "name: other\nservices: {web: {image: 'x:1', env_file: w.env, environment: "
        "{P: '${COMPOSE_PROJECT_NAME:-none}'}}}",
        "w.env": "W=$COMPOSE_PROJECT_NAME\n",
        ".env": "COMPOSE_PROJECT_NAME=again\n",
    },
    "profiles-in-dotenv": {
        C: "services: {a: {image: 'x:1'}, b: {image: 'x:1', profiles: [p]}, c: {image: 'x:1', "
        "profiles: [q, r]}, d: {image: 'x:1', profiles: [s]}}",
        ".env": "COMPOSE_PROFILES=' p , r'\n",
    },
    "optional-dependency": {
        C: "services: {a: {image: 'x:1', depends_on: {b: {condition: service_healthy, required: "
        "false}}}, b: {image: 'y:1', profiles: [local], healthcheck: {test: [CMD, a]}}}",
    },
    "names-of-services": {
        C: "services: {initContainer: {image: 'x:1', restart: 'no'}, web.app: {image: 'x:1', environment: "
        "{API_PASSWORD: geheim-1}}, web_app: {image: 'x:1', environment: {API_PASSWORD: geheim-2}}, X: {image: 'x:1'}, "
        "_u: {image: 'x:1'}, web-app: {image: 'x:1', environment: {API_PASSWORD: geheim-3}}}",
    },
    "label-files": {
        C: "include: [sub/c.yaml]\nservices: {a: {image: 'x:1', label_file: [l.txt, m.txt], labels: [own=1, B=own]}}",
        "l.txt": 'A=1\nB="${A} $Q"\nN\nC: x # c\n',
        "m.txt": "M=$A\n",
        "sub/c.yaml": "services: {c: {extends: {file: d/e.yaml, service: e}, label_file: c.txt}}",
        "sub/d/e.yaml": "services: {e: {image: 'x:1', label_file: e.txt}}",
        "sub/d/e.txt": "E=1\n",
        "sub/c.txt": "F=1\n",
        ".env": "Q=q\n",
    },
    "include-with-env-files": {
        C: "include: [{path: sub/c.yaml, env_file: [one.env, two.env]}]\nservices: {a: {image: 'x:1'}}",
        "one.env": "A=1\n",
        "two.env": "B=${A}2\n",
        "sub/c.yaml": "services: {c: {image: 'x:1', environment: {B: '$B', TAG: '${TAG}'}, env_file: c.env}}",
        "sub/c.env": "C=$TAG\n",
        ".env": "TAG=9\n",
    },
    "merge-keys": {
        C: "x-a: &a {image: 'x:1', labels: {A: 1}, environment: {A: a}}\nx-b: &b {labels: {B: 2}, "
        "environment: &e {B: b}}\nservices:\n  a: {<<: [*a, *b]}\n  b: {<<: *a, environment: {<<: *e, C: c}}\n",
    },
    "tags-and-documents": {
        C: "services: {a: {image: !!str 'x:1', environment: {A: !!str 5, B: !!int '5', C: !!float 1, "
        "D: !!binary aGk=}}}\n---\nservices: {a: {image: 'y:1'}, b: {image: 'x:1'}}\n",
    },
}
#: By what is wrong: the files of a project, and the complaints.
REFUSED: dict[str, tuple[dict[str, str], list[str]]] = {
    "malformed": (
        {
            C: "services:\n  a: {image: 'x:1', env_file: bad.env, labels: {x: '${UNCLOSED'}}\n",
            "bad.env": 'KEY="abc\nBAD NAME=1\nA+=2\nREQ=${X?set it}\n',
        },
        [
            "docker-compose.yml:2: service 'a': key 'labels.x': '${UNCLOSED' is not a valid reference to a variable; ",
            "bad.env:1: variable 'KEY': the value has no second \"",
            "bad.env:2: variable 'BAD NAME': the name has a space, or a '=' is missing",
            "bad.env:3: variable 'A': 'A+=2' is no assignment: a name cannot have '+'; write NAME=value",
            "bad.env:4: variable 'REQ': the variable X has no value, and '${X?set it}' requires one",
        ],
    ),
    "dotenv": (
        {C: "services: {a: {image: 'x:1'}}", ".env": "A=1\nB=${A\n"},
        [
            ".env:2: variable 'B': '${A' is not a valid reference to a variable; write ${NAME}, or $$ for a dollar ",
        ],
    ),
    "unused-default": (
        {C: "services:\n  a: {image: 'x:${A:-${B:?no}}'}\n", ".env": "A=1\n"},
        [
            "docker-compose.yml:2: service 'a': key 'image': the variable B has no value, and '${B:?no}' requires one",
        ],
    ),
    "required-in-an-inactive-service": (
        {C: "services:\n  a: {image: 'x:1'}\n  b: {image: 'x:${B:?no}', profiles: [p]}\n"},
        [
            "docker-compose.yml:3: service 'b': key 'image': '${B:?no}' requires a value, also while the profile is ",
        ],
    ),
    "casts": (
        {C: "services:\n  a:\n    image: 'x:1'\n    privileged: '$P'\n", ".env": "P=maybe\n"},
        ["docker-compose.yml:4: service 'a': key 'privileged': "],
    ),
    "keys": (
        {C: "services:\n  a:\n    image: 'x:1'\n    labels: {1: x}\n"},
        ["docker-compose.yml:4: key 1: is no text for YAML, and every key must be one; write '1'"],
    ),
    "dependencies": (
        {
            C: "services:\n  a:\n    image: 'x:1'\n    links: [b]\n    depends_on: {c: {condition: "
            "service_started, required: false}}\n  b: {image: 'x:1', profiles: [p]}\n"
        },
        [
            "docker-compose.yml:5: service 'a': key 'depends_on': there is no service 'c'",
            "docker-compose.yml:4: service 'a': key 'links': there is no service 'b', or its profile is not active",
        ],
    ),
    "label-file": (
        {C: "services:\n  a:\n    image: 'x:1'\n    label_file: l.txt\n", "l.txt": "A+B=1\n"},
        ["l.txt:1: variable 'A': 'A+B=1' is no assignment: a name cannot have '+'; write NAME=value"],
    ),
    "env-file-format": (
        {
            C: "services:\n  a:\n    image: 'x:1'\n    env_file: [{path: a.env, format: json}]\n",
            "a.env": "",
        },
        [
            "docker-compose.yml:4: service 'a': key 'env_file.format': found 'json'; 'raw' is needed",
        ],
    ),
    "include-env-file": (
        {
            C: "include:\n  - {path: c.yml, env_file: none.env}\nservices: {a: {image: 'x:1'}}\n",
            "c.yml": "services: {c: {image: 'x:1'}}",
        },
        ["docker-compose.yml:2: 'include' names none.env, which does not exist"],
    ),
}


@pytest.mark.parametrize("name", EQUAL)
def test_the_release_is_equal(name: str, tmp_path: Path) -> None:
    found = compare(compose_projects.write(tmp_path / "project", EQUAL[name]))
    assert (found.outcome, found.defects(), found.refusal) == ("equal", [], None)


@pytest.mark.parametrize("name", REFUSED)
def test_what_compose_refuses_is_refused_with_file_and_line(name: str, tmp_path: Path) -> None:
    files, sentences = REFUSED[name]
    found = compare(compose_projects.write(tmp_path / "project", files))
    assert (found.outcome, found.defects()) == ("refused by both", [])
    assert found.refusal is not None
    lines = found.refusal.splitlines()
    assert [line[: len(sentence)] for line, sentence in zip(lines, sentences, strict=True)] == sentences
