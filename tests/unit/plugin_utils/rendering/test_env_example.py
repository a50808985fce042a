"""`.env.example` explains every variable of a release's `.env`."""

from __future__ import annotations

import re

from tests.support.descriptions import example, parcel


def _documented(text: str) -> dict[str, str]:
    """Return the comment above each variable; fail if a variable has none."""
    found: dict[str, str] = {}
    comment: list[str] = []
    for line in text.splitlines():
        if line.startswith("#"):
            comment.append(line.removeprefix("#").strip())
        else:
            assert comment, f"{line} has no comment"
            found[line.split("=")[0]] = " ".join(comment)
            comment = []
    return found


def test_every_variable_has_a_meaning_and_a_default() -> None:
    release = parcel(example())
    documented = _documented(release.files[".env.example"])
    written = re.findall(r"^([A-Z_0-9]+)=", release.files[".env"], re.MULTILINE)
    assert list(documented) == [*written, *(file["variable"] for file in release.secret_files)]
    assert all("efault: " in comment for comment in documented.values())
    assert "secrets/999/db_password.ADDRESS, which uid 999 reads" in documented["SECRET_DB_PASSWORD_999"]


def test_the_lines_fit_on_a_screen() -> None:
    comments = [line for line in parcel(example()).files[".env.example"].splitlines() if line.startswith("#")]
    assert max(map(len, comments)) <= 115


def test_it_contains_no_secret() -> None:
    release = parcel(example(), {"secret_key": "p4ss-w0rd"})
    assert "p4ss-w0rd" not in release.files[".env.example"]
