"""An authentication server for Postfix, speaking Dovecot's protocol over a Unix socket.

Protocol: https://doc.dovecot.org/main/developers/design/auth_protocol.html
"""

import base64
import socketserver
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self

HELLO = (
    "VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\nMECH\tXOAUTH2\nSPID\t1\n"
    "CUID\t1\nCOOKIE\t0123456789abcdef0123456789abcdef\nDONE\n"
)
QUESTIONS = ("Username:", "Password:")


class AuthServer:
    """Knows one user, by password and by access token.

    Args:
        refusals: users who are never let in, with what they are told.
    """

    def __init__(
        self,
        path: Path,
        *,
        user: str,
        password: str,
        access_token: str,
        refusals: Mapping[str, str],
    ) -> None:
        self.user, self.password, self.access_token = user, password, access_token
        self._refusals = refusals
        self._server = _Sockets(str(path), _Conversation)
        self._server.knows = self
        path.chmod(0o666)  # Postfix asks as a user of its own
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def accepts(self, mechanism: str, answers: list[str]) -> bool:
        """Whether what was given is right.

        Args:
            mechanism: as SASL names it.
            answers: what the client sent, one text per step.
        """
        match mechanism:
            case "PLAIN":
                return answers[0].split("\0")[-2:] == [self.user, self.password]
            case "LOGIN":
                return answers == [self.user, self.password]
            case _:
                return answers[0] == f"user={self.user}\1auth=Bearer {self.access_token}\1\1"

    def reason(self, answers: list[str]) -> str:
        """Why who gave these answers is not let in."""
        given = "\0".join(answers).split("\0")
        return next((self._refusals[user] for user in given if user in self._refusals), "wrong")


class _Sockets(socketserver.ThreadingUnixStreamServer):
    knows: AuthServer
    daemon_threads = True


class _Conversation(socketserver.StreamRequestHandler):
    server: _Sockets

    def handle(self) -> None:
        self._say(HELLO)
        asked: dict[str, tuple[str, list[str]]] = {}
        for line in self.rfile:
            command, *fields = line.decode().rstrip("\n").split("\t")
            if command == "AUTH":
                answers = [value[5:] for value in fields if value.startswith("resp=")]
                asked[fields[0]] = (fields[1], [*map(_decode, answers)])
            elif command == "CONT":
                asked[fields[0]][1].append(_decode(fields[1]))
            else:
                continue
            self._answer(fields[0], *asked[fields[0]])

    def _answer(self, number: str, mechanism: str, answers: list[str]) -> None:
        wanted = 2 if mechanism == "LOGIN" else 1
        if len(answers) < wanted:
            question = QUESTIONS[len(answers)] if mechanism == "LOGIN" else ""
            self._say(f"CONT\t{number}\t{base64.b64encode(question.encode()).decode()}\n")
        elif self.server.knows.accepts(mechanism, answers):
            self._say(f"OK\t{number}\tuser={self.server.knows.user}\n")
        else:
            self._say(f"FAIL\t{number}\treason={self.server.knows.reason(answers)}\n")

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode())


def _decode(text: str) -> str:
    return base64.b64decode(text).decode()
