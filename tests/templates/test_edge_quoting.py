"""Random texts in routes: each is refused in a sentence, or a real nginx and a real Traefik read exactly this text."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.state.quoting import nginx_string
from ansible_collections.slipway.stack.plugins.plugin_utils.description import routes

from tests.support.real_edge import IMAGES, Edge, running

#: Everything that means something to a parser on the way, and ordinary characters of one to four bytes.
ALPHABET = [
    *"\"'`;{}$\\ \n\r\t\0#?%*()[]<>|^~@!&=+,:-_./",
    *("//", "..", "{{", "}}", "$host", "%2f", "\x7f", "\u2028", "\ud800"),
]
ORDINARY = [*"abcXYZ019", "ä", "ß", "日", "𝄞", "e\u0301"]
COUNT = 120
#: The longest texts that a path may be, and what a search for a place to break out begins with.
EXTREME = [
    *("/" + "x" * 999, "/" + "ä" * 499, "/; return 200 pwned", '/" { return 200; } location "/b'),
    *("/` || Path(`/c", "/' #"),
]
#: What RFC 3986 calls reserved: quoted, it is another path to Traefik.
RESERVED = "!$&'()*+,;=:@"


def _random_texts(count: int) -> Iterator[str]:
    """Return different texts, the same ones in each run."""
    source = random.Random(15)
    found: set[str] = set()
    while len(found) < count:
        weights = [1] * len(ALPHABET) + [6] * len(ORDINARY)
        text = "".join(source.choices([*ALPHABET, *ORDINARY], weights, k=source.randint(1, 8)))
        if text not in found:
            found.add(text)
            yield text


def _accepted_paths() -> list[str]:
    """Return random paths that a description may have. Every other one is refused with a sentence."""
    result, refused = [], {}
    for text in [*EXTREME, *(f"/{text}" for text in _random_texts(20 * COUNT))]:
        try:
            result.append(routes.read("service 'edge'", {"path": text, "to": "app"}).path)
        except ValueError as error:
            refused[text] = str(error)
    assert all(told.startswith(f"service 'edge': key 'routes': path {text[:100]!r} ") for text, told in refused.items())
    return list(dict.fromkeys(result))[:COUNT]


PATHS = _accepted_paths()


@pytest.fixture(scope="module", params=["nginx", "traefik"])
def many(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """An edge with a route for each path, to a port of its own."""
    routes_: list[dict[str, Any]] = [{"path": path, "to": "app", "port": 10000 + at} for at, path in enumerate(PATHS)]
    with running(request.param, tmp_path_factory.mktemp("edge"), routes=[*routes_, {"path": "/", "to": "app"}]) as edge:
        yield edge


@pytest.mark.parametrize("unquoted", ["", RESERVED], ids=["quoted", "as a browser"])
def test_a_path_is_exactly_the_text_of_the_description(many: Edge, unquoted: str) -> None:
    wrong = []
    for path in PATHS:
        if many.kind == "traefik" and not unquoted and set(RESERVED) & set(path):
            continue
        asked = f"{path}zz"
        fitting = max((one for one in PATHS if asked.startswith(one)), key=len)
        answered = json.loads(many.ask(quote(asked, safe=f"/~{unquoted}")).body)["port"]
        if answered != 10000 + PATHS.index(fitting):
            wrong.append((path, answered))
    assert wrong == []


def test_a_path_that_no_route_begins_with_is_nobodys(many: Edge) -> None:
    assert json.loads(many.ask("/nobody's").body)["port"] == 8000


def test_nginx_reads_exactly_what_was_quoted(tmp_path: Path) -> None:
    """In a directive that answers with its parameter."""
    texts = [text for text in _random_texts(300) if not set("$\0\ud800") & set(text)]
    answers = "".join(f"location = /{at} {{ return 200 {nginx_string(text)}; }}\n" for at, text in enumerate(texts))
    (tmp_path / "nginx.conf").write_text(
        f"pid /tmp/pid; events {{}} http {{ access_log off; server {{ listen unix:/tmp/s; {answers} }} }}"
    )
    ask = "; ".join(f"curl -s --unix-socket /tmp/s http://x/{at}; printf '\\0'" for at in range(len(texts)))
    script = f"nginx -c /etc/try/nginx.conf && {{ {ask}; }}"
    (tmp_path / "ask.sh").write_text(script)
    tmp_path.chmod(0o755)
    run = ["docker", "run", "--rm", f"--volume={tmp_path}:/etc/try:ro", "--entrypoint=sh", IMAGES["nginx"]]
    done = subprocess.run([*run, "/etc/try/ask.sh"], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == texts
