"""Runs in the image `slipway/chromium`: open pages in a browser, and print what there was to see.

The argument is a JSON object: ``folder`` for screenshots, ``address`` of the edge, empty for files, and ``pages``: by
name, the URL. Each is opened at each width, in light and in dark. The result is a JSON array of :func:`_seen`.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

WIDTHS, SCHEMES = (360, 1280), ("light", "dark")
#: What the browser itself says of every answer that is an error.
_STATUS = "Failed to load resource: the server responded with a status of"
#: Colors, sizes in pixels, and whether something is cut off or lies outside of the window.
_MEASURE = """() => {
  const style = element => getComputedStyle(element)
  const shown = [...document.body.querySelectorAll('*')].filter(one => one.innerText?.trim())
  return {
    title: document.title, text: document.body.innerText, language: document.documentElement.lang,
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    outside: shown.filter(one => {
      const place = one.getBoundingClientRect()
      return place.left < 0 || place.right > innerWidth + 0.5
    }).map(one => one.tagName),
    smallest: Math.min(...shown.map(one => parseFloat(style(one).fontSize))),
    ink: style(document.body).color.match(/[0-9.]+/g).map(Number),
  }
}"""
#: The color of one corner of a picture, which is that of the paper. A page's own policy may forbid it this.
_CORNER = """async source => {
  const picture = await createImageBitmap(await (await fetch(source)).blob())
  const canvas = document.createElement('canvas').getContext('2d')
  canvas.drawImage(picture, 0, 0)
  return [...canvas.getImageData(1, 1, 1, 1).data].slice(0, 3)
}"""


def _seen(browser: Browser, name: str, url: str, width: int, scheme: Any, folder: str) -> dict[str, Any]:
    """Return what a page looks like: what was asked for, what the console said, its measures, and what Axe found."""
    context = browser.new_context(
        viewport={"width": width, "height": 720}, color_scheme=scheme, ignore_https_errors=True
    )
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    response = page.goto(url, wait_until="networkidle")
    assert response is not None
    path = f"{folder}/{name}-{width}-{scheme}.png"
    picture = base64.b64encode(page.screenshot(path=path)).decode()
    measured: dict[str, Any] = page.evaluate(_MEASURE)
    measured["paper"] = context.new_page().evaluate(_CORNER, f"data:image/png;base64,{picture}")
    context.close()
    # The policy of a page forbids Axe, too.
    lenient = browser.new_context(
        viewport={"width": width, "height": 720}, color_scheme=scheme, ignore_https_errors=True, bypass_csp=True
    )
    checked = lenient.new_page()
    checked.goto(url, wait_until="networkidle")
    measured["barriers"] = [
        f"{found['id']}: {found['help']}: {[node['html'][:120] for node in found['nodes']][:3]}"
        for found in Axe().run(checked).response["violations"]
    ]
    lenient.close()
    said = [text for text in said if not text.startswith(_STATUS)]
    return {
        "name": name,
        "width": width,
        "scheme": scheme,
        "url": url,
        "status": response.status,
        "asked": asked,
        "said": said,
        **measured,
    }


def main(wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what all pages look like."""
    host = urlsplit(next(iter(wanted["pages"].values()))).hostname or "nobody"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", f"--host-resolver-rules=MAP {host} {wanted['address'] or '127.0.0.1'}"],
        )
        return [
            _seen(browser, name, url, width, scheme, wanted["folder"])
            for name, url in wanted["pages"].items()
            for width in WIDTHS
            for scheme in SCHEMES
        ]


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
