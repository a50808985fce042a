"""A registry that answers with the manifests of another one, and goes silent at every layer.

Arguments: the address to listen at, and the URL of the other registry. It runs on the server.
"""

from __future__ import annotations

import http.server
import sys
import time
import urllib.error
import urllib.request


class _Handler(http.server.BaseHTTPRequestHandler):
    upstream = ""

    def do_GET(self) -> None:
        """Answer as the other registry does, but not with a layer."""
        if "/blobs/" in self.path:
            time.sleep(3600)
        headers = {"Accept": ", ".join(self.headers.get_all("Accept", ["*/*"]))}
        request = urllib.request.Request(self.upstream + self.path, headers=headers, method=self.command)
        try:
            answer = urllib.request.urlopen(request, timeout=10)
        except urllib.error.HTTPError as error:
            answer = error
        body = answer.read()
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
