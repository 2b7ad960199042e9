"""The world that plans are applied to: an HTTP server in a process of its own.

`PUT /items/NAME` has an effect each time it is called, and every effect is remembered, so
that doing something twice cannot be hidden. Run: python -m tests.kill.world.
"""

from __future__ import annotations

import json
import random
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

EFFECTS: list[str] = []
RANDOM = random.Random(7)


class World(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/effects":
            self._answer(EFFECTS)
        else:
            self._answer({"there": self.path.rpartition("/")[2] in EFFECTS})

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        time.sleep(RANDOM.uniform(0, 0.02))
        EFFECTS.append(self.path.rpartition("/")[2])
        time.sleep(RANDOM.uniform(0, 0.02))
        self._answer({"ok": True})

    def _answer(self, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that was killed is nothing to report."""


if __name__ == "__main__":
    server = Quiet(("127.0.0.1", 0), World)
    sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
