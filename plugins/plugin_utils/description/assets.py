"""The key ``assets``: files named by their content, which open pages of earlier releases still request.

Place in the pipeline: description, under ``completion``. Pure. The host keeps the files (``edge/assets``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import schema
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Assets
from ansible_collections.slipway.stack.plugins.plugin_utils.description.routes import FOLDER
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field

FIELDS = {
    "path": Field("str", "prefix of the files in URLs", required=True),
    "directory": Field("str", "directory of the files in the image", required=True),
}


def read(where: str, given: object, default: Mapping[str, Any]) -> Assets | None:
    """Return the assets of a service; ``None`` if it has none.

    :param given: as the service describes them: ``None`` takes the kind's, an empty mapping means none.
    :param default: the kind's.
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
