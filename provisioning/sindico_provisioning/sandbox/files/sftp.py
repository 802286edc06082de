"""SFTP by asyncssh, over the folder that FTP serves too."""

from pathlib import Path

import asyncssh

HOST_KEY_FILE = "sandbox-host-key"


async def open_sftp(
    folder: Path, *, keys: Path, host: str, port: int, user: str, password: str
) -> asyncssh.SSHAcceptor:
    """Listen; the host key is kept in `keys`, so that its fingerprint stays the same."""

    class _Login(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:  # noqa: ARG002 (asyncssh's interface)
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, given: str) -> bool:
            return (username, given) == (user, password)

    class _Files(asyncssh.SFTPServer):
        def __init__(self, channel: asyncssh.SSHServerChannel[bytes]) -> None:
            super().__init__(channel, chroot=str(folder).encode())

    return await asyncssh.listen(
        host,
        port,
        server_factory=_Login,
        server_host_keys=[_ensure_key(keys / HOST_KEY_FILE)],
        sftp_factory=_Files,
        allow_scp=False,
    )


def _ensure_key(path: Path) -> asyncssh.SSHKey:
    if not path.exists():
        path.touch(mode=0o600)
        asyncssh.generate_private_key("ssh-ed25519").write_private_key(path)
    return asyncssh.read_private_key(path)
