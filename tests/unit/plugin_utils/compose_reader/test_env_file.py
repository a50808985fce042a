"""The parser of env files reads what both versions of Compose read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader import env_file
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.env_file import Surroundings
from ansible_collections.slipway.stack.plugins.plugin_utils.compose_reader.yaml_parser import Budget

from tests.support import odd_texts
from tests.support.real_compose import SUITES

OUTSIDE = {"X": "out$X", "EMPTY": "", "Y_1": "y"}
PARTS = [
    *"\"'#\\$${}=:=:.-_[] \t\n\n\r\0\v\x85\xa0+?/;&é日\ufeff\u2028",
    *["\r\n", " #", "export ", "export\t", "A", "B", "A=", "\nB=", "C: ", "1", "2FA", "word", "='", '="', "'\n", '"\n'],
    *["${X}", "$X", "${EMPTY:-", "${NO:-d}", "${NO-", "${A:+x}", "${NO:?", "${X:?m}", "}", "$$", " # c\n", "a b"],
    *["\\n", "\\$", '\\"', "\\'", "\\0101", "\\07", "\\c", "\\t", "\\x41", "A.b-C=", "A[0]="],
]
#: The engine refuses these variables: without a name, or with a NUL character.
BY_THE_ENGINE = ("no '='", "no name before", "NUL character")


def read(text: str, form: str = "") -> tuple[Mapping[str, str], list[tuple[int, str, str]]]:
    """Return the variables of a file, and what is refused in it: line, name and sentence."""
    refused: list[tuple[int, str, str]] = []
    surroundings = Surroundings(
        OUTSIDE, env_file.empty, lambda *problem: refused.append(problem), "app.env", Budget(10**7)
    )
    found = env_file.parse(text, surroundings, form)
    return {name: variable.value for name, variable in found.items()}, refused


def _check(suite: str, folder: Path, found: list[str], form: str = "", refusals: int = 20) -> None:
    """Check that Compose reads what we read in these files, and refuses what we refuse."""
    accepted = [text for text in found if not read(text, form)[1]]
    refused = [
        text
        for text in found
        if any(not any(words in problem[2] for words in BY_THE_ENGINE) for problem in read(text, form)[1])
    ]
    names = {}
    for number, text in enumerate([*accepted, *refused[:refusals]]):
        names[text] = f"{number}.env"
        (folder / f"{number}.env").write_text(text, encoding="utf-8", newline="")
    (folder / ".env").write_text("X='out$X'\nEMPTY=\nY_1=y\n")
    option = {"format": form} if form else {}
    services = {
        f"s{number}": {"image": "x", "env_file": [{"path": names[text], **option}]}
        for number, text in enumerate(accepted)
    }
    theirs = odd_texts.services_of(suite, folder, services)
    for number, text in enumerate(accepted):
        assert theirs[f"s{number}"].get("environment", {}) == read(text, form)[0], repr(text)
    alone = [{"image": "x", "env_file": [{"path": names[text], **option}]} for text in refused[:refusals]]
    assert [refused[number] for number in odd_texts.accepted_alone(suite, folder, alone)] == []
    assert min(len(accepted), len(refused)) > len(found) // 20


@pytest.mark.parametrize("suite", SUITES)
def test_compose_reads_the_same_in_texts_of_difficult_characters(suite: str, tmp_path: Path) -> None:
    _check(suite, tmp_path, odd_texts.texts(1, 1200, PARTS, 12))


@pytest.mark.parametrize("suite", SUITES)
def test_compose_reads_the_same_values(suite: str, tmp_path: Path) -> None:
    values = odd_texts.texts(2, 1000, PARTS, 8)
    _check(suite, tmp_path, [f"A={value}\nB=b\n" for value in values] + [f'A="{value}"\n' for value in values[:400]])


def test_the_newest_compose_reads_the_same_in_raw_files(tmp_path: Path) -> None:
    _check(SUITES[-1], tmp_path, odd_texts.texts(3, 400, PARTS, 10), "raw")


@pytest.mark.parametrize(
    ("line", "variables"),
    [
        ("TEXT_COLOR=#363636", {"TEXT_COLOR": "#363636"}),
        ("A= # c", {"A": "# c"}),
        ("A=a\t#b", {"A": "a\t#b"}),
        ("A=a #b", {"A": "a"}),
        ("QUOTED='it\\'s'", {"QUOTED": "it's"}),
        ("A='\\n' B=\"\\n\" # c", {"A": "\\n", "B": "\n"}),
        ("2FA_ISSUER=shop", {"2FA_ISSUER": "shop"}),
        ("a.b-c[0]=1\nClé: 2", {"a.b-c[0]": "1", "Clé": "2"}),
        ("\ufeffA=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("export A=1\nexport X\nX\nNOT_THERE\n", {"A": "1", "X": "out$X"}),
        ("A=1\nB=${A}$X\nX=in\nC=$X", {"A": "1", "B": "1out$X", "X": "in", "C": "out$X"}),
        ("A='one\ntwo'\nB=3", {"A": "one\ntwo", "B": "3"}),
        ('A="\\0101\\0\\c\\x41"', {"A": "A\\\\c\\x41"}),
        ("# A=1\n\n   # B=2\n", {}),
    ],
)
def test_a_file_is_read(line: str, variables: dict[str, str]) -> None:
    assert read(line) == (variables, [])


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ('A=1\nKEY="abc\nB=2', (2, "KEY", 'the value has no second "')),
        ("BAD NAME=1", (1, "BAD NAME", "the name has a space, or a '=' is missing")),
        ("some words\n", (1, "some words", "the name has a space")),
        ("A+=2", (1, "A", "'A+=2' is no assignment: a name cannot have '+'; write NAME=value")),
        ("REQ=${X_?set it}", (1, "REQ", "the variable X_ has no value, and '${X_?set it}' requires one")),
        (
            "A=${X:-${X_?no}}",
            (1, "A", "the variable X_ has no value, and '${X_?no}' requires one"),
        ),
        (
            "A=${X",
            (1, "A", "'${X' is not a valid reference to a variable; write ${NAME}, or $$ for a dollar sign"),
        ),
        ("NAME", (1, "NAME", "'NAME' has no '='; Compose reads it as a value without a name")),
        ("=1", (1, "", "there is no name before '='")),
        ("A=\0", (1, "A", "the value has a NUL character, which no variable can have")),
    ],
)
def test_what_compose_refuses_has_a_line(text: str, refused: tuple[int, str, str]) -> None:
    assert read(text)[1] == [refused]


def test_all_refusals_are_reported() -> None:
    variables, refused = read('A+=2\nB=1\nC D=2\nE="x')
    assert (variables, [line for line, _name, _why in refused]) == ({"B": "1"}, [1, 3, 4])


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ('PRICE=5$USD # net\nQUOTED="x"', {"PRICE": "5$USD # net", "QUOTED": '"x"'}),
        ("A= b \r\n#c\nX\nNO\n", {"A": " b ", "X": "out$X"}),
    ],
)
def test_a_raw_file_is_read(text: str, variables: dict[str, str]) -> None:
    assert read(text, "raw") == (variables, [])
