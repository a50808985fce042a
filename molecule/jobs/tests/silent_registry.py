"""A registry that answers as another one does, and goes silent at every layer.

Arguments: the address to listen at, and the URL of the other registry. It runs on the server.
"""

from __future__ import annotations

import http.server
import sys
import time
import urllib.error
import urllib.request

#: Smaller blobs are configurations of images. The engine reads them when it asks for a digest, too.
_MIN_LAYER_BYTES = 100_000


class _Handler(http.server.BaseHTTPRequestHandler):
    upstream = ""

    def do_GET(self) -> None:
        """Answer as the other registry does, but not with a layer."""
        headers = {"Accept": ", ".join(self.headers.get_all("Accept", ["*/*"]))}
        request = urllib.request.Request(self.upstream + self.path, headers=headers, method=self.command)
        try:
            answer = urllib.request.urlopen(request, timeout=10)
        except urllib.error.HTTPError as error:
            answer = error
        body = answer.read()
        if "/blobs/" in self.path and len(body) >= _MIN_LAYER_BYTES:
            time.sleep(3600)
        self.send_response(answer.status)
        for name in ("Content-Type", "Docker-Content-Digest", "Docker-Distribution-Api-Version", "Content-Length"):
            if answer.headers.get(name):
                self.send_header(name, answer.headers[name])
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self) -> None:
        """Answer as for GET."""
        self.do_GET()


_host, _colon, _port = sys.argv[1].partition(":")
_Handler.upstream = sys.argv[2]
http.server.ThreadingHTTPServer((_host, int(_port)), _Handler).serve_forever()
