"""What a person has to decide, and the values that the inventory gets until then.

Place in the pipeline: project. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

HOSTS, ENVIRONMENT, STACK, VAULT = (
    "hosts.yml",
    "group_vars/stack/environment.yml",
    "group_vars/stack/stack.yml",
    "group_vars/stack/vault.yml",
)


@dataclass(frozen=True)
class Decision:
    """A line of the inventory that a person has to write or to check.

    ``file``: one of the constants here. ``anchor``: the beginning of the line that it is about, without indentation.
    ``what``: a sentence. ``write``: the line that would be right, with an example value if nobody can know it.
    ``source``: the file and line of the repository that it comes from; empty if there is none. ``required``: without
    it, a deploy stops; otherwise there is a value that somebody should look at.
    """

    file: str
    anchor: str
    what: str
    write: str
    source: str = ""
    required: bool = True


@dataclass(frozen=True)
class Setting:
    """A variable in ``environment.yml``. ``value``: YAML; empty if a person has to write one. ``comment``: why."""

    name: str
    value: str
    comment: str = ""


def undecided(hint: str) -> str:
    """Return the YAML of a value that stops every run that needs it, and says what to write."""
    text = hint.replace("'", "").replace('"', "").replace("{", "(").replace("}", ")").replace("\\", "/")
    return f"\"{{{{ undef(hint='{text}') }}}}\""
