"""Values that become part of another language: what is accepted is read there as it is, all else is refused."""

from __future__ import annotations

import ast
import json
import posixpath
import shlex
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.description import notations
from hypothesis import given
from hypothesis import strategies as st

from tests.support.descriptions import KINDS, example, model, parcel, plain
from tests.support.errors import error_of

#: Characters with a meaning in some language, and some without one.
HOSTILE = st.text(
    st.sampled_from("aZ09_-./:@+,~%=&;|<>()[]{}*?!#$`'\"\\ \t\n\r\0\x1b\x85\u2028éẞ🚢\ud800"), max_size=12
)
WORDS: list[Callable[[str], str]] = [
    notations.image,
    notations.identifier,
    notations.module,
    notations.word,
    notations.path,
    notations.stack_root,
    notations.url_path,
]


@pytest.mark.parametrize("notation", WORDS, ids=lambda one: one.__name__)
@given(value=HOSTILE | st.text(max_size=8))
def test_what_is_accepted_needs_no_quoting(notation: Callable[[str], str], value: str) -> None:
    try:
        accepted = notation(value)
    except ValueError as error:
        said, accepted = str(error), ""
    else:
        said = ""
    assert said.isprintable(), "the message itself must not control a terminal"
    assert not accepted.startswith("-"), "a command would read it as an option"
    assert ast.literal_eval(f"'{accepted}'") == accepted, "Python and JavaScript"
    assert accepted.isprintable()
    assert " " not in accepted
    if notation is notations.url_path:
        assert urllib.parse.urlsplit(f"http://host{accepted}").hostname == "host"
    elif "${" not in accepted:
        assert shlex.split(accepted) == ([accepted] if accepted else []), "a shell"


@pytest.mark.parametrize(
    ("notation", "good"),
    [
        (notations.image, "app"),
        (notations.image, "postgres:17-bookworm"),
        (notations.image, "registry.example.com:5000/team/app_x/back-end:1.4.2_rc.1"),
        (notations.image, "[::1]:5000/app:1"),
        (notations.image, "app@sha256:" + "0" * 64),
        (notations.image, "registry.example.com/app:1@sha256:" + "a" * 64),
        (notations.image, "app:${TAG}"),
        (notations.identifier, "shop_2"),
        (notations.identifier, "uuid-ossp"),
        (notations.module, "app"),
        (notations.module, "shop.main:create.app"),
        (notations.word, "noeviction"),
        (notations.word, "high,low"),
        (notations.word, ""),
        (notations.path, "/app/.next/cache"),
        (notations.url_path, "/"),
        (notations.url_path, "/health?full=1&deep=%20x"),
        (notations.stack_root, "/opt/stacks"),
        (notations.stack_root, "/usr/local/stacks"),
        (notations.volume, "data:/var/lib/data"),
        (notations.volume, "/srv/my data:/data:ro,rslave"),
        (notations.volume, "/data"),
        (notations.volume, "${DATA}:/data"),
        (notations.container_path, "/etc/app/größe und $x.conf"),
        (notations.relative_path, "conf.d/10 größe.conf"),
        (notations.relative_path, "..data/x"),
    ],
)
def test_accepted(notation: Callable[[str], str], good: str) -> None:
    assert notation(good) == good


@pytest.mark.parametrize(
    ("notation", "bad", "message"),
    [
        (
            notations.image,
            "--privileged",
            f"'--privileged' is not an image reference, such as {notations.IMAGE_EXAMPLE}",
        ),
        (notations.image, "a b", f"'a b' is not an image reference, such as {notations.IMAGE_EXAMPLE}"),
        (notations.image, "App:1", f"'App:1' is not an image reference, such as {notations.IMAGE_EXAMPLE}"),
        (notations.image, "app:", f"'app:' is not an image reference, such as {notations.IMAGE_EXAMPLE}"),
        (
            notations.url_path,
            "/x\r\nHost: evil",
            (
                "'/x\\r\\nHost: evil' has characters that a URL cannot have as they are; write them in "
                "percent-encoding, such as %20 for a space"
            ),
        ),
        (notations.url_path, "x", "'x' does not begin with /"),
        (
            notations.volume,
            "data:relative",
            "'data:relative' is not a volume in Compose's short notation, such as data:/path or /srv/data:/path:ro",
        ),
        (notations.container_path, "/a/../b", "'/a/../b' is not the absolute path of a file in the container"),
        (notations.container_path, "/a:b", "'/a:b' contains a colon, which Compose reads as the end of the path"),
        (notations.container_path, "/a\nb", "'/a\\nb' contains a control character"),
        (notations.relative_path, "/a", "'/a' is not the path of a file below the directory"),
        (notations.relative_path, "a/../../b", "'a/../../b' is not the path of a file below the directory"),
        (notations.relative_path, "a\0", "'a\\x00' contains a control character"),
        (
            notations.relative_path,
            "x" * 256,
            f"'{'x' * 60}'… (256 characters) is too long: a name has at most 255 bytes, a path 1024",
        ),
    ],
)
def test_refused(notation: Callable[[str], str], bad: str, message: str) -> None:
    assert error_of(notation, bad) == message


