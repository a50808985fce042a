from __future__ import annotations

import json
import re
import subprocess
from typing import Any

from tests.contracts.checkout import ROOT, load, tracked


def _documented(kind: str, names: list[str]) -> dict[str, Any]:
    """Return the output of ansible-doc for the plugins `names` of one kind, by fully qualified name."""
    if not names:
        return {}
    done = subprocess.run(
        ["ansible-doc", "--type", kind, "--json", *(f"slipway.stack.{name}" for name in names)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _names(directory: str) -> list[str]:
    return sorted(path.stem for path in (ROOT / "plugins" / directory).glob("[!_]*.py"))


def _faults(name: str, entry: dict[str, Any]) -> list[str]:
    doc = entry.get("doc") or {}
    faults = [f"{name}: lacks {key}" for key in ("short_description", "description", "options") if key not in doc]
    if not entry.get("examples"):
        faults.append(f"{name}: lacks EXAMPLES")
    if entry.get("return") is None:
        faults.append(f"{name}: lacks RETURN")
    faults += [f"{name}: option {key} lacks a type" for key, o in doc.get("options", {}).items() if not o.get("type")]
    return faults


def test_every_module_filter_and_lookup_is_documented() -> None:
    faults = []
    for kind, directory in (("module", "modules"), ("filter", "filter"), ("lookup", "lookup")):
        names = _names(directory)
        documented = _documented(kind, names)
        for name in names:
            faults += _faults(name, documented.get(f"slipway.stack.{name}", {}))
    assert faults == []


def test_every_action_has_the_module_that_documents_it() -> None:
    assert sorted(set(_names("action")) - set(_names("modules"))) == []


def test_a_module_that_only_actions_call_is_private() -> None:
    called = {name for path in tracked("plugins/action/*.py") for name in _called(path.read_text())}
    assert "_upload_release" in called
    assert sorted(name for name in called - set(_names("action")) if not name.startswith("_")) == []


def test_nobody_else_calls_a_private_module() -> None:
    others = tracked("roles/*.yml", "playbooks/*.yml", "examples/*.yml", "inventories/*.yml", "*.md")
    assert sorted(str(path) for path in others if re.search(r"slipway\.stack\._", path.read_text())) == []


def test_the_action_group_has_every_module_that_works_on_a_stack() -> None:
    documented = {name.removeprefix("slipway.stack."): one["doc"] for name, one in _all_documented().items()}
    group = load(ROOT / "meta/runtime.yml")["action_groups"]["stack"]
    assert sorted(group) == sorted(name for name, doc in documented.items() if "name" in doc["options"])
    assert sorted(group) == sorted(name for name, doc in documented.items() if "action_group" in doc["attributes"])


def _all_documented() -> dict[str, Any]:
    return _documented("module", _names("modules"))


def _called(text: str) -> list[str]:
    return re.findall(r'"slipway\.stack\.(\w+)"', text)
