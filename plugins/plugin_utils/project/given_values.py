"""The values of variables that a repository gives: in ``.env``, or in the example of a file that is not in git.

Place in the pipeline: project; reads files on the controller.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import env_file
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.yaml_parser import Budget, Unreadable
from ansible_collections.slipway.stack.plugins.plugin_utils.project.tree import Tree

#: What the example of an env file is called, beside it.
_EXAMPLES = (
    "{}.example",
    "{}.sample",
    "{}.template",
    "{}.dist",
    "example{}",
    "{}-example",
    "{}.default",
    "{}.defaults",
)


@dataclass(frozen=True)
class GivenValue:
    """A value as the repository gives it. ``file`` and ``line``: where. ``is_example``: the file is an example."""

    text: str = field(repr=False)
    file: str
    line: int
    is_example: bool = False

    @property
    def place(self) -> str:
        """Where the value is."""
        return f"{self.file}:{self.line}"


def of_file(tree: Tree, path: str) -> dict[str, GivenValue]:
    """Return the variables of an env file by name, or those of its example; none if there is neither.

    :param path: in the repository; the file need not exist.
    :raises ValueError: if there are more than can be read.
    """
    found = next((name for name in _names(path) if name in tree.files), "")
    if not found:
        return {}
    text = tree.text(found)
    surroundings = env_file.Surroundings({}, env_file.empty, _ignore, found, Budget())
    try:
        variables = env_file.parse(text, surroundings)
    except Unreadable as error:
        raise ValueError(str(error)) from None
    return {name: GivenValue(one.value, found, one.line, found != path) for name, one in variables.items()}


def _names(path: str) -> list[str]:
    folder, slash, name = path.rpartition("/")
    lead = f"{folder}{slash}"
    # `.env.production` has an example of its own, or that of `.env`.
    stem = f".{name.split('.')[1]}" if name.startswith(".") and name.count(".") > 1 else name
    return [path, *(f"{lead}{form.format(one)}" for one in dict.fromkeys([name, stem]) for form in _EXAMPLES)]


def _ignore(line: int, name: str, problem: str) -> None:
    """What Compose refuses in the file is said when the description is made."""
