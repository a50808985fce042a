"""The collection's code for servers as one file that Python runs there without a controller.

Place in the pipeline: controller, for the role ``backup``. The same code gives the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

_PLUGINS = Path(__file__).parents[2]
_PACKAGE = "ansible_collections/slipway/stack/plugins/module_utils"
#: The first time that a zip file can hold.
_TIME = (1980, 1, 1, 0, 0, 0)


def pack(module: str) -> bytes:
    """Return a program that calls ``main`` of a module of ``module_utils``, such as ``backup.program``."""
    texts = {"__main__.py": f"import sys\nfrom {_PACKAGE.replace('/', '.')}.{module} import main\n\nsys.exit(main())\n"}
    parts = _PACKAGE.split("/")
    texts |= {f"{'/'.join(parts[:depth])}/__init__.py": "" for depth in range(1, len(parts) + 1)}
    for path in sorted((_PLUGINS / "module_utils").rglob("*.py")):
        texts[f"{_PACKAGE}/{path.relative_to(_PLUGINS / 'module_utils').as_posix()}"] = path.read_text(encoding="utf-8")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(zipfile.ZipInfo(name, _TIME), text, zipfile.ZIP_DEFLATED)
    return content.getvalue()
