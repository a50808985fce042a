"""The key ``build``: how the image of a service is built.

Place in the pipeline: description, under ``completion``. Pure.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.slipway.stack.plugins.plugin_utils.description import schema
from ansible_collections.slipway.stack.plugins.plugin_utils.description.fields import BUILD_FIELDS
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Build
from ansible_collections.slipway.stack.plugins.plugin_utils.description.schema import Field


def build(where: str, given: dict[str, Any] | None, image: str | None) -> Build | None:
    """Return how the service's image is built, ``None`` if it is not.

    :param image: the reference that the description itself gives.
    :raises ValueError: naming *where* and the key, for a build that is not valid, or an image that cannot be built.
    """
    if given is None:
        return None
    values = schema.read(given, BUILD_FIELDS, f"{where}, key 'build'")
    if not image:
        raise ValueError(f"{where}: key 'build': key 'image' is missing; set the reference that the built image gets")
    if "@" in image or ":" not in image.rpartition("/")[2]:
        raise ValueError(
            f"{where}: key 'build': key 'image': {image!r} must be a reference with a tag and without a digest"
        )
    arguments = {str(name): Field("str", "value") for name in values["args"]}
    return Build(
        context=values["context"],
        dockerfile=values["dockerfile"],
        target=values["target"],
        args=schema.read(values["args"], arguments, f"{where}, key 'build.args'"),
        platforms=tuple(str(platform) for platform in values["platforms"]),
    )
