"""The program that answers in the container of a probe: it returns what it was sent, after the name of its host.

Place in the pipeline: target, started by ``probe``. A request is its length in eight bytes and as many bytes; an answer
is the same, with the name and a line end before the bytes of the request. The program ends by itself, so that nothing
stays if nobody removes its container.
"""

from __future__ import annotations

PORT = 7890
#: Seconds until it ends by itself.
LIFETIME = 180

#: Arguments: the name of the host, the port and the lifetime in seconds. The kernel does not end the first process of a
#: container because of a signal that it does not handle.
PROGRAM = """
import os, signal, socketserver, sys
signal.signal(signal.SIGALRM, lambda *received: os._exit(0))
signal.alarm(int(sys.argv[3]))
class Answer(socketserver.StreamRequestHandler):
    timeout = 30
    def handle(self):
        while True:
            length = int.from_bytes(self.rfile.read(8), "big")
            if not 0 < length <= 1 << 20:
                return
            body = sys.argv[1].encode() + b"\\n" + self.rfile.read(length)
            self.wfile.write(len(body).to_bytes(8, "big") + body)
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
Server(("", int(sys.argv[2])), Answer).serve_forever()
"""
