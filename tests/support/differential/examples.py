"""Values of every key of the Compose schema in each of its notations, and what they refer to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

#: Services and top-level keys that other values refer to.
BASE = {
    "db": {"image": "postgres:17", "healthcheck": "{test: [CMD, pg_isready]}"},
    "cache": {"image": "valkey:8"},
    "job": {"image": "app:1", "build": ".", "command": "migrate", "restart": '"no"'},
}
TOP = {
    "networks": "{front: {ipam: {config: [{subnet: 172.28.0.0/16}]}}, back: {enable_ipv6: true}, Team.Net: }",
    "volumes": "{data: , cache: {}, c: {}}",
    "secrets": "{token: {file: ./token.txt}, pw: {environment: PW}, Dotted.Name: {file: token.txt}}",
    "configs": '{app: {content: "a=${TAG}"}, web: {file: ./conf/app.conf}}',
}
#: Paths of the server that services may mount.
HOST_PATHS = ("/srv/host",)
FILES = {
    ".env": "TAG=1.2\nPW=pass word#1\nPASSED=through\nEMPTY=\nCOMPOSE_PROFILES=on\n",
    "web.env": "# c\nFROM_FILE=1\nQ='s i' # x\nD=\"a\\nb\"\nexport X=${TAG}\nA=file\n",
    "raw.env": 'RAW=5$x # y\nQ="q"\n',
    "sub/more.env": "FROM_FILE=2\nR=${FROM_FILE}-${TAG}\n",
    "labels.txt": "from.file=1\na.b=file\n",
    "sub/labels.txt": "from.file=2\n",
    "conf/app.conf": "a=1\n",
    "conf/run.sh": "echo\n",
    "conf.d/a.conf": "a\n",
    "conf.d/sub/b.conf": "b\n",
    "app/Other": "FROM x\n",
    "lib/x": "x\n",
    "token.txt": "t0ken\n",
    "pw.txt": "pw\n",
    "spec.json": "{}\n",
    "sub/base.yml": (
        "services: {base: {image: base:1, init: true, env_file: more.env, labels: [a.b=base],"
        " volumes: ['../conf/app.conf:/b.conf:ro'], environment: {A: base, T: '${TAG}'}}}\n"
    ),
    "sub/inc.yml": (
        "services: {inc: {image: inc:1, environment: {W: '${WHO-none}', T: '${TAG}'}, env_file: more.env}}\n"
    ),
    "sub/over.yml": "services: {inc: {environment: {O: '1'}}}\n",
    "sub/inc.env": "WHO=inc\nTAG=sub\n",
    "sub/.env": "WHO=dotenv\n",
}


@dataclass(frozen=True)
class Example:
    """One value of a key, as the file has it. ``newest_only``: the oldest version of Compose does not know it."""

    key: str
    text: str
    newest_only: bool = False


def load(section: str) -> list[Example]:
    """Return the values of ``service`` or ``top``, in the order of ``values.txt``."""
    found: list[Example] = []
    current = ""
    for line in Path(__file__).with_name("values.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            current = line[1:-1]
        elif line.startswith(" "):
            found[-1] = replace(found[-1], text=f"{found[-1].text}\n{line}")
        elif not line.startswith("#"):
            key, _colon, text = line.partition(":")
            found.append(Example(f"{current.partition(',')[0]}.{key}", text.strip(), "newest" in current))
    return [replace(one, key=one.key.split(".", 1)[1]) for one in found if one.key.startswith(f"{section}.")]