@pytest.mark.parametrize(
    "root", ["", "stacks", "./stacks", "/opt/../etc", "/opt/a b", "/opt/a\nb", "/opt/a'b", '/a"b', "/"]
)
def test_a_root_that_is_no_plain_absolute_path(root: str) -> None:
    assert error_of(model, example(), root=root) == (
        f"stack_root: {root!a} is not the absolute path of a directory, of letters, digits and '_.@+-', such as "
        f"/opt/stacks"
    )


@pytest.mark.parametrize("root", ["/etc", "/etc/stacks", "/usr", "/proc", "/dev/shm"])
def test_a_root_in_a_directory_of_the_system(root: str) -> None:
    assert error_of(model, example(), root=root) == (
        f"stack_root: {root!r} is a directory of the operating system; choose one such as /opt/stacks"
    )


def _is_below(path: str) -> bool:
    return posixpath.normpath(posixpath.join("/d", path)).startswith("/d/") and not path.startswith("/")


NAMES = st.lists(
    st.sampled_from(["a", "A", "b", "..", ".", "", "é", "e\u0301", "x" * 256, "a\0", "n\n", " "]),
    min_size=1,
    max_size=4,
)


@given(st.lists(NAMES.map("/".join), min_size=1, max_size=5, unique=True))
def test_the_files_of_a_directory_are_all_below_it(paths: list[str]) -> None:
    try:
        found = parcel({"web": plain(files={"/etc/conf": {"directory": dict.fromkeys(paths, "x")}})}).mounted
    except ValueError as error:
        found, said = {}, str(error)
    else:
        said = ""
    assert said.startswith("service 'web', key 'files', directory '/etc/conf': ") if said else found
    if said:
        return
    assert sorted(address.split("/", 2)[2] for address in found) == sorted(paths)
    assert all(_is_below(path) for path in paths)
    assert not any(other.startswith(f"{path}/") for path in paths for other in paths)


def test_names_that_differ_in_case_only_are_two_files() -> None:
    found = parcel({"web": plain(files={"/etc/conf": {"directory": {"a": "1", "A": "2"}}})}).mounted
    assert sorted(found.values()) == ["1", "2"]


@pytest.mark.parametrize(
    ("directory", "message"),
    [
        ({"../../etc/x": "1"}, "'../../etc/x' is not the path of a file below the directory"),
        ({"a": "1", "a/b": "2"}, "'a' is both a file and a directory, because of 'a/b'"),
        (
            {"\xe9": "1", "e\u0301": "2"},
            "'\\xe9' is there twice, in two Unicode forms ('e\\u0301', '\\xe9'); remove one",
        ),
        ({"a": 1}, "the text of 'a' is not text; put it in quotes"),
    ],
)
def test_directory_is_refused(directory: dict[str, object], message: str) -> None:
    given = {"web": plain(files={"/etc/conf": {"directory": directory}})}
    assert error_of(parcel, given) == f"service 'web', key 'files', directory '/etc/conf': {message}"


TEXT_OPTIONS = [
    (name, option)
    for name, kind in KINDS.items()
    for option, field in kind.options.items()
    if field.type in ("str", "word", "identifier", "module", "path", "url_path") and not field.choices
]
EXTRA: dict[str, dict[str, Any]] = {
    "nginx": {"routes": []},
    "traefik": {"routes": []},
    "langflow": {"needs": ["db"]},
    "postgres_database": {"needs": ["db"]},
}
ATTACKS = ["x'; y", 'x"y', "x\ny", "$(x)", "x;y", "--x", "x`y`", "x y", "{{ x }}", "x\\'y", "../x", "x#y"]


@pytest.mark.parametrize(("kind", "option"), TEXT_OPTIONS)
def test_an_option_of_a_kind_changes_no_program_and_no_configuration(kind: str, option: str) -> None:
    keys = {"kind": kind, **EXTRA.get(kind, {})}
    if not KINDS[kind].body["image"]:
        keys["image"] = "app:1"
    for attack in ATTACKS:
        try:
            found = parcel({"db": {"kind": "postgres"}, "it": {**keys, option: attack}})
        except ValueError:
            continue
        # The text of a variable is quoted by its own function.
        other = [text for name, text in found.files.items() if not name.startswith("env/")]
        settings = {**found.services["it"]["settings"], "environment": {}}
        assert attack not in json.dumps([other, list(found.mounted.values()), settings]), attack
