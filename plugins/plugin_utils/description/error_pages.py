"""The pages of the edge for its own errors, as people write them.

Place in the pipeline: description, under ``schema``. Pure. The controller has read the directory already.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.plugin_utils.description import notations

#: The errors that have a page, by status: what people and programs read of each.
ERRORS = {
    413: ("Too large", "What you sent is larger than this server accepts. Send less, or a smaller file."),
    421: ("Unknown address", "This server does not answer to that name. Check the address."),
    429: ("Too many requests", "You asked more often than this server allows. Wait a moment, then try again."),
    502: ("No answer", "The application does not answer at the moment. Try again in a minute."),
    503: ("Not available", "The application is not available at the moment. Try again in a minute."),
    504: ("No answer in time", "The application needed too long for its answer. Try again in a minute."),
}
#: The page during maintenance, whose status is 503, and what people and programs read of it.
MAINTENANCE = "maintenance"
CLOSED = ("Maintenance", "This site is closed for maintenance. Try again later.")
#: The page for every error that has none of its own.
COMMON = "error.html"
_MAX_BYTES = 64 * 1024


def pages(value: object) -> dict[str, str]:
    """Return the texts of pages by the name of their file, ``STATUS.html``, ``maintenance.html`` or ``error.html``.

    :param value: ``{"directory": {NAME: TEXT}}``, or an empty mapping.
    :raises ValueError: for a file that is no page of an error, or that is too large.
    """
    if value == {}:
        return {}
    files = value.get("directory") if isinstance(value, Mapping) else None
    if not isinstance(files, Mapping):
        raise ValueError(f"{value!r} does not name a directory; write {{src: DIRECTORY}} with files such as 502.html")
    known = [*(f"{name}.html" for name in (*ERRORS, MAINTENANCE)), COMMON]
    for name, text in files.items():
        if name not in known:
            raise ValueError(f"{name!r} is no page of an error; valid names: {', '.join(known)}")
        if not isinstance(text, str):
            raise ValueError(f"{name!r} is not text")
        notations.check_text(text)
        if len(text.encode()) > _MAX_BYTES:
            raise ValueError(f"{name!r} is larger than {_MAX_BYTES // 1024} kB; let it refer to pictures elsewhere")
    return dict(files)
