"""Strategies that draw projects over the whole Compose schema: every key in each notation, in every place it can be.

What is drawn shrinks to a few services with a few keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from tests.support.differential import env_texts, examples
from tests.support.differential.examples import Example
from tests.support.differential.projects import File, Project

_NAMES = ("web", "api_x", "Worker.One", "a-b", "x")
#: Keys of which a service has one at most. Compose refuses two of them, or two values that differ.
_EXCLUSIVE = (
    {"network_mode", "networks"},
    {"scale", "deploy", "cpus", "mem_limit", "mem_reservation", "pids_limit", "container_name"},
    {"provider", "build"},
)
#: A whole scalar in a flow collection, or a key whose value is one.
_SCALAR = re.compile(r"(?:(?<=[\[{,:] )|(?<=[\[{])|^)([A-Za-z][A-Za-z0-9./_-]*|[1-9][0-9]*)(?=[,\]}]|$)")
#: How a variable with a value is written. ``V`` is its name.
_REFERENCES = ("${V}", "$V", "${V:-other}", "${V-other}", "${NOPE:-${V}}", "${NOPE-$V}", "${V:+${V}}", "${V:?needed}")


@st.composite
def projects(draw: st.DrawFn) -> Project:
    """Draw a project that Compose may accept, of one to three files."""
    newest = draw(st.integers(0, 3)) == 3
    names = draw(st.lists(st.sampled_from(_NAMES), min_size=1, max_size=4, unique=True))
    variables: dict[str, str] = {}
    others = {**examples.FILES, **{f"sub/{path}": text for path, text in examples.FILES.items() if "/" not in path}}
    others |= {f"sub/conf/{name}": examples.FILES[f"conf/{name}"] for name in ("app.conf", "run.sh")}
    first = {name: _keys(draw, newest, variables) for name in names}
    for keys in first.values():
        _add_base(draw, keys, newest, others, variables)
    top = {**examples.TOP, **({"models": "{llm: {model: ai/x}}"} if newest else {}), **_top(draw, newest)}
    shared = draw(_shared(newest)) if draw(st.booleans()) else {}
    if shared:
        top = {"x-shared": f"&shared {_flow(shared)}", **top}
        for name in draw(st.lists(st.sampled_from(names), unique=True)):
            first[name] = {"<<": "*shared", **first[name]}
    if draw(st.integers(0, 4)) == 4:
        others["sub/inc.yml"] = File(
            {"inc": _keys(draw, newest, variables)}, draw(st.sampled_from(({}, _SMALL_TOP)))
        ).text()
        top["include"] = draw(st.sampled_from([one.text for one in examples.load("top") if one.key == "include"]))
    files = [File({**examples.BASE, **_sane(first)}, top)]
    for _index in range(draw(st.integers(0, 2))):
        files.append(_over(draw, files[0], newest, variables))
    others[".env"] += "".join(f"{name}='{value}'\n" for name, value in variables.items())
    others["web.env"] += draw(env_texts.texts())
    return Project(tuple(files), others)


#: What an included file may declare itself: the second is equal in the file that includes it, the third is not.
_SMALL_TOP = {"networks": "{own: {}}", "volumes": "{own: {name: z}}"}


def _keys(draw: st.DrawFn, newest: bool, variables: dict[str, str]) -> dict[str, str]:
    """Draw the keys of a service."""
    chosen = draw(st.lists(st.sampled_from(_values(newest)), max_size=7, unique_by=lambda one: one.key))
    keys = {"image": "app:1", **{one.key: one.text for one in chosen}}
    return {key: _interpolated(draw, text, variables) for key, text in keys.items()}


def _values(newest: bool) -> list[Example]:
    return [one for one in examples.load("service") if newest or not one.newest_only]


@st.composite
def invalid_projects(draw: st.DrawFn) -> Project:
    """Draw a project of one service that has one value of another type than its key needs, or with a fault in it."""
    if draw(st.integers(0, 5)) == 5:
        others = {
            **examples.FILES,
            draw(st.sampled_from((".env", "web.env"))): draw(st.sampled_from(env_texts.DOUBTFUL)),
        }
        services = {"web": {"image": "app:1", "env_file": "web.env"}}
        return Project((File(services),), others)
    one = draw(st.sampled_from(_values(True)))
    wrong = draw(st.sampled_from(_WRONG))
    scalars = list(_SCALAR.finditer(one.text))
    if "\n" in one.text or not scalars or draw(st.booleans()):
        text = wrong
    else:
        match = draw(st.sampled_from(scalars))
        text = f"{one.text[: match.start()]}{wrong}{one.text[match.end() :]}"
    services = {**examples.BASE, "web": {"image": "app:1", one.key: text}}
    return Project(
        (File(services, {**examples.TOP, "models": "{llm: {model: ai/x}}"} if one.newest_only else examples.TOP),)
    )


_WRONG = ("{a: b}", "[a, b]", "[{a: b}]", "true", "7", "-1", "2.5", "text", '""', "null", "[[a]]", '"${x"', "{a: [b]}")


def _interpolated(draw: st.DrawFn, text: str, variables: dict[str, str]) -> str:
    """Replace a scalar of a value with a variable that has it."""
    scalars = [match for match in _SCALAR.finditer(text) if match[1] not in ("null", "true", "false", "no", "yes")]
    if not scalars or "\n" in text or draw(st.integers(0, 5)) != 5:
        return text
    match = draw(st.sampled_from(scalars))
    name = f"V{len(variables)}"
    variables[name] = match[1]
    reference = draw(st.sampled_from(_REFERENCES)).replace("V", name)
    return f'{text[: match.start()]}"{reference}"{text[match.end() :]}'


def _shared(newest: bool) -> st.SearchStrategy[dict[str, str]]:
    values = [one for one in _values(newest) if "\n" not in one.text and one.key not in ("extends", "image")]
    chosen = st.lists(st.sampled_from(values), min_size=1, max_size=3, unique_by=lambda one: one.key)
    return chosen.map(lambda found: {one.key: re.sub("@[0-9]", "7", one.text) for one in found})


def _flow(keys: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {text}" for key, text in keys.items()) + "}"


def _add_base(
    draw: st.DrawFn, keys: dict[str, str], newest: bool, others: dict[str, str], variables: dict[str, str]
) -> None:
    """Let a service extend another one, sometimes in another directory that has files of the same names."""
    if draw(st.integers(0, 4)) != 4:
        return
    path = draw(st.sampled_from(("sub/gen.yml", "gen.yml")))
    base = {key: text for key, text in _keys(draw, newest, variables).items() if key not in ("extends", "image")}
    base = {**base, **draw(st.sampled_from(({}, {"extends": "{file: base.yml, service: base}"})))}
    others["base.yml"] = examples.FILES["sub/base.yml"].replace("../", "").replace("more.env", "web.env")
    others[path] = File({"gen": _sane({"gen": base})["gen"]}).text()
    keys["extends"] = f"{{file: {path}, service: gen}}"
    if draw(st.booleans()):
        keys.pop("image")
        others[path] = File({"gen": {"image": "gen:1", **_sane({"gen": base})["gen"]}}).text()


def _top(draw: st.DrawFn, newest: bool) -> dict[str, str]:
    values = [one for one in examples.load("top") if one.key != "include" and (newest or not one.newest_only)]
    return {one.key: one.text for one in draw(st.lists(st.sampled_from(values), max_size=2))}


def _over(draw: st.DrawFn, first: File, newest: bool, variables: dict[str, str]) -> File:
    """Draw a file that is merged over others: keys of their services, some of them replaced or removed."""
    services: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from([*first.services, "late"]), max_size=3, unique=True)):
        keys = _keys(draw, newest, variables)
        if name in first.services:
            keys.pop("image")
            again = draw(st.lists(st.sampled_from([*first.services[name]]), max_size=3, unique=True))
            texts = [(key, [one.text for one in _values(newest) if one.key == key]) for key in again]
            keys |= {key: draw(st.sampled_from(found)) for key, found in texts if found and key != "extends"}
        # A service can extend one of its own file only.
        extends = "{file:" if name in first.services else "{"
        keys = {key: text for key, text in keys.items() if key != "extends" or text.startswith(extends)}
        services[name] = {key: draw(_tags(text)) for key, text in keys.items()}
    services = _sane({name: {**first.services.get(name, {}), **keys} for name, keys in services.items()}, services)
    return File(services, draw(st.sampled_from(({}, _top(draw, newest)))))


def _tags(text: str) -> st.SearchStrategy[str]:
    tagged = ["!override " + text, "!reset null", "!reset []"] if "\n" not in text else []
    return st.sampled_from([text] * 5 + tagged)


def _sane(services: Mapping[str, Mapping[str, str]], kept: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return services without the keys that exclude an earlier one. :param kept: the keys that are returned."""
    result: dict[str, dict[str, str]] = {}
    for name, keys in services.items():
        out = {key for group in _EXCLUSIVE for key in [key for key in keys if key in group][1:]}
        result[name] = {key: text for key, text in (kept or services)[name].items() if key not in out}
    return result
