"""Pages for errors of the edge, as people write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.controller import inventory
from ansible_collections.slipway.stack.plugins.plugin_utils.rendering import edge, error_pages

from tests.support.descriptions import example, model
from tests.support.errors import error_of

WHERE = "service 'edge': key 'error_pages': "


def test_the_pages_are_files_of_a_directory_next_to_the_inventory(tmp_path: Path) -> None:
    (tmp_path / "errors").mkdir()
    (tmp_path / "errors/502.html").write_text("<p>{status} {request_id} $5</p>\n")
    (tmp_path / "errors/error.html").write_text("<p>{status}</p>")
    written = inventory.with_contents("edge", example()["edge"] | {"error_pages": {"src": "errors"}}, tmp_path)
    service = model({**example(), "edge": written}).edge
    assert service is not None
    found = {page.status: page.html for page in error_pages.of(service)}
    assert found[502] == (r'"<p>502 ${slipway_request_id} ${slipway_dollar}5</p>\n"',)
    assert {found[status] for status in found if status != 502} == {
        (f'"<p>{status}</p>"',) for status in (413, 421, 429, 503, 504)
    }


def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    message = error_of(inventory.with_contents, "edge", {"error_pages": {"src": "errors"}}, tmp_path)
    assert message.startswith("service 'edge', key 'error_pages': errors: ")


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("errors", "'errors' does not name a directory; write {src: DIRECTORY} with files such as 502.html"),
        (
            {"source": "x"},
            "{'source': 'x'} does not name a directory; write {src: DIRECTORY} with files such as 502.html",
        ),
        (
            {"directory": {"404.html": ""}},
            (
                "'404.html' is no page of an error; valid names: 413.html, 421.html, 429.html, 502.html, 503.html, "
                "504.html, maintenance.html, error.html"
            ),
        ),
        (
            {"directory": {"502.html": "x" * 70_000}},
            "'502.html' is larger than 64 kB; let it refer to pictures elsewhere",
        ),
        (
            {"directory": {"502.html": "\0"}},
            r"'\x00' contains a NUL character, which no text here can have; remove it",
        ),
    ],
)
def test_what_is_no_page_is_refused(given: Any, problem: str) -> None:
    assert error_of(model, example(edge={"error_pages": given})) == WHERE + problem


def test_traefik_has_no_pages() -> None:
    stack = model(example(edge={"kind": "traefik", "error_pages": {"directory": {"502.html": "x"}}}))
    assert error_of(edge.files, stack) == (
        f"{WHERE}Traefik cannot tell its own errors from those of an application; remove the key, or use an edge "
        "of kind nginx"
    )


def test_no_parameter_is_too_long_for_nginx() -> None:
    text = "".join(f'"$ {{request_id}}\\ größe {number}\n' for number in range(2000))
    service = model(example(edge={"error_pages": {"directory": {"error.html": text[:40_000]}}})).edge
    assert service is not None
    for page in error_pages.of(service):
        assert all(len(piece.encode()) < 4000 for piece in page.html)
        joined = "".join(piece[1:-1] for piece in page.html)
        assert joined.count("${slipway_request_id}") == text[:40_000].count("{request_id}")
