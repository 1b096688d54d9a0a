"""A folder of files, served to browsers on this machine alone."""

from __future__ import annotations

import functools
import os
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

_HOST = "127.0.0.1"
_POLL = 0.1  # seconds until `close` is noticed


class LocalServer:
    """Serves a folder at a free port of 127.0.0.1, in a thread of its own, until it is closed.

    Args:
        folder: what is served.

    Attributes:
        address: of the folder, such as "http://127.0.0.1:41235/".
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        handler = functools.partial(_FileHandler, directory=os.fspath(folder))
        self._server = ThreadingHTTPServer((_HOST, 0), handler)
        self.address = f"http://{_HOST}:{self._server.server_port}/"
        self._thread = Thread(target=self._server.serve_forever, args=(_POLL,), daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait until another thread closes the server, or until Ctrl-C."""
        while self._thread.is_alive():
            self._thread.join(timeout=1.0)  # Without a limit, Ctrl-C does not end it on Windows.

    def close(self) -> None:
        """Answer no more requests."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _FileHandler(SimpleHTTPRequestHandler):
    """Answers requests for files. It logs nothing."""

    # The registry of Windows may have other types for these, with which a browser runs no script.
    extensions_map = {  # noqa: RUF012 - the base class has it as a plain attribute
        ".css": "text/css",
        ".html": "text/html",
        ".js": "text/javascript",
        ".json": "application/json",
        ".svg": "image/svg+xml",
        "": "application/octet-stream",
    }

    def send_head(self) -> Any:
        # A page of another site may give this address a name of its own, and then read the answers.
        port = self.connection.getsockname()[1]
        if self.headers.get("Host") not in (f"{_HOST}:{port}", f"localhost:{port}"):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        return super().send_head()

    def end_headers(self) -> None:
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - its name there
        pass
