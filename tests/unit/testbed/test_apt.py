from __future__ import annotations

import pytest

from testbed import apt

DEB822 = """\
Types: deb
# an old snapshot
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb deb-src
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Architectures: amd64 arm64
"""
ONE_LINE = """\
# deb http://old.example/debian bookworm main
deb http://mirror.example/debian bookworm main contrib # the main one
deb [arch=amd64 signed-by=/k.gpg] https://mirror.example/security bookworm-security main
deb-src http://mirror.example/debian bookworm main
deb malformed
"""


def test_deb822_entry_keeps_mirror_suites_and_key() -> None:
    first, second = apt.parse_deb822(DEB822)
    assert first == apt.Source(
        "http://mirror.example/debian",
        ("bookworm", "bookworm-updates"),
        ("main", "contrib"),
        {"signed-by": "/usr/share/keyrings/debian-archive-keyring.gpg"},
    )
    assert second.options == {"arch": "amd64,arm64"}


def test_one_line_entries_without_comments_and_sources() -> None:
    first, second = apt.parse_one_line(ONE_LINE)
    assert first == apt.Source("http://mirror.example/debian", ("bookworm",), ("main", "contrib"))
    assert second.options == {"arch": "amd64", "signed-by": "/k.gpg"}


@pytest.mark.parametrize("extra", ["Enabled: no\n", "Enabled: FALSE\n"])
def test_disabled_stanza_is_no_source(extra: str) -> None:
    assert apt.parse_deb822("Types: deb\nURIs: http://m\nSuites: trixie\nComponents: main\n" + extra) == []


def test_source_only_stanza_is_no_source() -> None:
    assert apt.parse_deb822("Types: deb-src\nURIs: http://m\nSuites: trixie\nComponents: main\n") == []


def test_several_uris_are_several_sources() -> None:
    found = apt.parse_deb822("Types: deb\nURIs: http://one http://two\nSuites: trixie\nComponents: main\n")
    assert [source.uri for source in found] == ["http://one", "http://two"]


def test_inline_key_is_left_out() -> None:
    key = " -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINB\n -----END PGP PUBLIC KEY BLOCK-----\n"
    (source,) = apt.parse_deb822(f"Types: deb\nURIs: http://m\nSuites: trixie\nComponents: main\nSigned-By:\n{key}")
    assert source.options == {}
    assert source.components == ("main",)


def test_file_names_tell_the_format() -> None:
    found = apt.parse({"b.sources": DEB822, "a.list": "deb http://first.example/debian trixie main\n"})
    assert [source.uri for source in found][:2] == ["http://first.example/debian", "http://mirror.example/debian"]


def test_serving_reduces_to_the_suite_and_main() -> None:
    source = apt.serving(apt.parse_deb822(DEB822), "bookworm")
    assert source is not None
    assert (source.suites, source.components) == (("bookworm",), ("main",))
    assert apt.serving(apt.parse_deb822(DEB822), "trixie") is None


def test_serving_passes_by_sources_without_main() -> None:
    vendor = apt.Source("http://vendor.example", ("trixie",), ("stable",))
    debian = apt.Source("http://mirror.example", ("trixie",), ("main",))
    assert apt.serving([vendor, debian], "trixie") == debian


def test_another_suite_keeps_the_mirror_and_takes_options() -> None:
    source = apt.Source("http://mirror.example/debian", ("bookworm",), ("main",), {"signed-by": "/k.gpg"})
    assert source.for_suite("trixie").one_line() == ["deb [signed-by=/k.gpg] http://mirror.example/debian trixie main"]
    stale = source.without_keyring().for_suite("forky", check_valid_until="no")
    assert stale.one_line() == ["deb [check-valid-until=no] http://mirror.example/debian forky main"]
    assert source.without_keyring().for_suite("trixie").one_line() == ["deb http://mirror.example/debian trixie main"]


def test_derived_lines_parse_back() -> None:
    source = apt.parse_deb822(DEB822)[1].for_suite("trixie-security")
    assert apt.parse_one_line("\n".join(source.one_line())) == [source]


def test_pins_take_only_the_named_packages_from_the_other_suite() -> None:
    assert apt.pins("trixie", ["docker.io", "docker-cli"]) == (
        "Package: *\nPin: release n=trixie\nPin-Priority: 100\n\n"
        "Package: docker.io docker-cli\nPin: release n=trixie\nPin-Priority: 990\n"
    )
    assert apt.pins("trixie", ["systemd"], rank=1001).endswith("systemd\nPin: release n=trixie\nPin-Priority: 1001\n")
