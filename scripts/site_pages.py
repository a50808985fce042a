"""Pages of the documentation site that are not in docs/: README, CONTRIBUTING, SECURITY. mkdocs calls this module."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
#: By path in the checkout, the page of the site.
PAGES = {f"{name}.md": f"{name.lower()}.md" for name in ("README", "CONTRIBUTING", "SECURITY")}


def on_files(files: Any, config: Any, **_: Any) -> Any:
    """Add the pages, with links as they are from docs/."""
    # Only the environment of the site has it.
    from mkdocs.structure.files import File

    for source, page in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=_from_docs(text)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Let links from docs/ to these files lead to the pages."""
    for source, page in PAGES.items():
        markdown = markdown.replace(f"](../{source}", f"]({page}")
    return markdown


def _from_docs(text: str) -> str:
    text = re.sub(r"\]\(docs/", "](", text)
    for source, page in PAGES.items():
        text = text.replace(f"]({source}", f"]({page}")
    return text
