"""The templates and scripts of this collection.

Place in the pipeline: used by the modules that write text rather than data, such as ``nginx`` and ``dockerfiles``.
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

import jinja2
from ansible_collections.slipway.stack.plugins.module_utils.state import quoting
from ansible_collections.slipway.stack.plugins.plugin_utils.description import secret_text
from ansible_collections.slipway.stack.plugins.plugin_utils.description.units import duration_text

FOLDER = Path(__file__).parent / "templates"


def text(name: str) -> str:
    """Return a file without templating it, by its path below ``templates``."""
    return (FOLDER / name).read_text(encoding="utf-8")


@functools.lru_cache
def template(name: str) -> jinja2.Template:
    """Return a template by its path below ``templates``.

    Its filters are ``time``, seconds as nginx writes them; ``nginx`` and ``nginx_pattern``, a text and a regular
    expression as one parameter of nginx; ``variable``, a header as a part of the name of a variable of nginx;
    ``literal``, a text
    as a regular expression; ``secret_path``, the path of a secret in a container; and ``exec``, a command as JSON.
    """
    return _environment().get_template(name)


@functools.lru_cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters["time"] = duration_text
    environment.filters["nginx"] = quoting.nginx_string
    environment.filters["nginx_pattern"] = quoting.nginx_pattern
    environment.filters["literal"] = re.escape
    environment.filters["secret_path"] = secret_text.path
    environment.filters["variable"] = lambda header: header.lower().replace("-", "_")
    environment.filters["exec"] = functools.partial(json.dumps, ensure_ascii=False)
    return environment
