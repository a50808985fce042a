"""What a run of ansible-playbook selects: hosts by pattern and ``--limit``, tasks by their tags and names.

Ansible itself skips what selects nothing, and exits with code 0.

Place in the pipeline: before describe; used by the lookup ``hosts``, before a play starts.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook import Playbook
from ansible.playbook.block import Block
from ansible.playbook.play import Play
from ansible.playbook.task import Task
from ansible.utils.display import Display
from ansible.vars.manager import VariableManager
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import placement
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import suggestion

#: Words that ``--tags`` and ``--skip-tags`` take in addition to tags.
_SPECIAL_TAGS = frozenset({"all", "always", "never", "tagged", "untagged"})
#: The pattern of a play in which nobody has set ``stack_hosts``.
_USUAL_GROUP = "stack"
_COLLECTION = "slipway.stack."
_OUR_PLAYBOOKS = Path(__file__).resolve().parents[3] / "playbooks"

display = Display()


def check_hosts(pattern: str, variables: Mapping[str, Any], playbooks: Sequence[str]) -> None:
    """Check that a play has hosts.

    With ``--limit``, one of several plays may have none; then this is a warning.

    :param variables: those of the play; ``groups`` and what Ansible says about its command line count.
    :param playbooks: the playbooks of the command line.
    :raises ValueError: with what the inventory has.
    """
    groups: Mapping[str, list[str]] = variables.get("groups") or {}
    limit = variables.get("ansible_limit")
    manager = placement.inventory_of(groups)
    matched = [host.name for host in manager.get_hosts(pattern)]
    if not matched:
        raise ValueError(_no_hosts(pattern, groups, variables.get("ansible_inventory_sources") or ()))
    manager.subset(limit)
    if limit and not manager.get_hosts(pattern):
        sentence = f"--limit {limit} leaves no host of {pattern!r}, which has {_listed(matched)}"
        plays = _plays(playbooks)
        if plays is not None and len(plays) == 1:
            raise ValueError(sentence)
        display.warning(sentence)


def _no_hosts(pattern: str, groups: Mapping[str, list[str]], sources: Iterable[str]) -> str:
    if not groups.get("all"):
        given = ", ".join(sources)
        found = f"the inventory {given} has no hosts" if given else "there is no inventory"
        return f"{found}; give one that has the servers, such as -i inventories/production"
    if pattern in groups:
        return f"the group {pattern!r} of the inventory has no hosts"
    named = sorted(name for name, hosts in groups.items() if hosts and name not in ("all", "ungrouped"))
    hint = suggestion(pattern, [*named, *groups["all"]])
    if not hint.startswith("; did you mean"):
        # An inventory may have hundreds of hosts.
        hint = f"; groups: {_listed(named)}" if named else "; it has no groups"
        if pattern == _USUAL_GROUP:
            return f"the inventory has no group {pattern!r}; name the group of the stack with -e stack_hosts=NAME{hint}"
    return f"stack_hosts: no host of the inventory matches {pattern!r}{hint}"


def check_tags(variables: Mapping[str, Any], playbooks: Sequence[str]) -> None:
    """Check that ``--tags`` and ``--skip-tags`` leave a task of the playbooks, and that our playbooks have the tags.

    A tag of another playbook may be on a task that is included when the playbook runs, so it is not checked alone.

    :raises ValueError: with the tags that there are.
    """
    only = set(variables.get("ansible_run_tags") or ["all"])
    skipped = set(variables.get("ansible_skip_tags") or [])
    if only == {"all"} and not skipped:
        return
    plays = _plays(playbooks)
    if plays is None:
        return
    tasks = [task for play in plays for task in _tasks(play)]
    known = sorted({str(tag) for task in tasks for tag in task.tags} - _SPECIAL_TAGS)
    if all(_is_ours(playbook) for playbook in playbooks):
        for option, tags in _options(only, skipped):
            for tag in sorted(tags - _SPECIAL_TAGS - set(known)):
                hint = suggestion(tag, known) or "; it has no tags"
                # Tools such as molecule skip tags of their own everywhere.
                if option == "--skip-tags" and not hint.startswith("; did you mean"):
                    continue
                raise ValueError(f"{option}: no task of {_listed(playbooks)} has the tag {tag!r}{hint}")
    # A task with the tag `always` runs along with others.
    if "always" not in only and all("always" in task.tags for task in tasks if _runs(task, only, skipped)):
        given = " ".join(f"{option} {','.join(sorted(tags))}" for option, tags in _options(only, skipped))
        raise ValueError(f"{given} leaves no task of {_listed(playbooks)}; its tags: {_listed(known) or 'none'}")


def check_first_task(name: str | None, playbooks: Sequence[str]) -> None:
    """Check that the playbooks have the task that ``--start-at-task`` names. :raises ValueError: with those they have.

    Like Ansible, this does not find a task that is included when the playbook runs.
    """
    plays = _plays(playbooks) if name else None
    if not name or plays is None:
        return
    names = [str(one) for play in plays for task in _tasks(play) for one in (task.name, task.get_name()) if one]
    if not fnmatch.filter(names, name) and name not in names:
        hint = suggestion(name, [str(task.name) for play in plays for task in _tasks(play) if task.name])
        raise ValueError(f"--start-at-task: no task of {_listed(playbooks)} is called {name!r}{hint}")


def _runs(task: Task, only: set[str], skipped: set[str]) -> bool:
    try:
        return bool(task.evaluate_tags(only, skipped, {}))
    except AnsibleError:
        # A tag that is a template.
        return True


def _options(only: set[str], skipped: set[str]) -> Iterator[tuple[str, set[str]]]:
    if only != {"all"}:
        yield "--tags", only
    if skipped:
        yield "--skip-tags", skipped


def _listed(names: Iterable[str], most: int = 10) -> str:
    """Return the first names as a list in a sentence."""
    every = list(names)
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")


def _plays(playbooks: Sequence[str]) -> list[Play] | None:
    """Return the plays of the command line's playbooks; ``None`` if one of them cannot be read before it runs."""
    loader = DataLoader()
    variables = VariableManager(loader=loader)
    try:
        return [
            play
            for playbook in playbooks
            for play in Playbook.load(str(_path(playbook)), variable_manager=variables, loader=loader).get_plays()
        ]
    except AnsibleError:
        return None


def _path(playbook: str) -> Path:
    """Return the path of a playbook, also of one of ours by its name, such as ``slipway.stack.deploy``."""
    name = playbook.removeprefix(_COLLECTION)
    return Path(playbook) if name == playbook or Path(playbook).exists() else _OUR_PLAYBOOKS / f"{name}.yml"


def _is_ours(playbook: str) -> bool:
    return _path(playbook).resolve().parent == _OUR_PLAYBOOKS


def _tasks(play: Play) -> Iterator[Task]:
    for block in play.compile():
        yield from _tasks_of(block)


def _tasks_of(block: Block) -> Iterator[Task]:
    for entry in [*block.block, *block.rescue, *block.always]:
        if isinstance(entry, Block):
            yield from _tasks_of(entry)
        elif entry.action not in constants._ACTION_META:
            yield entry
