"""The file `.env.example`: each variable of `.env` with its meaning and its default.

Place in the pipeline: compose -> bundle. Pure.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from ansible_collections.slipway.stack.plugins.plugin_utils.description import dotenv
from ansible_collections.slipway.stack.plugins.plugin_utils.description.secret_text import SecretFile

_HEADER = """\
Every variable of the file .env beside this one, which is what docker compose reads; written by slipway.stack.
What the services themselves are told is in env/.

"""
_MEANINGS = {
    "COMPOSE_PROJECT_NAME": "Start of the names of containers, networks and volumes. Another one is another stack.",
    "COMPOSE_FILE": "The files that make up the stack, each laid over those before it: base, overlay of the "
    "environment, images by digest.",
    "COMPOSE_PATH_SEPARATOR": "What stands between the names in COMPOSE_FILE.",
}


def dump(fixed: Mapping[str, str], secret_files: Iterable[SecretFile]) -> str:
    """Return the text of the file.

    :param fixed: the variables whose values follow from the description, as in `.env`.
    :param secret_files: the files of the secret store, once for each use; the host adds their addresses.
    """
    variables = dict(fixed)
    comments = {name: f"{_MEANINGS[name]} Default: {value}" for name, value in fixed.items()}
    files = {file.variable: file for file in secret_files}
    for _variable, file in sorted(files.items()):
        variables[file.variable] = ""
        reader = "Compose itself" if file.uid == 0 else f"uid {file.uid}"
        comments[file.variable] = (
            f"Address of the file secrets/{file.uid}/{file.name}.ADDRESS, which {reader} reads. It follows from the "
            f"content, which cannot be told from it. No default: the host writes it."
        )
    return dotenv.dump(variables, _HEADER, {name: textwrap.fill(text, 110) for name, text in comments.items()})
