"""What nginx answers with an error of its own: a page, or JSON for a client that asks for JSON.

Place in the pipeline: model -> compose -> bundle, used by ``nginx``. Pure. The pages are texts in the configuration. As
files they would need other rules: nginx answers a POST to a file with 405.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from ansible_collections.slipway.stack.plugins.module_utils.state import quoting
from ansible_collections.slipway.stack.plugins.plugin_utils.description import error_pages
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering.templating import text

#: What a page may contain: the id of the request, which is in the log too, and the status.
_REQUEST_ID, _STATUS = "{request_id}", "{status}"
#: Bytes of one parameter; nginx reads up to 4096.
_PIECE = 3500
#: What our page needs.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True)
class ErrorPage:
    """The answer for one status. ``html``: the page as parameters of nginx, one after the other. ``ours``: whether the
    description has none. ``json``: the other answer, as one parameter."""

    status: int
    html: tuple[str, ...]
    ours: bool
    json: str


def of(edge: Service) -> list[ErrorPage]:
    """Return the answers of an edge."""
    given = error_pages.pages(edge.options.get("error_pages") or {})
    return [
        _page(status, given.get(f"{status}.html") or given.get(error_pages.COMMON)) for status in error_pages.ERRORS
    ]


def _page(status: int, given: str | None) -> ErrorPage:
    title, detail = error_pages.ERRORS[status]
    html = given if given is not None else text("error.html").replace("{title}", title).replace("{detail}", detail)
    problem = {"status": status, "title": title, "detail": detail, "request_id": _REQUEST_ID}
    return ErrorPage(
        status,
        tuple(_parameters(html.replace(_STATUS, str(status)))),
        given is None,
        "".join(_parameters(json.dumps(problem) + "\n")),
    )


def _parameters(content: str) -> list[str]:
    """Return a text as parameters of nginx that are not too long, with the id of the request in place of its mark."""
    pieces = [""]
    # Between the marks, so that none is cut.
    for number, part in enumerate(content.split(_REQUEST_ID)):
        for written in (["${request_id}"] if number else []) + [_written(character) for character in part]:
            if len((pieces[-1] + written).encode()) > _PIECE:
                pieces.append("")
            pieces[-1] += written
    return [f'"{piece}"' for piece in pieces]


def _written(character: str) -> str:
    # nginx has no way to write a dollar sign but a variable that contains one.
    return "${slipway_dollar}" if character == "$" else quoting.nginx_pattern(character)[1:-1]
