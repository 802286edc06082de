"""A mail server to try SMTP settings on: three ways in, one account, and what arrived."""

import asyncio
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from sindico_provisioning.sandbox.certificates import Certificates
from sindico_provisioning.sandbox.faults import FaultScript
from sindico_provisioning.sandbox.mail.doors import Account, Door, open_door
from sindico_provisioning.sandbox.mail.inbox import Inbox
from sindico_provisioning.sandbox.mail.web import MailPages
from sindico_provisioning.sandbox.server import SandboxServer

USER = "correio@sandbox.example"


class MailSandbox:
    """Use as an async context manager; `facts` are there once it has started.

    Args:
        directory: keeps the mails and the certificate authority for the next start; a temporary
            one if not given.
        ports: of the doors and, under ``web``, of the page; those absent take free ones.
    """

    def __init__(
        self,
        *,
        directory: Path | None = None,
        host: str = "127.0.0.1",
        ports: dict[str, int] | None = None,
        password: str = "sandbox-correio",  # noqa: S107 (opens nothing but made-up mail)
    ) -> None:
        self.account = Account(user=USER, password=password)
        self.ports: dict[str, int] = {}
        self._directory, self._host, self._wanted = directory, host, ports or {}
        self._servers: list[asyncio.Server] = []
        self._stack = ExitStack()

    async def __aenter__(self) -> Self:
        directory = self._directory or Path(
            self._stack.enter_context(TemporaryDirectory(prefix="sindico-sandbox-"))
        )
        certificates = Certificates(directory, self._host)
        self.ca_pem = certificates.ca_pem
        self.inbox = Inbox(directory / "mail")
        tls = certificates.server_context(FaultScript())
        for door in Door:
            server = await open_door(
                door,
                host=self._host,
                port=self._wanted.get(door, 0),
                tls=tls,
                account=self.account,
                inbox=self.inbox,
            )
            self._servers.append(server)
            self.ports[door] = server.sockets[0].getsockname()[1]
        self._web = SandboxServer(MailPages(self.inbox, self._shown()).respond, None, FaultScript())
        self.ports["web"] = await self._web.start(self._host, self._wanted.get("web", 0))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._web.stop()
        for server in self._servers:
            server.close()
            await server.wait_closed()
        self._stack.close()

    @property
    def web_url(self) -> str:
        return f"http://{self._host}:{self.ports['web']}/"

    @property
    def facts(self) -> dict[str, str]:
        """What a person or a program needs to try it."""
        return {
            "host": self._host,
            **{f"port_{door}": str(self.ports[door]) for door in Door},
            "user": self.account.user,
            "password": self.account.password,
            "web_url": self.web_url,
        }

    def _shown(self) -> dict[str, str]:
        return {
            "Endereço SMTP": self._host,
            "TLS (STARTTLS)": f"porta {self.ports[Door.STARTTLS]}, com usuário e senha",
            "SSL": f"porta {self.ports[Door.SSL]}, com usuário e senha",
            "Sem criptografia": f"porta {self.ports[Door.OPEN]}, sem autenticação",
            "Usuário": self.account.user,
            "E-mail de envio": f"qualquer endereço @{self.account.domain}",
        }
