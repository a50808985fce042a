"""The rules file on the controller: read within limits, and the proposal of a first one, which replaces nothing.

Place in the pipeline: controller, first in a refresh.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import regular_file, yaml_parser
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.yaml_parser import Unreadable
from ansible_collections.slipway.stack.plugins.plugin_utils.refresh import proposal, rules
from ansible_collections.slipway.stack.plugins.plugin_utils.refresh.rules import RulesError


def read(path: Path) -> dict[str, Any]:
    """Return the rules of a file in the shape that the server reads.

    :raises RulesError: naming the file and the first fault: it is not there, no YAML, has a key twice, or a rule is
        wrong.
    """
    try:
        documents = yaml_parser.parse(regular_file.read_text(path), str(path))
    except Unreadable as error:
        raise RulesError(str(error)) from None
    if len(documents) != 1:
        raise RulesError(f"{path}: it has {len(documents)} documents; it must have one, with the key tables")
    try:
        return rules.normalise(documents[0])
    except RulesError as error:
        raise RulesError(f"{path}: {error}") from None


def propose(path: Path, schema: Sequence[Mapping[str, Any]]) -> int:
    """Write a first rules file, and return the number of columns that a person must decide.

    :param schema: the tables, as production's host reports them.
    :raises RulesError: if the file exists or cannot be written.
    """
    text = proposal.propose(schema)
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise RulesError(f"{path} exists and is not overwritten; give the proposal another name") from None
    except OSError as error:
        raise RulesError(f"{path} cannot be written: {error.strerror}") from None
    return proposal.undecided(text)
