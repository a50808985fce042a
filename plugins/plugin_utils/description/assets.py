"""Files named by their content, which pages of earlier releases still ask for: where they are in an image.

Place in the pipeline: describe -> model. Pure. The host keeps them (``assets`` in ``module_utils``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import schema
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Assets
from ansible_collections.slipway.stack.plugins.plugin_utils.description.routes import FOLDER
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field

FIELDS = {
    "path": Field("str", "path that they are asked for below", required=True),
    "directory": Field("str", "directory in the image that has them", required=True),
}


def read(where: str, given: object, default: Mapping[str, Any]) -> Assets | None:
    """Return the assets that a service says it has, or else its kind; ``None`` where there are none.

    :param given: ``None`` where the service says nothing; empty where it has none in spite of its kind.
    :param default: the same by its kind.
    :raises ValueError: naming the key.
    """
    chosen = default if given is None else given
    if not chosen:
        return None
    values = schema.read(chosen, FIELDS, f"{where}, key 'assets'")
    path, directory = f"/{values['path'].strip('/')}", values["directory"].rstrip("/")
    if not (values["path"].startswith("/") and FOLDER.fullmatch(path) and FOLDER.fullmatch(directory)):
        raise ValueError(
            f"{where}: key 'assets': 'path' and 'directory' are absolute, such as /assets/ and /srv/www/assets, not "
            f"{values['path']!r} and {values['directory']!r}"
        )
    return Assets(f"{path}/", directory, given is not None)
