"""Generate the reference pages in `docs/` and the READMEs of the roles from their sources: `make docs`.

`docs/services.md` comes from the model's tables of keys and from `kinds/`, `docs/roles.md` and `roles/*/README.md` from
the roles' argument specs, `docs/policy.md` from the rules. A contract test checks that the committed pages are up to
date.
"""

from __future__ import annotations

from pathlib import Path

from scripts import reference_policy, reference_roles, reference_services

ROOT = Path(__file__).resolve().parents[1]


def pages() -> dict[str, str]:
    """Return the text of each page by its path in the checkout."""
    return {
        "docs/services.md": reference_services.page(ROOT / "kinds"),
        "docs/roles.md": reference_roles.page(ROOT / "roles"),
        "docs/policy.md": reference_policy.page(),
        **{f"roles/{name}": text for name, text in reference_roles.readmes(ROOT / "roles").items()},
    }


def main() -> None:
    """Write the pages that changed, and print their names."""
    for name, text in pages().items():
        path = ROOT / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")


if __name__ == "__main__":
    main()
