"""What nginx answers with an error of its own: a page, or JSON for a client that asks for JSON.

Place in the pipeline: model -> compose -> bundle, used by ``nginx``. Pure. The pages are texts in the configuration. As
files they would need other rules: nginx answers a POST to a file with 405.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
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
    """An answer. ``name``: its status, or ``maintenance``. ``html``: the page as parameters of nginx, one after the
    other. ``ours``: whether the description has none. ``json``: the other answer, as one parameter."""

    name: str
    status: int
    html: tuple[str, ...]
    ours: bool
    json: str


def of(edge: Service) -> list[ErrorPage]:
    """Return the answers of an edge."""
    given = error_pages.pages(edge.options.get("error_pages") or {})
    result = [_page(str(status), status, given, text) for status, text in error_pages.ERRORS.items()]
    return [*result, _page(error_pages.MAINTENANCE, 503, given, error_pages.CLOSED)]


def _page(name: str, status: int, pages: Mapping[str, str], texts: tuple[str, str]) -> ErrorPage:
    # Whoever has a page of their own for 503 and none for maintenance means that one.
    given = next(
        (pages[file] for file in (f"{name}.html", f"{status}.html", error_pages.COMMON) if file in pages), None
    )
    title, detail = texts
    html = given if given is not None else text("error.html").replace("{title}", title).replace("{detail}", detail)
    problem = {"status": status, "title": title, "detail": detail, "request_id": _REQUEST_ID}
    return ErrorPage(
        name,
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
        for written in (["${slipway_request_id}"] if number else []) + [_written(character) for character in part]:
            if len((pieces[-1] + written).encode()) > _PIECE:
                pieces.append("")
            pieces[-1] += written
    return [f'"{piece}"' for piece in pieces]


def _written(character: str) -> str:
    # nginx has no way to write a dollar sign but a variable that contains one.
    return "${slipway_dollar}" if character == "$" else quoting.nginx_pattern(character)[1:-1]
