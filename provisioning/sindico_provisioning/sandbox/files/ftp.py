"""FTP and explicit FTPS on one port, by pyftpdlib in a thread of its own."""

import logging
import threading
from pathlib import Path
from typing import Any, Self

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

_ALL_RIGHTS = "elradfmwMT"
_POLL_SECONDS = 0.1


class FtpServer:
    """Serves one folder to one user; whoever asks for TLS gets it.

    Args:
        certificate: PEM file with the certificate's chain and its key.
    """

    def __init__(
        self, folder: Path, *, host: str, port: int, user: str, password: str, certificate: Path
    ) -> None:
        logging.getLogger("pyftpdlib").setLevel(logging.WARNING)
        authorizer: Any = DummyAuthorizer()
        authorizer.add_user(user, password, str(folder), perm=_ALL_RIGHTS)
        handler = type(
            "Handler",
            (TLS_FTPHandler,),
            {"authorizer": authorizer, "certfile": str(certificate), "banner": "Sandbox FTP"},
        )
        self._loop: Any = IOLoop()
        self._server: Any = FTPServer((host, port), handler, ioloop=self._loop)
        self.port: int = self._server.socket.getsockname()[1]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="sandbox-ftp", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            self._loop.loop(timeout=_POLL_SECONDS, blocking=False)
        self._server.close_all()
