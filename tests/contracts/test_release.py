from __future__ import annotations

from tests.contracts.checkout import ROOT, load


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def test_galaxy_version_is_the_newest_release_or_the_next_one() -> None:
    """A version that is not in the changelog is newer than all versions there, and there are fragments for it."""
    galaxy = load(ROOT / "galaxy.yml")["version"]
    released = load(ROOT / "changelogs/changelog.yaml")["releases"]
    fragments = list((ROOT / "changelogs/fragments").glob("*.yml"))
    if galaxy in released:
        assert _version(galaxy) == max(map(_version, released))
    else:
        assert _version(galaxy) > max(map(_version, released), default=(0,))
        assert fragments
