"""gixy-ng, a referee for the configuration of nginx, finds nothing above *low* in any that is rendered."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.module_utils.certificates import installing
from ansible_collections.slipway.stack.plugins.module_utils.edge import configuration
from ansible_collections.slipway.stack.plugins.module_utils.state.layout import Home, write_text
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.bundle import Bundle

from tests.support import examples
from tests.support.descriptions import SECRETS, example, parcel
from tests.support.placed import apart, release_of
from tests.templates.test_nginx_accepts import EVERYTHING, EXTREMES

ALL = {**EVERYTHING, "tls": {"source": "acme"}, "redirects": ["www.example.com"]}
#: What is found and is no fault, with the reason.
EXCEPTIONS = {
    "return_bypasses_allow_deny": "417 and 418 only lead to a location that has the same list, see below",
}


def _releases() -> dict[str, Bundle]:
    """Return all releases that have an nginx, by a name for people."""
    found = {
        f"{stack}-{name}": examples.release(stack, name) for stack in examples.STACKS for name in examples.ENVIRONMENTS
    }
    secrets = {**SECRETS, "admins": f"ada:$2y$05${'a' * 53}"}
    found |= {"shop": parcel(example()), "extremes": parcel(example(edge=EXTREMES))}
    found |= {
        "everything": parcel(example(edge=ALL), secrets),
        "without TLS": parcel(example(edge=EVERYTHING), secrets),
        "edge elsewhere": release_of("edge1", apart(example(edge=ALL)), secrets),
        "inner edge": release_of("app1", apart(example(edge=ALL)), secrets),
    }
    return {name: release for name, release in found.items() if "edge/nginx.conf" in release.files}


RELEASES = _releases()


def _written(folder: Path, release: Bundle, change: tuple[str, str] = ("", "")) -> Path:
    """Write a configuration as a host does, with one text replaced, and return its directory."""
    home = Home(str(folder))
    for path, text in release.files.items():
        if path.startswith("edge/"):
            write_text(home.release("r1") / path, text.replace(*change))
    manifest = {"release": "r1", "services": release.services, "upstreams": list(release.upstreams), "tls": release.tls}
    if release.tls:
        installing.ensure(home, manifest)
    targets = {name: [f"shop-{name}-1", f"shop-{name}-2"] for name in release.services}
    files = configuration.render(home, manifest, targets)
    return home.edge / "versions" / configuration.write_version(home, files)


def _found(version: Path) -> list[Mapping[str, Any]]:
    """Return the findings above *low* in a configuration and all that it includes."""
    main = version / "nginx.conf"
    # Files that exist in the container.
    text = main.read_text().replace("/etc/nginx/mime.types", "mime.types").replace("/tmp/listen[.]conf", "listen.conf")
    (version / "mime.types").write_text("types { text/html html; }\n")
    main.write_text(text)
    done = subprocess.run(["gixy", "-l", "-l", "--format=json", str(main)], capture_output=True, text=True, check=False)
    # Also if it could not read all of it.
    assert done.stderr == ""
    found: list[Mapping[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", RELEASES)
def test_nothing_above_low_is_found(name: str, tmp_path: Path) -> None:
    found = _found(_written(tmp_path, RELEASES[name]))
    assert [one for one in found if one["plugin"] not in EXCEPTIONS] == []


def test_the_exception_is_necessary_and_no_more_than_it_says(tmp_path: Path) -> None:
    version = _written(tmp_path, RELEASES["everything"])
    (found,) = _found(version)
    assert found["plugin"] == "return_bypasses_allow_deny"
    assert set(re.findall(r"return (\d+)", found["config"])) == {"417", "418"}
    text = (version / "nginx.conf").read_text()
    blocks = re.findall(r"^ {8}location ([^\n]+) \{\n(.*?)^ {8}\}", text, re.MULTILINE | re.DOTALL)
    lists = {where: re.findall(r"\b(?:allow|deny) [^;]+", block) for where, block in blocks}
    guarded = {where: words for where, words in lists.items() if words}
    assert list(guarded.values()) == [["allow ::1/128", "deny all"]] * 3
    assert sorted(re.sub(r"\d+", "N", where) for where in guarded) == ['"/cut+it/"', "@stream_N", "@upload_N"]


@pytest.mark.parametrize(
    ("change", "plugin"),
    [
        (("server_tokens off;", "server_tokens on;"), "version_disclosure"),
        (("return 200;", "return 302 https://$host$uri;"), "http_splitting"),
        (("open_file_cache ", "open_log_file_cache "), "try_files_is_evil_too"),
    ],
)
def test_what_is_wrong_is_found(change: tuple[str, str], plugin: str, tmp_path: Path) -> None:
    assert plugin in {one["plugin"] for one in _found(_written(tmp_path, RELEASES["shop"], change))}
