"""A file server to try FTP settings on: FTP, FTPS and SFTP over one folder."""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from sindico_provisioning.sandbox.certificates import Certificates
from sindico_provisioning.sandbox.files.ftp import FtpServer
from sindico_provisioning.sandbox.files.sftp import open_sftp

USER = "arquivos"
FOLDER = "documentos"


class FileSandbox:
    """Use as an async context manager; `facts` are there once it has started.

    Args:
        directory: keeps the files, the certificate authority and the host key for the next start;
            a temporary one if not given.
        ports: ``ftp`` (FTP and FTPS) and ``sftp``; those absent take free ones.
    """

    def __init__(
        self,
        *,
        directory: Path | None = None,
        host: str = "127.0.0.1",
        ports: dict[str, int] | None = None,
        password: str = "sandbox-arquivos",  # noqa: S107 (opens nothing but a scratch folder)
    ) -> None:
        self.user, self.password = USER, password
        self.ports: dict[str, int] = {}
        self._directory, self._host, self._wanted = directory, host, ports or {}
        self._stack = ExitStack()

    async def __aenter__(self) -> Self:
        directory = self._directory or Path(
            self._stack.enter_context(TemporaryDirectory(prefix="sindico-sandbox-"))
        )
        self.folder = directory / "files"
        (self.folder / FOLDER).mkdir(parents=True, exist_ok=True)
        certificates = Certificates(directory, self._host)
        self.ca_pem = certificates.ca_pem
        ftp = FtpServer(
            self.folder,
            host=self._host,
            port=self._wanted.get("ftp", 0),
            user=self.user,
            password=self.password,
            certificate=certificates.write_certificate(directory),
        )
        self._stack.enter_context(ftp)
        self._sftp = await open_sftp(
            self.folder,
            keys=directory,
            host=self._host,
            port=self._wanted.get("sftp", 0),
            user=self.user,
            password=self.password,
        )
        self.ports = {"ftp": ftp.port, "sftp": self._sftp.get_port()}
        return self

    async def __aexit__(self, *_: object) -> None:
        self._sftp.close()
        await self._sftp.wait_closed()
        self._stack.close()

    @property
    def facts(self) -> dict[str, str]:
        """What a person or a program needs to try it."""
        return {
            "host": self._host,
            "port_ftp": str(self.ports["ftp"]),
            "port_sftp": str(self.ports["sftp"]),
            "folder": f"/{FOLDER}",
            "user": self.user,
            "password": self.password,
            "directory": str(self.folder.resolve()),
        }
