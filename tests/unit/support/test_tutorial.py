"""The parts of the page docs/tutorial.md, and how what it shows is compared with what is printed."""

from __future__ import annotations

import pytest

from tests.support import tutorial
from tests.support.tutorial import Step


def test_a_page_becomes_steps() -> None:
    page = "# A\n\n```sh\nls\n```\n\n```text\n…\nfatal: no\n```\n\n```yaml\n# a/b.yml\nx: 1\n```\n"
    assert tutorial.steps(page) == [
        Step("sh", "ls\n", 3, output="…\nfatal: no\n"),
        Step("file", "# a/b.yml\nx: 1\n", 12, "a/b.yml"),
    ]
    assert [step.fails for step in tutorial.steps(page)] == [True, False]


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("```\nls\n```\n", "line 1: a block of the language ''"),
        ("```console\nls\n```\n", "line 1: a block of the language 'console'"),
        ("```text\nls\n```\n", "line 1: an output follows a command"),
        ("```sh\nls\n```\n```text\na\n```\n```text\na\n```\n", "line 7: an output follows a command"),
        ("```yaml\nx: 1\n```\n", "line 1: the first line of a file is a comment with its path"),
        ("a\n\n    ls\n", "line 3: an indented block"),
        ("```sh\nls\n", "line 1: the block has no end"),
    ],
)
def test_a_block_of_no_known_sort_is_refused(page: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem.replace("(", r"\(")):
        tutorial.steps(page)


PRINTED = """\
PLAY [Deploy] ****

\x1b[32mshop1   3.0 s  release 20261128T151547Z-fb28c60d is live\x1b[0m
  ok  db     1 of 1 healthy  since 2026-11-28T15:15:51Z
  ok  redis  1 of 1 healthy  since 2026-11-28T15:15:51Z
end
"""


@pytest.mark.parametrize(
    ("shown", "missing"),
    [
        ("…", ""),
        ("…\nend", ""),
        ("PLAY [Deploy] ****\n…", ""),
        ("…\nshop1 19.5 s release 20270101T000000Z-00000000 is live\n…", ""),
        ("…\n ok db 1 of 1 healthy since 2027-01-01T00:00:00Z\n ok  redis …\n…", ""),
        ("…\n… db …\n…\nend", ""),
        # Not the whole output.
        ("", "the end"),
        ("end", "end"),
        ("…\nok db …", "ok db …"),
        ("PLAY [Deploy] ****", "PLAY [Deploy] ****"),
        # Not there, in another order, or with something between.
        ("…\nok db 2 of 2 …\n…", "ok db 2 of 2 …"),
        ("…\nok redis …\n…\nok db …\n…", "ok db …"),
        ("…\nPLAY …\nok db …\n…", "PLAY …\nok db …"),
        ("…\nshop1 3.0 s release x is live\n…", "shop1 3.0 s release x is live"),
    ],
)
def test_what_is_shown_is_compared_with_what_is_printed(shown: str, missing: str) -> None:
    assert tutorial.difference(shown, PRINTED) == missing


def test_a_duration_without_a_fraction_is_one_too() -> None:
    assert tutorial.difference("deploy 23.7 s ok", "deploy 12 s ok") == ""
    assert tutorial.difference("deploy 23.7 s ok", "deploy s ok") != ""


def test_two_sorts_of_answers_are_not_one() -> None:
    assert tutorial.difference("… 200\n", "  312 200\n") == ""
    assert tutorial.difference("… 200\n", "  1 000\n  312 200\n") != ""
    assert tutorial.difference("… 200\n", "") != ""
