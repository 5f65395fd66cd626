"""A camera on the local network: serves numbered JPEG pictures, and hangs up when told to."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2

from tests.realtime.sources.clips import numbered


class MjpegServer:
    """Serves `per_connection` pictures on each of `connections` connections, then answers 503.

    The number in the picture goes on counting from one connection to the next. From number `spoiled_from` on
    they are noise instead; `pause_s` lies between two.
    """

    def __init__(
        self, connections: int, per_connection: int, *, spoiled_from: int | None = None, pause_s: float = 0.0
    ) -> None:
        self._spoiled_from = spoiled_from
        self._pause_s = pause_s
        self.paths: list[str] = []
        self.authorizations: list[str | None] = []
        self._left = connections
        self._per_connection = per_connection
        self._next = 0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802
                owner.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                """Tests stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.paths.append(request.path)
        self.authorizations.append(request.headers.get("Authorization"))
        if self._left == 0:
            request.send_error(503)
            return
        self._left -= 1
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        request.end_headers()
        for _ in range(self._per_connection):
            try:
                self._send(request)
            except OSError:  # who asked has gone
                return
            time.sleep(self._pause_s)

    def _send(self, request: BaseHTTPRequestHandler) -> None:
        jpeg = cv2.imencode(".jpg", numbered(self._next))[1].tobytes()
        if self._spoiled_from is not None and self._next >= self._spoiled_from:
            jpeg = bytes(reversed(jpeg))
        self._next += 1
        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
        request.wfile.write(head.encode() + jpeg + b"\r\n")

    def __enter__(self) -> MjpegServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()
